// sluice spool: what waits on the disk, as a table, as message lines, or checked. Reads only, also
// while a gateway writes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "filters/utc/rfc3339.h"
#include "gateway/commands/commands.h"
#include "gateway/pipeline/record_line.h"
#include "gateway/spool/spool_file.h"
#include "gateway/spool/spool_folder.h"

namespace sluice::commands {
namespace {

namespace fs = std::filesystem;

struct Spool {
  std::string output;  // its name, that of the folder
  std::string folder;
};

bool IsSpool(const fs::path& folder) {
  std::error_code error;
  return fs::exists(spool::SpoolFolder::FileIn(folder.string()), error);
}

// DIR is a spool, or holds some: gateway.state, or its folder spool.
std::vector<Spool> FindSpools(const std::string& dir) {
  std::vector<Spool> found;
  const auto add = [&found](const fs::path& folder) {
    if (IsSpool(folder))
      found.push_back({fs::weakly_canonical(folder).filename().string(), folder.string()});
  };
  add(dir);
  std::error_code error;
  for (const fs::path& root : {fs::path(dir), fs::path(dir) / "spool"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) add(entry.path());
  }
  std::sort(found.begin(), found.end(),
            [](const Spool& a, const Spool& b) { return a.output < b.output; });
  return found;
}

int Complain(const std::string& where, const std::string& what) {
  fmt::print(stderr, "sluice spool: {}: {}\n", where, what);
  return kExitNo;
}

// Runs `each` on every spool of DIR; the worst of what they return.
int ForEach(const std::string& dir,
            const std::function<int(const Spool&, spool::SpoolFile&)>& each) {
  const std::vector<Spool> spools = FindSpools(dir);
  if (spools.empty()) {
    return Complain(dir,
                    "holds no spool; want gateway.state of the configuration, or "
                    "gateway.state/spool/OUTPUT");
  }
  int worst = kExitFine;
  for (const Spool& spool : spools) {
    absl::StatusOr<spool::SpoolFile> file = spool::SpoolFile::Open(
        spool::SpoolFolder::FileIn(spool.folder), spool::Database::Mode::kReadOnly);
    const int code = file.ok() ? each(spool, *file)
                               : Complain(spool.folder, std::string(file.status().message()));
    worst = std::max(worst, code);
  }
  return worst;
}

// "3 d 4 h", of the two largest units.
std::string Age(int64_t seconds) {
  if (seconds < 0) return "0 s";
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

std::string Size(uint64_t bytes) {
  if (bytes < 10 << 10) return fmt::format("{} B", bytes);
  if (bytes < 10 << 20) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / (1 << 10));
  if (bytes < uint64_t{10} << 30)
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
}

std::string Time(int64_t us) {
  std::string text;
  utc::AppendRfc3339(us, &text);
  return text;
}

struct Sum {
  uint64_t records = 0;
  uint64_t bytes = 0;
  int64_t oldest_us = 0;

  void Add(const spool::BatchHead& head) {
    if (head.records == 0) return;
    records += head.records;
    bytes += head.bytes;
    oldest_us = oldest_us == 0 ? head.time_us : std::min(oldest_us, head.time_us);
  }
};

// Files that a gateway set aside because they were damaged.
std::vector<std::string> SetAside(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("damaged-") && name.ends_with(".db")) names.push_back(entry.path());
  }
  std::sort(names.begin(), names.end());
  return names;
}

