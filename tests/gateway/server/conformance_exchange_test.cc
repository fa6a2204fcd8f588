// The specification's statements about QoS 1 and 2 exchanges by their numbers, judged on the wire,
// over connections that break.
//
// Numbers are MQTT 5's unless they say 3.1.1.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/mqtt/ping.h"
#include "tests/gateway/mqtt/packet_bytes.h"
#include "tests/gateway/server/conformance.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Bytes;
using mqtt::ConnectView;
using mqtt::Version;

// A device with a session that outlives its connections.
struct Resuming {
  explicit Resuming(TestServer* its_server, Version its_version)
      : server(*its_server), version(its_version) {}

  // A connection breaks without a word; the next resumes.
  void Reconnect() {
    if (device) {
      device->client.Drop();
      device.reset();
      EXPECT_TRUE(server.Eventually([this] { return server.server->Counts().connections == 0; }));
    }
    device = std::make_unique<Device>(server, "press-01", version, [](ConnectView* connect) {
      connect->clean_start = false;
      if (connect->version == Version::k5) connect->session_expiry_s = 1000;
    });
    EXPECT_TRUE(device->connected);
  }
  void Publish(uint8_t qos, uint16_t id) { device->Publish("a", "x", qos, id); }
  void Release(uint16_t id) { device->client.Send(Packet(kPubrel, Bytes({id >> 8, id & 0xff}))); }
  // Nothing is on its way: the next answer is the ping's.
  bool Silent() {
    device->client.Send(mqtt::kPingreq);
    return device->Next() == "PINGRESP";
  }
  std::string Next() { return device->Next(); }

  TestServer& server;
  Version version;
  std::unique_ptr<Device> device;
};

class ExchangeConformanceTest : public testing::TestWithParam<Version> {
 protected:
  bool v5() const { return GetParam() == Version::k5; }
  void HoldAll() { server_.recorder.set_answer({PublishOutcome::Kind::kTaken, 1}); }
  void SettleNext() { server_.Settle(server_.recorder.taken().at(settled_++).ticket); }

  TestServer server_;
  Resuming device_{&server_, GetParam()};
  size_t settled_ = 0;
};

INSTANTIATE_TEST_SUITE_P(BothVersions, ExchangeConformanceTest,
                         testing::Values(Version::k311, Version::k5), [](const auto& version) {
                           return version.param == Version::k5 ? "V5" : "V311";
                         });

// 4.3.3 with the break at each of its four steps: the message is taken once, and the exchange ends.
TEST_P(ExchangeConformanceTest, Qos2SurvivesABreakAfterEveryStep) {
  device_.Reconnect();
  device_.Publish(2, 1);  // PUBREC is lost
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  device_.Reconnect();
  EXPECT_TRUE(device_.device->connack.session_present);
  device_.Publish(2, 1);
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  device_.Reconnect();  // PUBREL is lost
  device_.Release(1);
  EXPECT_EQ(device_.Next(), "PUBCOMP 1");
  device_.Reconnect();  // PUBCOMP is lost
  device_.Release(1);
  EXPECT_EQ(device_.Next(), v5() ? "PUBCOMP 1 0x92" : "PUBCOMP 1");
  EXPECT_EQ(server_.recorder.count(), 1U);
  device_.Publish(2, 1);  // the id is free: another message
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  EXPECT_EQ(server_.recorder.count(), 2U);
}

TEST_P(ExchangeConformanceTest, Qos2IsNotAnsweredBeforeItsMessageIsSafe) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(2, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  for (int i = 0; i < 3; ++i) {
    device_.Reconnect();
    device_.Publish(2, 1);
    EXPECT_TRUE(device_.Silent());
  }
  SettleNext();
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  EXPECT_TRUE(device_.Silent());  // once
  EXPECT_EQ(server_.recorder.count(), 1U);
}

// [MQTT-4.3.3-5] of the sender: PUBREL only after PUBREC.
TEST_P(ExchangeConformanceTest, PubrelForAnUnansweredPublishIsAnError) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(2, 1);
  device_.Release(1);
  if (v5()) {
    EXPECT_EQ(device_.Next(), "DISCONNECT 0x82");
  }
  EXPECT_EQ(device_.Next(), "end");
}

// A resend that its reducer would swallow must wait for its first copy, or the device would be told
// that a message is safe which may yet be lost.
TEST_P(ExchangeConformanceTest, Qos1ResendWaitsForItsFirstCopy) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(1, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  device_.Reconnect();
  server_.recorder.set_answer({PublishOutcome::Kind::kTaken, 0});  // dedup swallows it
  device_.Publish(1, 1);
  device_.Publish(1, 2);
  EXPECT_TRUE(device_.Silent());
  SettleNext();
  EXPECT_EQ(device_.Next(), "PUBACK 1");
  EXPECT_EQ(device_.Next(), "PUBACK 2");
  EXPECT_TRUE(device_.Silent());
}

// [MQTT-4.6.0-2] [MQTT-4.6.0-3]: in the order received, over both QoS.
TEST_P(ExchangeConformanceTest, AcknowledgesInOrderOverBothQos) {
  HoldAll();
  device_.Reconnect();
  for (uint16_t id = 1; id <= 6; ++id) device_.Publish(id % 2 == 0 ? 2 : 1, id);
  ASSERT_TRUE(server_.recorder.WaitFor(6));
  const std::vector<Received> taken = server_.recorder.taken();
  for (size_t i = taken.size(); i-- > 0;) server_.Settle(taken[i].ticket);
  for (uint16_t id = 1; id <= 6; ++id) {
    EXPECT_EQ(device_.Next(), (id % 2 == 0 ? "PUBREC " : "PUBACK ") + std::to_string(id));
  }
}

// [MQTT-3.1.4-3]: the old connection is told and ended; what it sent is settled in silence.
TEST_P(ExchangeConformanceTest, TakeOverWithPublishesUnsettled) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(1, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  Resuming second(&server_, GetParam());
  second.Reconnect();
  EXPECT_TRUE(second.device->connack.session_present);
  if (v5()) {
    EXPECT_EQ(device_.Next(), "DISCONNECT 0x8e");
  }
  EXPECT_EQ(device_.Next(), "end");
  second.Publish(1, 7);
  ASSERT_TRUE(server_.recorder.WaitFor(2));
  SettleNext();
  SettleNext();
  EXPECT_EQ(second.Next(), "PUBACK 7");
  EXPECT_TRUE(second.Silent());
}

// [MQTT-3.1.2-4]: a clean start forgets the ids, and nothing else may answer for the old message.
TEST_P(ExchangeConformanceTest, CleanStartMakesAKnownIdNew) {
  device_.Reconnect();
  device_.Publish(2, 1);
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  device_.device->client.Drop();
  ASSERT_TRUE(server_.Eventually([this] { return server_.server->Counts().connections == 0; }));
  Device clean(server_, "press-01", GetParam());
  EXPECT_FALSE(clean.connack.session_present);
  clean.Publish("a", "x", 2, 1);
  EXPECT_EQ(clean.Next(), "PUBREC 1");
  EXPECT_EQ(server_.recorder.count(), 2U);
}

}  // namespace
}  // namespace sluice::server
