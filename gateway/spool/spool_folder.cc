#include "gateway/spool/spool_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "gateway/spool/carve.h"

namespace sluice::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kSuffixes = {"", "-wal", "-shm"};

// A name is as durable as its folder.
absl::Status SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, folder);
  absl::Status status = ::fsync(fd) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, folder);
  ::close(fd);
  return status;
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  const fs::path parent = fs::path(folder).parent_path();
  fs::create_directories(parent, error);
  if (error) return absl::ErrnoToStatus(error.value(), parent.string());
  if (::mkdir(folder.c_str(), 0700) == 0) {
    if (absl::Status s = SyncFolder(parent); !s.ok()) return s;
  } else if (errno != EEXIST) {
    return absl::ErrnoToStatus(errno, folder);
  }
  if (::chmod(folder.c_str(), 0700) != 0) return absl::ErrnoToStatus(errno, folder);
  return absl::OkStatus();
}

// SQLite gives its log and shared memory the mode of the file.
absl::Status MakeFile(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::fchmod(fd, 0600) != 0) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    return absl::ErrnoToStatus(error, file);
  }
  ::close(fd);
  return SyncFolder(fs::path(file).parent_path());
}

uint64_t SizeOf(const std::string& file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  return error ? 0 : size;
}

// What can be read of one file into a new one, which is complete when this returns.
absl::StatusOr<uint64_t> CopyReadable(const std::string& damaged, const std::string& copy) {
  if (absl::Status s = MakeFile(copy); !s.ok()) return s;
  absl::StatusOr<SpoolFile> to = SpoolFile::Open(copy, Database::Mode::kCreate);
  if (!to.ok()) return to.status();
  if (absl::Status s = to->Begin(); !s.ok()) return s;
  uint64_t records = 0;
  absl::Status status;
  CarveRows(damaged, [&](const StoredBatch& batch) {
    if (status.ok()) status = to->Insert(batch);
    if (status.ok() && batch.settled.count() > 0)
      status = to->SaveSettled(batch.key, batch.settled);
    records += batch.records.count() - batch.settled.count();
  });
  if (!status.ok()) return status;
  if (absl::Status s = to->Commit(); !s.ok()) return s;
  return records;
}

bool Exists(const std::string& file) {
  std::error_code error;
  return fs::exists(file, error);
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, from);
}

