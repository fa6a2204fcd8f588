// The property that every packet's decoder and encoder hold together, for fuzz targets and tests.
//
// A packet ends in a reason, or in views that encode to bytes which decode to the same and encode
// to the same. Aborts if it does not hold. The body is decoded from a block of exactly its size:
// AddressSanitizer sees a view that leaves it.
#pragma once

#include <string>
#include <string_view>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

// Decodes `frame` as whoever hears from `sender` does. kSuccess, or why it was refused.
Reason CheckPacket(Version version, Sender sender, const Frame& frame);

// Cuts `stream` into packets and checks each, as above; then that the stream cut at any byte yields
// a beginning of the same packets and, if it ends in an error, at most that error. Returns the
// number of packets that decoded.
int CheckStream(Version version, Sender sender, std::string_view stream);

}  // namespace sluice::mqtt
