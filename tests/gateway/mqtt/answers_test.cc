// CONNACK, PUBACK and its like, SUBACK, UNSUBACK, DISCONNECT, AUTH, PING.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/auth.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/ping.h"
#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

TEST(ConnackTest, TranslatesReasonsForVersion311) {
  struct {
    Reason reason;
    int code;  // -1: cannot be said
  } const kCases[] = {
      {Reason::kSuccess, 0},
      {Reason::kUnsupportedProtocolVersion, 1},
      {Reason::kClientIdentifierNotValid, 2},
      {Reason::kServerUnavailable, 3},
      {Reason::kServerBusy, 3},
      {Reason::kBadUserNameOrPassword, 4},
      {Reason::kNotAuthorized, 5},
      {Reason::kMalformedPacket, -1},
      {Reason::kProtocolError, -1},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(ReasonName(c.reason));
    ConnackView connack;
    connack.reason = c.reason;
    const std::string packet =
        Encoded([&](std::span<char> out) { return EncodeConnack(Version::k311, connack, out); });
    EXPECT_EQ(packet, c.code < 0 ? "" : Bytes({0x20, 2, 0, c.code}));
  }
  for (int code = 0; code <= 5; ++code) {
    const auto connack = DecodeConnack(Version::k311, Bytes({0, code}));
    ASSERT_TRUE(connack.ok());
    EXPECT_EQ(ReturnCode311(connack->reason), code);
  }
}

TEST(ConnackTest, Refusals) {
  struct {
    Version version;
    std::string body;
    Reason reason;
  } const kCases[] = {
      {Version::k311, Bytes({0, 6}), Reason::kProtocolError},
      {Version::k311, Bytes({2, 0}), Reason::kMalformedPacket},
      {Version::k311, Bytes({1, 5}), Reason::kProtocolError},  // [MQTT-3.2.2-6]
      {Version::k311, Bytes({0}), Reason::kMalformedPacket},
      {Version::k311, Bytes({0, 0, 0}), Reason::kMalformedPacket},
      {Version::k5, Bytes({0, 0}), Reason::kMalformedPacket},
      {Version::k5, Bytes({0, 0x8e, 0}), Reason::kProtocolError},  // no reason of CONNACK
      {Version::k5, Bytes({0, 0, 0, 0}), Reason::kMalformedPacket},
      {Version::k5, Bytes({0, 0, 2, 1, 1}), Reason::kProtocolError},  // no property of CONNACK
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(DecodeConnack(c.version, c.body).reason(), c.reason)
        << testing::PrintToString(c.body);
  }
}

TEST(AckTest, Bytes) {
  struct {
    PacketType type;
    Version version;
    Reason reason;
    std::string packet;
  } const kCases[] = {
      {PacketType::kPuback, Version::k311, Reason::kSuccess, Bytes({0x40, 2, 1, 2})},
      {PacketType::kPubrec, Version::k311, Reason::kSuccess, Bytes({0x50, 2, 1, 2})},
      {PacketType::kPubrel, Version::k311, Reason::kSuccess, Bytes({0x62, 2, 1, 2})},
      {PacketType::kPubcomp, Version::k311, Reason::kSuccess, Bytes({0x70, 2, 1, 2})},
      {PacketType::kPuback, Version::k311, Reason::kNotAuthorized, Bytes({0x40, 2, 1, 2})},
      {PacketType::kPuback, Version::k5, Reason::kSuccess, Bytes({0x40, 2, 1, 2})},
      {PacketType::kPuback, Version::k5, Reason::kNotAuthorized, Bytes({0x40, 3, 1, 2, 0x87})},
      {PacketType::kPubcomp, Version::k5, Reason::kPacketIdNotFound, Bytes({0x70, 3, 1, 2, 0x92})},
  };
  for (const auto& c : kCases) {
    char out[kMaxPlainAck];
    const size_t size = EncodePlainAck(c.type, c.version, 0x0102, c.reason, out);
    EXPECT_EQ(std::string(out, size), c.packet);
    AckView ack;
    ack.packet_id = 0x0102;
    ack.reason = c.reason;
    EXPECT_EQ(
        Encoded([&](std::span<char> room) { return EncodeAck(c.type, c.version, ack, room); }),
        c.packet);
    const auto decoded = DecodeAck(c.type, c.version, BodyOf(c.packet));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->packet_id, 0x0102);
    if (c.version == Version::k5) {
      EXPECT_EQ(decoded->reason, c.reason);
    }
  }
}

TEST(AckTest, Refusals) {
  struct {
    PacketType type;
    Version version;
    std::string body;
    Reason reason;
  } const kCases[] = {
      {PacketType::kPuback, Version::k311, Bytes({0}), Reason::kMalformedPacket},
      {PacketType::kPuback, Version::k311, Bytes({0, 0}), Reason::kProtocolError},
      {PacketType::kPuback, Version::k311, Bytes({0, 1, 0}), Reason::kMalformedPacket},
      {PacketType::kPuback, Version::k5, Bytes({0, 1, 0x92}), Reason::kProtocolError},
      {PacketType::kPubrel, Version::k5, Bytes({0, 1, 0x87}), Reason::kProtocolError},
      {PacketType::kPubrel, Version::k5, Bytes({0, 1, 0, 5}), Reason::kMalformedPacket},
      {PacketType::kPubrel, Version::k5, Bytes({0, 1, 0, 0, 0}), Reason::kMalformedPacket},
      {PacketType::kPubrel, Version::k5, Bytes({0, 1, 0, 3, 35, 0, 1}), Reason::kProtocolError},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(DecodeAck(c.type, c.version, c.body).reason(), c.reason)
        << testing::PrintToString(c.body);
  }
}