// Also what SQLite keeps beside it.
absl::Status RenameAll(const std::string& from, const std::string& to) {
  for (const char* const suffix : kSuffixes) {
    if (!Exists(from + suffix)) continue;
    if (absl::Status s = Rename(from + suffix, to + suffix); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// A complete copy of what can be read of a file that is to become damaged-N.db: replacement-N.db.
constexpr std::string_view kReplacement = "replacement-";

std::string DamagedIn(const std::string& folder, int number) {
  return fmt::format("{}/damaged-{}.db", folder, number);
}

// 0: it is none.
int NumberOfReplacement(std::string_view name) {
  if (!name.starts_with(kReplacement) || !name.ends_with(".db")) return 0;
  name.remove_prefix(kReplacement.size());
  name.remove_suffix(3);
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() && number > 0 ? number : 0;
}

void RemoveAll(const std::string& file) {
  for (const char* const suffix : kSuffixes) ::unlink((file + suffix).c_str());
}

}  // namespace

absl::StatusOr<SpoolFolder> SpoolFolder::Claim(const std::string& folder) {
  if (absl::Status s = MakeFolder(folder); !s.ok()) return s;
  const std::string path = folder + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return absl::ErrnoToStatus(errno, path);
  SpoolFolder claimed(folder, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, path);
    return absl::FailedPreconditionError(
        fmt::format("{}: another process has this spool; stop it, or give this one another "
                    "gateway.state",
                    folder));
  }
  return claimed;
}

SpoolFolder::SpoolFolder(SpoolFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

SpoolFolder::~SpoolFolder() {
  if (lock_ >= 0) ::close(lock_);
}

void Contents::Add(const BatchHead& head) {
  const auto priority = static_cast<size_t>(PriorityOf(head.key));
  if (priority >= rows.size()) return;
  records += head.records;
  last_keys[priority] = head.key;
  ++rows[priority];
}

absl::StatusOr<SpoolFile> SpoolFolder::OpenAndWalk(Contents* contents) const {
  *contents = {};
  // SQLite would throw a log away whose file is gone.
  if (SizeOf(file()) == 0 && SizeOf(file() + "-wal") > 0)
    return absl::DataLossError("spool.db is gone, its log is there");
  if (LogIsCutShort(file())) return absl::DataLossError("spool.db-wal is damaged in its middle");
  if (absl::Status s = MakeFile(file()); !s.ok()) return s;
  absl::StatusOr<SpoolFile> opened = SpoolFile::Open(file(), Database::Mode::kCreate);
  if (!opened.ok()) return opened;
  const auto add = [contents](const BatchHead& head) { contents->Add(head); };
  if (absl::Status s = opened->Walk(add); !s.ok()) return s;
  return opened;
}

absl::StatusOr<SpoolFile> SpoolFolder::Open(Contents* contents, Salvage* salvage,
                                            bool is_torn) const {
  const absl::StatusOr<std::string> ended = FinishReplacing();
  if (!ended.ok()) return ended.status();
  if (!ended->empty()) {
    *salvage = {*ended, "it was being replaced when that was cut short", 0};
  } else if (is_torn) {
    salvage->damage = "pages of a row are torn";
    if (absl::Status s = Replace(salvage); !s.ok()) return s;
  }
  absl::StatusOr<SpoolFile> opened = OpenAndWalk(contents);
  if (opened.status().code() == absl::StatusCode::kDataLoss) {
    salvage->damage = std::string(opened.status().message());
    if (absl::Status s = Replace(salvage); !s.ok()) return s;
    opened = OpenAndWalk(contents);
  }
  if (opened.ok() && !salvage->set_aside.empty()) salvage->records = contents->records;
  return opened;
}

// The copy gets the name that says it is complete, and where the damaged file goes: damaged-1.db or
// the first free number. From then on whoever opens the folder ends what was begun.
absl::Status SpoolFolder::Replace(Salvage* salvage) const {
  const std::string copy = path_ + "/salvaged.db";
  RemoveAll(copy);
  const absl::StatusOr<uint64_t> copied = CopyReadable(file(), copy);
  if (!copied.ok()) return copied.status();
  // Closing it empties its log, which stays where that failed.
  if (SizeOf(copy + "-wal") > 0)
    return absl::UnavailableError(fmt::format("{}: could not be written as a whole", copy));
  int number = 1;
  while (Exists(DamagedIn(path_, number)) || Exists(DamagedIn(path_, number) + "-wal")) ++number;
  salvage->set_aside = DamagedIn(path_, number);
  if (absl::Status s = Rename(copy, fmt::format("{}/{}{}.db", path_, kReplacement, number));
      !s.ok())
    return s;
  if (absl::Status s = SyncFolder(path_); !s.ok()) return s;
  return FinishReplacing().status();
}

// The damaged file goes with its log: beside another file, SQLite would take the log for that
// one's. The complete copy keeps its name until both are gone.
absl::StatusOr<std::string> SpoolFolder::FinishReplacing() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    const int number = NumberOfReplacement(name);
    if (number == 0) continue;
    if (absl::Status s = RenameAll(file(), DamagedIn(path_, number)); !s.ok()) return s;
    if (absl::Status s = SyncFolder(path_); !s.ok()) return s;
    if (absl::Status s = Rename(entry.path().string(), file()); !s.ok()) return s;
    if (absl::Status s = SyncFolder(path_); !s.ok()) return s;
    return DamagedIn(path_, number);
  }
  if (error) return absl::ErrnoToStatus(error.value(), path_);
  return std::string();
}

uint64_t FreeBytes(const std::string& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) return std::numeric_limits<uint64_t>::max();
  return uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace sluice::spool
