// Whatever a file and its log hold, carving ends, and gives rows whose every record can be read.
//
// Input: two bytes say how long the file is, in units of 64 bytes; the rest of the input is its
// log.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/spool/carve.h"

namespace {

using sluice::spool::StoredBatch;

// A folder of this process in memory, where there is such a file system.
const std::string& File() {
  static const std::string file = [] {
    std::string folder = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    folder += "/sluice-carve-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    static std::string made;
    made = folder;
    std::atexit([] {
      for (const char* const name : {"/spool.db", "/spool.db-wal"}) ::unlink((made + name).c_str());
      ::rmdir(made.c_str());
    });
    return folder + "/spool.db";
  }();
  return file;
}

void Write(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    std::abort();
  ::close(fd);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t in_file = std::min(bytes.size(), (size_t{data[0]} << 8 | data[1]) * 64);
  Write(File(), bytes.substr(0, in_file));
  Write(File() + "-wal", bytes.substr(in_file));

  volatile bool cut = sluice::spool::LogIsCutShort(File());
  static_cast<void>(cut);
  sluice::spool::CarveRows(File(), [](const StoredBatch& batch) {
    if (batch.key < 0 || batch.settled.count() >= batch.records.count()) std::abort();
    sluice::spool::RecordReader reader;
    size_t offset = 0;
    for (size_t i = 0; i < batch.records.count(); ++i) reader.Read(batch.records, offset, &offset);
    if (offset != batch.records.bytes()) std::abort();
  });
  return 0;
}