int InspectOne(const Spool& spool, spool::SpoolFile& file) {
  std::array<Sum, spool::kPriorities> sums;
  const absl::Status walked = file.Walk([&sums](const spool::BatchHead& head) {
    const int priority = spool::PriorityOf(head.key);
    if (priority < 0 || priority >= spool::kPriorities) return;
    sums[static_cast<size_t>(priority)].Add(head);
  });
  if (!walked.ok()) {
    return Complain(spool.folder, std::string(walked.message()) +
                                      "; when a gateway starts on it, it saves what can be read");
  }
  const int64_t now = std::time(nullptr);
  Sum all;
  for (const Sum& sum : sums) {
    all.records += sum.records;
    all.bytes += sum.bytes;
    if (sum.oldest_us != 0)
      all.oldest_us = all.oldest_us == 0 ? sum.oldest_us : std::min(all.oldest_us, sum.oldest_us);
  }
  fmt::print("{}: {}\n", spool.output, spool.folder);
  if (all.records == 0) {
    fmt::print("  empty\n");
  } else {
    fmt::print("  {} messages, {}; the oldest came {} ({} ago)\n", all.records, Size(all.bytes),
               Time(all.oldest_us), Age(now - all.oldest_us / 1'000'000));
    fmt::print("  {:>8}  {:>12}  {:>12}  oldest\n", "priority", "messages", "bytes");
    for (size_t p = 0; p < sums.size(); ++p) {
      if (sums[p].records == 0) continue;
      fmt::print("  {:>8}  {:>12}  {:>12}  {}\n", p, sums[p].records, Size(sums[p].bytes),
                 Time(sums[p].oldest_us));
    }
  }
  const absl::StatusOr<int64_t> used = file.UsedBytes();
  const absl::StatusOr<int64_t> size = file.FileBytes();
  if (used.ok() && size.ok()) {
    fmt::print("  on the disk: {} in use of a file of {}\n", Size(static_cast<uint64_t>(*used)),
               Size(static_cast<uint64_t>(*size)));
  }
  const absl::StatusOr<int64_t> damaged = file.DamagedRows();
  if (damaged.ok() && *damaged > 0)
    fmt::print("  damaged rows set aside in the file: {}\n", *damaged);
  for (const std::string& name : SetAside(spool.folder))
    fmt::print("  a damaged file set aside: {}\n", name);
  return kExitFine;
}

// Runs `visit` on every row, in the order in which they would be sent. Counts those that are
// damaged.
absl::Status ReadRows(spool::SpoolFile& file, uint64_t* damaged,
                      const std::function<void(const spool::StoredBatch&)>& visit) {
  int64_t next = 0;
  for (;;) {
    spool::StoredBatch batch;
    const absl::StatusOr<spool::SpoolFile::Read> read =
        file.Next(next, spool::FirstKey(spool::kPriorities), &batch);
    if (!read.ok()) return read.status();
    if (*read == spool::SpoolFile::Read::kNone) return absl::OkStatus();
    next = batch.key + 1;
    if (*read == spool::SpoolFile::Read::kDamaged) {
      ++*damaged;
    } else {
      visit(batch);
    }
  }
}

int ExportOne(const Spool& spool, spool::SpoolFile& file) {
  pipeline::RecordLineWriter writer("", spool.output);
  spool::RecordReader reader;
  std::string lines;
  uint64_t damaged = 0;
  const absl::Status status = ReadRows(file, &damaged, [&](const spool::StoredBatch& batch) {
    size_t offset = 0;
    for (size_t i = 0; i < batch.records.count(); ++i) {
      const spool::RecordView& record = reader.Read(batch.records, offset, &offset, batch.epoch);
      if (!batch.settled.Has(i)) writer.Append(record, &lines);
    }
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    lines.clear();
  });
  if (!status.ok()) return Complain(spool.folder, std::string(status.message()));
  if (damaged == 0) return kExitFine;
  return Complain(spool.folder, fmt::format("{} rows are damaged and left out", damaged));
}

int VerifyOne(const Spool& spool, spool::SpoolFile& file) {
  if (absl::Status s = file.CheckStructure(); !s.ok())
    return Complain(spool.folder, "the file is damaged: " + std::string(s.message()));
  uint64_t damaged = 0;
  uint64_t rows = 0;
  uint64_t records = 0;
  const absl::Status status = ReadRows(file, &damaged, [&](const spool::StoredBatch& batch) {
    ++rows;
    records += batch.records.count() - batch.settled.count();
  });
  if (!status.ok()) return Complain(spool.folder, std::string(status.message()));
  if (damaged > 0) {
    return Complain(spool.folder,
                    fmt::format("{} of {} rows have a wrong checksum", damaged, damaged + rows));
  }
  fmt::print("{}: sound: {} messages in {} rows\n", spool.output, records, rows);
  return kExitFine;
}

}  // namespace

int SpoolInspect(const SpoolOptions& options) { return ForEach(options.dir, InspectOne); }
int SpoolExport(const SpoolOptions& options) { return ForEach(options.dir, ExportOne); }
int SpoolVerify(const SpoolOptions& options) { return ForEach(options.dir, VerifyOne); }

}  // namespace sluice::commands
