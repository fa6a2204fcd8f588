#include "tests/gunzip.h"

#include <zlib.h>

namespace sluice {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr int kGzipAlone = 15 + 16;

}  // namespace

std::optional<std::string> Gunzip(std::string_view member) {
  z_stream z = {};
  if (inflateInit2(&z, kGzipAlone) != Z_OK) return std::nullopt;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));  // NOLINT: only read
  z.avail_in = static_cast<uInt>(member.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK && text.size() < kMostBytes) {
    const size_t before = text.size();
    text.resize(before + 16 * 1024);
    z.next_out = reinterpret_cast<Bytef*>(&text[before]);
    z.avail_out = 16 * 1024;
    result = inflate(&z, Z_NO_FLUSH);
    text.resize(text.size() - z.avail_out);
  }
  const bool whole = result == Z_STREAM_END && z.avail_in == 0;
  inflateEnd(&z);
  if (!whole) return std::nullopt;
  return text;
}

}  // namespace sluice
