// "Decoding allocates nothing" as a test: operator new is counted for the whole executable.
#include <gtest/gtest.h>

#include <string>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/subscribe.h"
#include "tests/allocations.h"
#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

TEST(AllocationTest, DecodingAndEncodingAllocateNothing) {
  std::string block = Bytes({1, 1, 3}) + Str("application/json");
  AppendUserProperty(&block, "key", "value that is longer than any small string");
  const std::string publish_body =
      Str("plant/line1/gr\xc3\xbc\xc3\x9f") + Bytes({0, 1}) + Props(block) + "{\"t\":1}";
  const std::string connect_body = Str("MQTT") + Bytes({5, 2, 0, 60}) + Props("") + Str("device");
  const std::string subscribe_body =
      Bytes({0, 1}) + Props("") + Str("a/#") + Bytes({1}) + Str("b") + Bytes({1});
  char out[512];

  // simdjson picks the CPU's code at its first use, once a process.
  ASSERT_TRUE(DecodePublish(Version::k5, Sender::kClient, 2, publish_body).ok());

  const uint64_t before = Allocations();
  const auto publish = DecodePublish(Version::k5, Sender::kClient, 2, publish_body);
  size_t user_bytes = 0;
  for (const Property& property : publish->user_properties) user_bytes += property.value.size();
  const size_t written = EncodePublish(Version::k5, *publish, out);
  const auto connect = DecodeConnect(connect_body);
  const auto subscribe = DecodeSubscribe(Version::k5, subscribe_body);
  size_t filters = 0;
  for (const Subscription& subscription : subscribe->subscriptions)
    filters += subscription.filter.size();
  const bool refused = DecodePublish(Version::k5, Sender::kClient, 6, publish_body).ok();
  const uint64_t after = Allocations();

  EXPECT_EQ(after, before);
  EXPECT_GT(user_bytes, 0u);
  EXPECT_GT(written, publish_body.size());
  EXPECT_TRUE(connect.ok());
  EXPECT_EQ(filters, 4u);
  EXPECT_FALSE(refused);
}

}  // namespace
}  // namespace sluice::mqtt
