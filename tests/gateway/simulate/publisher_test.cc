#include "gateway/simulate/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/writer.h"

namespace sluice::simulate {
namespace {

using mqtt::PacketType;
using mqtt::Reason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Plays the server by hand: what the publisher wrote becomes text, what the server says is one verb
// a packet.
class PublisherTest : public testing::Test {
 protected:
  // What the publisher has written since the last call: "CONNECT clean", "PUBLISH 1 a dup", "PUBREL
  // 1".
  std::vector<std::string> Written() {
    std::vector<std::string> packets;
    std::string_view bytes = out_;
    while (!bytes.empty()) {
      const mqtt::Frame frame = mqtt::NextFrame(bytes, bytes.size());
      EXPECT_TRUE(frame.complete());
      if (!frame.complete()) break;
      packets.push_back(Describe(frame));
      bytes.remove_prefix(frame.size);
    }
    out_.clear();
    return packets;
  }

  void Connect(mqtt::ConnackView connack = {}) {
    publisher_.OnLinkUp(out_);
    EXPECT_EQ(Feed(ConnackBytes(connack)), "");
  }

  static std::string ConnackBytes(const mqtt::ConnackView& connack) {
    std::string bytes;
    mqtt::AppendPacket(&bytes, [&](std::span<char> to) {
      return mqtt::EncodeConnack(mqtt::Version::k5, connack, to);
    });
    return bytes;
  }

  static std::string AckBytes(PacketType type, uint16_t id, Reason reason = Reason::kSuccess) {
    std::string bytes(mqtt::kMaxPlainAck, '\0');
    bytes.resize(mqtt::EncodePlainAck(type, mqtt::Version::k5, id, reason, bytes.data()));
    return bytes;
  }

  std::string Feed(std::string_view bytes) { return publisher_.OnBytes(bytes, now_us_, out_); }
  std::string Puback(uint16_t id, Reason reason = Reason::kSuccess) {
    return Feed(AckBytes(PacketType::kPuback, id, reason));
  }
  std::string Pubrec(uint16_t id, Reason reason = Reason::kSuccess) {
    return Feed(AckBytes(PacketType::kPubrec, id, reason));
  }
  std::string Pubcomp(uint16_t id) { return Feed(AckBytes(PacketType::kPubcomp, id)); }

  // The server says why and closes.
  std::string Disconnect(Reason reason) {
    std::string why = Feed(DisconnectBytes(reason));
    publisher_.OnLinkDown();
    return why;
  }

  static std::string DisconnectBytes(Reason reason) {
    std::string bytes;
    mqtt::AppendPacket(&bytes, [&](std::span<char> to) {
      mqtt::DisconnectView view;
      view.reason = reason;
      return mqtt::EncodeDisconnect(mqtt::Version::k5, view, to);
    });
    return bytes;
  }

  void Publish(std::string_view payload, uint8_t qos) {
    Outgoing outgoing;
    outgoing.topic = "t";
    outgoing.payload = payload;
    outgoing.qos = qos;
    EncodedPublish publish;
    ASSERT_TRUE(Encode(outgoing, &publish));
    publisher_.Publish(publish, now_us_, out_);
  }

  static std::string Describe(const mqtt::Frame& frame) {
    std::string text = mqtt::PacketTypeName(frame.type);
    switch (frame.type) {
      case PacketType::kConnect: {
        const auto connect = mqtt::DecodeConnect(frame.body);
        EXPECT_TRUE(connect.ok());
        return text + (connect->clean_start ? " clean" : " resume");
      }
      case PacketType::kPublish: {
        const auto publish =
            mqtt::DecodePublish(mqtt::Version::k5, mqtt::Sender::kClient, frame.flags, frame.body);
        EXPECT_TRUE(publish.ok());
        return text + " " + std::to_string(publish->packet_id) + " " +
               std::string(publish->payload) + (publish->dup ? " dup" : "");
      }
      case PacketType::kPubrel: {
        const auto ack = mqtt::DecodeAck(frame.type, mqtt::Version::k5, frame.body);
        EXPECT_TRUE(ack.ok());
        return text + " " + std::to_string(ack->packet_id);
      }
      default:
        return text;
    }
  }

