// What a program under faults shares with the harness: libfault_shim.so, preloaded into it, maps
// the file SLUICE_FAULTS_FILE, and world.py reads and writes it.
//
// All is little-endian, without gaps. Without the file nothing is different.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace sluice::faults {

// Bytes of a file that were written and not synced since.
struct Range {
  int64_t offset;
  int64_t size;
};

inline constexpr int kMostRanges = 8192;

struct UnsyncedFile {
  int64_t count;  // of ranges; more than kMostRanges: some are not known
  Range ranges[kMostRanges];
};

struct State {
  int64_t clock_offset_us;  // of the wall clock
  int64_t sync_delay_us;    // before each fsync of a spool
  UnsyncedFile log;         // spool.db-wal
  UnsyncedFile file;        // spool.db
};

// Mapped at the first look.
inline volatile State& SharedState() {
  static volatile State* const state = []() -> volatile State* {
    static State none = {};
    const char* const path = std::getenv("SLUICE_FAULTS_FILE");
    const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return &none;
    void* const mapped = ::mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return mapped == MAP_FAILED ? &none : static_cast<State*>(mapped);
  }
  ();
  return *state;
}

// The function that a preloaded one stands in front of.
template <typename Function>
Function Real(const char* name, const char* version = nullptr) {
  void* const symbol =
      version != nullptr ? dlvsym(RTLD_NEXT, name, version) : dlsym(RTLD_NEXT, name);
  if (symbol == nullptr) std::abort();
  return reinterpret_cast<Function>(symbol);
}

}  // namespace sluice::faults
