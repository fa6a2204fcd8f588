// What a server hears: whatever the bytes are, each packet ends in a reason or in views that
// survive a round trip, and a stream cut at any byte yields the same packets. The first byte picks
// the version.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/gateway/mqtt/packet_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::mqtt;
  if (size == 0) return 0;
  const Version version = (data[0] & 1) != 0 ? Version::k5 : Version::k311;
  CheckStream(version, Sender::kClient, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