  static constexpr uint16_t kWindow = 3;
  Tally tally_;
  Publisher publisher_{"press-01", kWindow, tally_};
  std::string out_;
  int64_t now_us_ = 1'000'000;
};

TEST_F(PublisherTest, ConnectsAnewAtFirstAndResumesLater) {
  Connect();
  EXPECT_THAT(Written(), ElementsAre("CONNECT clean"));
  EXPECT_TRUE(publisher_.connected());
  publisher_.OnLinkDown();
  EXPECT_FALSE(publisher_.connected());
  Connect();
  EXPECT_THAT(Written(), ElementsAre("CONNECT resume"));
  EXPECT_EQ(tally_.connected, 1u);
}

TEST_F(PublisherTest, NeedsNoAnswerAtQos0) {
  Connect();
  Written();
  for (int i = 0; i < 10; ++i) Publish("a", 0);
  EXPECT_EQ(Written().size(), 10u);
  EXPECT_EQ(tally_.sent, 10u);
  EXPECT_EQ(tally_.confirmable, 0u);
  EXPECT_EQ(publisher_.in_flight(), 0u);
}

TEST_F(PublisherTest, KeepsWithinItsWindow) {
  Connect();
  Written();
  for (const char* payload : {"a", "b", "c"}) {
    ASSERT_TRUE(publisher_.HasRoom(1));
    Publish(payload, 1);
  }
  EXPECT_FALSE(publisher_.HasRoom(1));
  EXPECT_FALSE(publisher_.HasRoom(2));
  EXPECT_TRUE(publisher_.HasRoom(0));
  Puback(2);
  ASSERT_TRUE(publisher_.HasRoom(1));
  Publish("d", 1);
  EXPECT_THAT(Written(), ElementsAre("PUBLISH 1 a", "PUBLISH 2 b", "PUBLISH 3 c", "PUBLISH 2 d"));
}

TEST_F(PublisherTest, KeepsWithinTheServersReceiveMaximum) {
  mqtt::ConnackView connack;
  connack.receive_maximum = 2;
  Connect(connack);
  Publish("a", 1);
  Publish("b", 1);
  EXPECT_FALSE(publisher_.HasRoom(1));
}

TEST_F(PublisherTest, CountsAnAcknowledgementAndItsLatency) {
  Connect();
  Publish("a", 1);
  EXPECT_EQ(publisher_.unsettled(), 1u);
  now_us_ += 40;
  Puback(1);
  EXPECT_EQ(tally_.acknowledged, 1u);
  EXPECT_EQ(tally_.latency.max_us(), 40);
  EXPECT_EQ(publisher_.unsettled(), 0u);
}

TEST_F(PublisherTest, TakesNoSubscribersForAnAcknowledgement) {
  Connect();
  Publish("a", 1);
  Puback(1, Reason::kNoMatchingSubscribers);
  EXPECT_EQ(tally_.acknowledged, 1u);
}

TEST_F(PublisherTest, CountsARefusalWithItsReason) {
  Connect();
  Publish("a", 1);
  Publish("b", 2);
  Written();
  Puback(1, Reason::kNotAuthorized);
  Pubrec(2, Reason::kQuotaExceeded);
  EXPECT_THAT(Written(), IsEmpty());  // a refused QoS 2 message has no PUBREL
  EXPECT_EQ(tally_.refused, 2u);
  EXPECT_EQ(tally_.acknowledged, 0u);
  EXPECT_EQ(tally_.latency.count(), 0u);
  EXPECT_EQ(publisher_.in_flight(), 0u);
  ASSERT_EQ(tally_.refusals.size(), 2u);
  EXPECT_THAT(tally_.refusals.begin()->first, HasSubstr("0x87"));
}

TEST_F(PublisherTest, CompletesQos2) {
  Connect();
  Publish("a", 2);
  Written();
  Pubrec(1);
  EXPECT_THAT(Written(), ElementsAre("PUBREL 1"));
  EXPECT_EQ(tally_.acknowledged, 1u);
  EXPECT_EQ(publisher_.unsettled(), 0u);
  EXPECT_EQ(publisher_.in_flight(), 1u);
  Pubrec(1);
  EXPECT_THAT(Written(), ElementsAre("PUBREL 1"));
  EXPECT_EQ(tally_.acknowledged, 1u);
  Pubcomp(1);
  EXPECT_EQ(publisher_.in_flight(), 0u);
}

TEST_F(PublisherTest, SendsTheUnacknowledgedAgainInOrderWithDup) {
  Connect();
  Publish("a", 1);
  Publish("b", 1);
  Publish("c", 1);
  Puback(1);
  Publish("d", 1);  // under a's packet id, and yet the last
  Written();
  publisher_.OnLinkDown();
  Connect();
  EXPECT_THAT(Written(), ElementsAre("CONNECT resume", "PUBLISH 2 b dup", "PUBLISH 3 c dup",
                                     "PUBLISH 1 d dup"));
  EXPECT_EQ(tally_.resent, 3u);
  EXPECT_EQ(tally_.sent, 4u);
  for (const uint16_t id : {2, 3, 1}) Puback(id);
  EXPECT_EQ(tally_.acknowledged, 4u);
  EXPECT_EQ(publisher_.unsettled(), 0u);
}

TEST_F(PublisherTest, ResumesQos2WhereItStood) {
  const auto reconnect = [this](bool session_present) {
    publisher_.OnLinkDown();
    mqtt::ConnackView connack;
    connack.session_present = session_present;
    Connect(connack);
    return Written();
  };
  Connect();
  Publish("a", 2);
  Publish("b", 2);
  Pubrec(1);
  Written();
  EXPECT_THAT(reconnect(true), ElementsAre("CONNECT resume", "PUBREL 1", "PUBLISH 2 b dup"));
  // A server without the session has forgotten the packet id: there is nothing to release.
  EXPECT_THAT(reconnect(false), ElementsAre("CONNECT resume", "PUBLISH 2 b dup"));
  EXPECT_EQ(publisher_.in_flight(), 1u);
  EXPECT_EQ(tally_.acknowledged, 1u);
}

TEST_F(PublisherTest, FindsTheMessageThatTheServerDisconnectsFor) {
  Connect();
  Publish("a", 1);
  Publish("poison", 2);
  Publish("c", 1);
  Written();
  EXPECT_THAT(Disconnect(Reason::kMalformedPacket), HasSubstr("0x81"));
  Connect();
  EXPECT_THAT(Written(), ElementsAre("CONNECT resume", "PUBLISH 1 a dup"));
  EXPECT_FALSE(publisher_.HasRoom(0));
  Puback(1);
  EXPECT_THAT(Written(), ElementsAre("PUBLISH 2 poison dup"));
  EXPECT_EQ(tally_.refused, 0u);
  Disconnect(Reason::kMalformedPacket);
  EXPECT_EQ(tally_.refused, 1u);
  Connect();
  EXPECT_THAT(Written(), ElementsAre("CONNECT resume", "PUBLISH 3 c dup"));
  Puback(3);
  EXPECT_TRUE(publisher_.HasRoom(0));
  EXPECT_TRUE(publisher_.HasRoom(1));
  EXPECT_EQ(tally_.acknowledged, 2u);
  EXPECT_EQ(publisher_.in_flight(), 0u);
}

TEST_F(PublisherTest, BlamesNoMessageForALostLinkOrARestartedServer) {
  Connect();
  Publish("a", 1);
  Publish("b", 1);
  Written();
  for (int i = 0; i < 10; ++i) {
    if (i % 2 == 0) {
      Disconnect(Reason::kServerShuttingDown);
    } else {
      publisher_.OnLinkDown();
    }
    Connect();
    EXPECT_THAT(Written(), testing::Contains("PUBLISH 1 a dup"));
  }
  EXPECT_EQ(tally_.refused, 0u);
  Puback(1);
  Puback(2);
  EXPECT_EQ(tally_.acknowledged, 2u);
}

TEST_F(PublisherTest, CountsAcknowledgementsOfNothingInFlight) {
  Connect();
  Publish("a", 1);
  Publish("b", 2);
  EXPECT_EQ(Puback(3), "");  // never used
  EXPECT_EQ(Puback(65'535), "");
  EXPECT_EQ(Pubrec(1), "");  // of the other QoS
  EXPECT_EQ(Puback(2), "");
  EXPECT_EQ(Pubcomp(2), "");  // not released yet
  EXPECT_EQ(Puback(1), "");
  EXPECT_EQ(Puback(1), "");  // twice
  EXPECT_EQ(tally_.unexpected, 6u);
  EXPECT_EQ(tally_.acknowledged, 1u);
}

TEST_F(PublisherTest, SendsNothingThatTheServerSaysItRefuses) {
  mqtt::ConnackView connack;
  connack.maximum_packet_size = 40;
  connack.maximum_qos = 1;
  Connect(connack);
  Written();
  Publish(std::string(100, 'x'), 0);
  Publish("a", 2);
  EXPECT_THAT(Written(), IsEmpty());
  EXPECT_EQ(tally_.refused_locally, 2u);
  EXPECT_EQ(tally_.sent, 0u);
  EXPECT_EQ(publisher_.unsettled(), 0u);
}

TEST_F(PublisherTest, ReadsAStreamCutAnywhere) {
  std::string stream = ConnackBytes({});
  const size_t connack_size = stream.size();
  for (const uint16_t id : {1, 2, 3}) stream += AckBytes(PacketType::kPuback, id);
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    SCOPED_TRACE(cut);
    Tally tally;
    Publisher publisher("d", kWindow, tally);
    publisher.OnLinkUp(out_);
    const auto publish_all = [&] {
      for (int i = 0; i < 3; ++i) {
        Outgoing outgoing;
        outgoing.topic = "t";
        outgoing.qos = 1;
        EncodedPublish publish;
        ASSERT_TRUE(Encode(outgoing, &publish));
        publisher.Publish(publish, 0, out_);
      }
    };
    // The publishes have to be in flight before their acknowledgements come.
    EXPECT_EQ(publisher.OnBytes(stream.substr(0, std::min(cut, connack_size)), 0, out_), "");
    if (cut < connack_size) {
      EXPECT_EQ(publisher.OnBytes(stream.substr(cut, connack_size - cut), 0, out_), "");
    }
    ASSERT_TRUE(publisher.connected());
    publish_all();
    if (cut > connack_size) {
      EXPECT_EQ(publisher.OnBytes(stream.substr(connack_size, cut - connack_size), 0, out_), "");
    }
    EXPECT_EQ(publisher.OnBytes(stream.substr(std::max(cut, connack_size)), 0, out_), "");
    EXPECT_EQ(tally.acknowledged, 3u);
  }
}

TEST_F(PublisherTest, SaysWhyALinkMustBeClosed) {
  const auto connack = [](Reason reason) {
    mqtt::ConnackView view;
    view.reason = reason;
    return ConnackBytes(view);
  };
  struct {
    std::string bytes;
    const char* why;
  } const kCases[] = {
      {connack(Reason::kNotAuthorized), "connection refused by the server: 0x87"},
      {connack(Reason::kSuccess) + connack(Reason::kSuccess), "second CONNACK"},
      {connack(Reason::kSuccess) + DisconnectBytes(Reason::kSessionTakenOver),
       "disconnected by the server: 0x8e"},
      {connack(Reason::kSuccess) + std::string("\x40\x01\x01", 3), "malformed PUBACK"},
      {std::string("\x20\x01\x00", 3), "malformed CONNACK"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "sent"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.why);
    Publisher publisher("d", kWindow, tally_);
    publisher.OnLinkUp(out_);
    EXPECT_THAT(publisher.OnBytes(c.bytes, 0, out_), HasSubstr(c.why));
  }
}

}  // namespace
}  // namespace sluice::simulate
