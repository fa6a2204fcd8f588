// The disk under a spool: which of its bytes were written and not synced yet, so that the harness
// can take them away as a power cut would; and how long a sync takes.
//
// SQLite writes a spool by pwrite64() and syncs it by fdatasync() or fsync(), on one thread.
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "tests/faults/shim.h"

namespace {

using sluice::faults::kMostRanges;
using sluice::faults::Real;
using sluice::faults::SharedState;
using sluice::faults::UnsyncedFile;

// Null: it is none of a spool's files.
volatile UnsyncedFile* SpoolFileOf(int fd) {
  char link[32];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  char path[PATH_MAX];
  const ssize_t size = ::readlink(link, path, sizeof(path));
  if (size <= 0) return nullptr;
  const std::string_view name(path, static_cast<size_t>(size));
  if (name.ends_with("/spool.db-wal")) return &SharedState().log;
  if (name.ends_with("/spool.db")) return &SharedState().file;
  return nullptr;
}

// Before the write: what is under way may be half there.
void OnWrite(int fd, size_t size, off64_t offset) {
  volatile UnsyncedFile* const file = SpoolFileOf(fd);
  if (file == nullptr) return;
  const int64_t count = file->count;
  if (count < kMostRanges) {
    file->ranges[count].offset = offset;
    file->ranges[count].size = static_cast<int64_t>(size);
  }
  file->count = count + 1;
}

template <typename Sync>
int Synced(int fd, Sync real) {
  volatile UnsyncedFile* const file = SpoolFileOf(fd);
  if (file == nullptr) return real(fd);
  if (const int64_t delay_us = SharedState().sync_delay_us; delay_us > 0) {
    const timespec delay = {delay_us / 1'000'000, delay_us % 1'000'000 * 1000};
    ::nanosleep(&delay, nullptr);
  }
  const int result = real(fd);
  if (result == 0) file->count = 0;
  return result;
}

}  // namespace

extern "C" {

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  OnWrite(fd, size, offset);
  return real(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

int fdatasync(int fd) {
  static const auto real = Real<int (*)(int)>("fdatasync");
  return Synced(fd, real);
}

int fsync(int fd) {
  static const auto real = Real<int (*)(int)>("fsync");
  return Synced(fd, real);
}

}  // extern "C"
