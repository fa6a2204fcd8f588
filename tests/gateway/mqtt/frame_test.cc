#include "gateway/mqtt/frame.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

using Status = Frame::Status;

TEST(FrameTest, CutsByLength) {
  struct {
    size_t length;
    std::string header;
  } const kCases[] = {
      {0, Bytes({0x30, 0x00})},
      {1, Bytes({0x30, 0x01})},
      {127, Bytes({0x30, 0x7f})},
      {128, Bytes({0x30, 0x80, 0x01})},
      {16'383, Bytes({0x30, 0xff, 0x7f})},
      {16'384, Bytes({0x30, 0x80, 0x80, 0x01})},
      {2'097'151, Bytes({0x30, 0xff, 0xff, 0x7f})},
      {2'097'152, Bytes({0x30, 0x80, 0x80, 0x80, 0x01})},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.length);
    const std::string packet = c.header + std::string(c.length, 'x');
    const std::string bytes = packet + "next";
    const Frame frame = NextFrame(bytes, bytes.size());
    ASSERT_TRUE(frame.complete());
    EXPECT_EQ(frame.type, PacketType::kPublish);
    EXPECT_EQ(frame.size, packet.size());
    EXPECT_EQ(frame.body.size(), c.length);
    EXPECT_EQ(frame.body.data(), bytes.data() + c.header.size());

    // Cut anywhere, it is incomplete, and says its size once the header is there.
    for (const size_t cut : {size_t{0}, size_t{1}, c.header.size(), packet.size() - 1}) {
      if (cut >= packet.size()) continue;
      const Frame part = NextFrame(std::string_view(bytes).substr(0, cut), bytes.size());
      EXPECT_EQ(part.status, Status::kNeedMore);
      EXPECT_EQ(part.size, cut < c.header.size() ? 0 : packet.size());
    }
  }
}

TEST(FrameTest, BoundsTheWholePacket) {
  const std::string bytes = Bytes({0x30, 10}) + std::string(10, 'x');
  EXPECT_TRUE(NextFrame(bytes, 12).complete());
  for (const size_t received : {size_t{2}, size_t{5}, bytes.size()}) {
    const Frame frame = NextFrame(std::string_view(bytes).substr(0, received), 11);
    EXPECT_EQ(frame.status, Status::kError);
    EXPECT_EQ(frame.reason, Reason::kPacketTooLarge);
  }
  // The largest length that can be written, of which nothing has come yet.
  EXPECT_EQ(NextFrame(Bytes({0x30, 0xff, 0xff, 0xff, 0x7f}), 1000).reason, Reason::kPacketTooLarge);
}

TEST(FrameTest, RefusesMalformedLengths) {
  for (const std::string& bytes : {
           Bytes({0x30, 0x80, 0x80, 0x80, 0x80}),  // a fifth byte
           Bytes({0x30, 0x80, 0x80, 0x80, 0x80, 0x01}),
           Bytes({0x30, 0x80, 0x00}),  // not the shortest form [MQTT-1.5.5-1]
           Bytes({0x30, 0x81, 0x80, 0x00}),
           Bytes({0xc0, 0x80, 0x80, 0x80, 0x00}),
       }) {
    const Frame frame = NextFrame(bytes, 1 << 20);
    EXPECT_EQ(frame.status, Status::kError);
    EXPECT_EQ(frame.reason, Reason::kMalformedPacket);
  }
}

// Every first byte: the reserved flags of table 2-2, and type 0. Seen as soon as the byte is.
TEST(FrameTest, RefusesReservedTypesAndFlags) {
  for (int first = 0; first < 256; ++first) {
    SCOPED_TRACE(first);
    const int type = first >> 4;
    const int flags = first & 0x0f;
    const bool wants_two = type == 6 || type == 8 || type == 10;
    const bool allowed = type == 3 || (type != 0 && flags == (wants_two ? 2 : 0));
    EXPECT_EQ(NextFrame(Bytes({first, 0}), 100).complete(), allowed);
    EXPECT_EQ(NextFrame(Bytes({first, 1, 'x'}), 100).complete(), allowed);
    EXPECT_EQ(NextFrame(Bytes({first}), 100).status, allowed ? Status::kNeedMore : Status::kError);
  }
}

TEST(FrameTest, NamesTypesAndReasons) {
  EXPECT_STREQ(PacketTypeName(PacketType::kPubcomp), "PUBCOMP");
  EXPECT_STREQ(PacketTypeName(PacketType{0}), "reserved");
  EXPECT_STREQ(ReasonName(Reason::kPacketTooLarge), "packet too large");
  EXPECT_STREQ(ReasonName(Reason{0x42}), "unknown reason");
}

}  // namespace
}  // namespace sluice::mqtt
