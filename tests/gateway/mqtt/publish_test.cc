#include "gateway/mqtt/publish.h"

#include <gtest/gtest.h>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

TEST(PublishTest, RoundTripsInBothVersions) {
  for (const Version version : {Version::k311, Version::k5}) {
    PublishView publish;
    publish.topic = "plant/a/telemetry";
    publish.payload = "{\"t\":1}";
    publish.qos = 1;
    publish.packet_id = 7;
    std::string bytes;
    ASSERT_TRUE(AppendPacket(
        &bytes, [&](std::span<char> out) { return EncodePublish(version, publish, out); }));
    const Frame frame = NextFrame(bytes, 1000);
    ASSERT_TRUE(frame.complete());
    EXPECT_EQ(frame.size, bytes.size());
    const auto decoded = DecodePublish(version, Sender::kClient, frame.flags, frame.body);
    ASSERT_TRUE(decoded.ok()) << ReasonName(decoded.reason());
    EXPECT_EQ(decoded->topic, publish.topic);
    EXPECT_EQ(decoded->payload, publish.payload);
    EXPECT_EQ(decoded->packet_id, 7);
  }
}

}  // namespace
}  // namespace sluice::mqtt