TEST(AckTest, CarriesPropertiesInVersion5) {
  std::string block;
  AppendUserProperty(&block, "k", "v");
  AckView ack;
  ack.packet_id = 9;
  ack.reason_string = "why";
  ack.user_properties = UserProperties(block);
  const std::string packet = Encoded(
      [&](std::span<char> out) { return EncodeAck(PacketType::kPubrel, Version::k5, ack, out); });
  const auto decoded = DecodeAck(PacketType::kPubrel, Version::k5, BodyOf(packet));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->reason_string, "why");
  EXPECT_EQ(decoded->user_properties.begin()->text, "k");
}

TEST(DisconnectTest, Decodes) {
  struct {
    Version version;
    Sender sender;
    std::string body;
    Reason refused;  // kSuccess: decoded
    Reason reason;
  } const kCases[] = {
      {Version::k311, Sender::kClient, "", Reason::kSuccess, Reason::kSuccess},
      {Version::k311, Sender::kClient, Bytes({0}), Reason::kMalformedPacket, {}},
      {Version::k5, Sender::kClient, "", Reason::kSuccess, Reason::kSuccess},
      {Version::k5, Sender::kClient, Bytes({4}), Reason::kSuccess, Reason::kDisconnectWithWill},
      {Version::k5, Sender::kClient, Bytes({0x8e}), Reason::kProtocolError, {}},  // a server's
      {Version::k5, Sender::kServer, Bytes({0x8e, 0}), Reason::kSuccess, Reason::kSessionTakenOver},
      {Version::k5, Sender::kServer, Bytes({4}), Reason::kProtocolError, {}},  // a client's
      {Version::k5, Sender::kClient, Bytes({0, 5, 17, 0, 0, 0, 9}), Reason::kSuccess,
       Reason::kSuccess},
      {Version::k5,
       Sender::kServer,
       Bytes({0, 5, 17, 0, 0, 0, 9}),
       Reason::kProtocolError,
       {}},  // [MQTT-3.14.2-2]
      {Version::k5, Sender::kClient, Bytes({0, 4, 28, 0, 1, 'x'}), Reason::kProtocolError, {}},
      {Version::k5, Sender::kServer, Bytes({0x9c, 4, 28, 0, 1, 'x'}), Reason::kSuccess,
       Reason::kUseAnotherServer},
      {Version::k5, Sender::kClient, Bytes({0, 9}), Reason::kMalformedPacket, {}},
      {Version::k5, Sender::kClient, Bytes({0, 0, 0}), Reason::kMalformedPacket, {}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::PrintToString(c.body));
    const auto disconnect = DecodeDisconnect(c.version, c.sender, c.body);
    EXPECT_EQ(disconnect.reason(), c.refused);
    if (disconnect.ok()) {
      EXPECT_EQ(disconnect->reason, c.reason);
    }
  }
}

TEST(DisconnectTest, EncodesTheShortestForm) {
  const auto encode = [](Version version, const DisconnectView& disconnect) {
    return Encoded([&](std::span<char> out) { return EncodeDisconnect(version, disconnect, out); });
  };
  DisconnectView disconnect;
  EXPECT_EQ(encode(Version::k311, disconnect), Bytes({0xe0, 0}));
  EXPECT_EQ(encode(Version::k5, disconnect), Bytes({0xe0, 0}));
  disconnect.reason = Reason::kKeepAliveTimeout;
  EXPECT_EQ(encode(Version::k311, disconnect), Bytes({0xe0, 0}));
  EXPECT_EQ(encode(Version::k5, disconnect), Bytes({0xe0, 1, 0x8d}));
  disconnect.reason_string = "x";
  EXPECT_EQ(encode(Version::k5, disconnect), Bytes({0xe0, 6, 0x8d, 4, 31, 0, 1, 'x'}));
}

TEST(AuthTest, Decodes) {
  const std::string method = Bytes({21}) + Str("m");
  struct {
    Sender sender;
    std::string body;
    Reason refused;
  } const kCases[] = {
      {Sender::kServer, "", Reason::kSuccess},
      {Sender::kClient, "", Reason::kProtocolError},  // a client cannot say success
      {Sender::kClient, Bytes({0x18}) + Props(method), Reason::kSuccess},
      {Sender::kClient, Bytes({0x19}) + Props(method), Reason::kSuccess},
      {Sender::kServer, Bytes({0x19}) + Props(method), Reason::kProtocolError},
      {Sender::kClient, Bytes({0x18}) + Props(""), Reason::kProtocolError},  // no method
      {Sender::kClient, Bytes({0x18}), Reason::kMalformedPacket},
      {Sender::kClient, Bytes({0x18}) + Props(method) + "x", Reason::kMalformedPacket},
      {Sender::kClient, Bytes({0x87}) + Props(method), Reason::kProtocolError},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(DecodeAuth(c.sender, c.body).reason(), c.refused) << testing::PrintToString(c.body);
  }
  AuthView auth;
  auth.reason = Reason::kContinueAuthentication;
  auth.method = "m";
  EXPECT_EQ(Encoded([&](std::span<char> out) { return EncodeAuth(auth, out); }),
            Bytes({0xf0, 6, 0x18}) + Props(method));
}

TEST(PingTest, HasNoBody) {
  EXPECT_EQ(NextFrame(kPingreq, 10).type, PacketType::kPingreq);
  EXPECT_EQ(NextFrame(kPingresp, 10).type, PacketType::kPingresp);
  EXPECT_EQ(CheckPing(""), Reason::kSuccess);
  EXPECT_EQ(CheckPing("x"), Reason::kMalformedPacket);
}

}  // namespace
}  // namespace sluice::mqtt
