// The folder of an output's spool: who owns it, and its file, also when that is damaged.
//
// Folder 0700, files 0600. One process at a time holds the lock; a process that only reads needs
// none. A damaged file is never deleted: it stays under another name beside the one that replaces
// it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/spool/spool_file.h"

namespace sluice::spool {

// What a walk over all rows found.
struct Contents {
  uint64_t records = 0;                          // not settled
  std::array<int64_t, kPriorities> last_keys{};  // meaningful where `rows` is not 0
  std::array<uint64_t, kPriorities> rows{};

  void Add(const BatchHead& head);
};

// What came of a damaged file.
struct Salvage {
  std::string set_aside;  // its new name; empty: nothing was damaged
  std::string damage;
  uint64_t records = 0;  // that could be read, and are in the new file
};

class SpoolFolder {
 public:
  // Makes the folder if it is missing and locks it. Fails if another process has it.
  static absl::StatusOr<SpoolFolder> Claim(const std::string& folder);
  SpoolFolder(SpoolFolder&& other) noexcept;
  ~SpoolFolder();

  // Opens the file, made anew if there is none, and walks it once. No connection to it may be open.
  // `is_torn`: a connection has found it so, in a place that a walk over its rows need not meet.
  absl::StatusOr<SpoolFile> Open(Contents* contents, Salvage* salvage, bool is_torn = false) const;

  const std::string& path() const { return path_; }
  std::string file() const { return FileIn(path_); }
  static std::string FileIn(const std::string& folder) { return folder + "/spool.db"; }

 private:
  SpoolFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  absl::StatusOr<SpoolFile> OpenAndWalk(Contents* contents) const;
  absl::Status Replace(Salvage* salvage) const;
  // Ends what a process began that ended in the middle of it: the damaged file's new name, or
  // empty.
  absl::StatusOr<std::string> FinishReplacing() const;

  std::string path_;
  int lock_;
};

// Bytes that the file system of `folder` still has for us; all there can be if it does not say.
uint64_t FreeBytes(const std::string& folder);

}  // namespace sluice::spool
