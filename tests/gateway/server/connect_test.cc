// CONNECT and what it leads to: client ids, versions, what CONNACK tells, take-over, sessions.
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::ConnectView;
using mqtt::Reason;
using mqtt::Version;

void AnyClientId(ServerOptions* options) { options->any_client_id = true; }

TEST(ConnectTest, TheClientIdIsTheIdentityUnlessAnyIsAllowed) {
  struct {
    bool any;
    Version version;
    std::string client_id;
    Reason answer;
    std::string assigned;  // "*": something
  } const kCases[] = {
      {false, Version::k311, "press-01", Reason::kSuccess, ""},
      {false, Version::k5, "press-01", Reason::kSuccess, ""},
      {false, Version::k311, "press-02", Reason::kClientIdentifierNotValid, ""},
      {false, Version::k5, "press-02", Reason::kClientIdentifierNotValid, ""},
      {false, Version::k5, "", Reason::kSuccess, "press-01"},
      {false, Version::k311, "", Reason::kSuccess, ""},
      {true, Version::k311, "anything", Reason::kSuccess, ""},
      {true, Version::k5, "anything", Reason::kSuccess, ""},
      {true, Version::k5, "", Reason::kSuccess, "*"},
      {true, Version::k311, std::string(256, 'x'), Reason::kSuccess, ""},
      {true, Version::k311, std::string(257, 'x'), Reason::kClientIdentifierNotValid, ""},
      {true, Version::k5, std::string(65535, 'x'), Reason::kClientIdentifierNotValid, ""},
  };
  TestServer strict;
  TestServer any(AnyClientId);
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message()
                 << c.any << " '" << c.client_id << "' version " << static_cast<int>(c.version));
    Device device(c.any ? any : strict, "press-01", c.version,
                  [&](ConnectView* connect) { connect->client_id = c.client_id; });
    EXPECT_EQ(device.connack.reason, c.answer);
    const std::string assigned(device.connack.assigned_client_id.value_or(""));
    if (c.assigned == "*") {
      EXPECT_FALSE(assigned.empty());
    } else {
      EXPECT_EQ(assigned, c.assigned);
    }
  }
  EXPECT_EQ(strict.Refused("client_id"), 2U);
}

TEST(ConnectTest, ConnackTellsWhatTheServerOffers) {
  TestServer server([](ServerOptions* options) {
    options->receive_maximum = 20;
    options->listeners[0].limits.packet_bytes = 5000;
    options->listeners[0].limits.max_keep_alive = std::chrono::seconds(100);
  });
  Device device(server, "press-01", Version::k5,
                [](ConnectView* connect) { connect->keep_alive_s = 0; });
  EXPECT_EQ(device.connack.receive_maximum, 20);
  EXPECT_EQ(device.connack.maximum_packet_size, 5000U);
  EXPECT_EQ(device.connack.maximum_qos, 2);
  EXPECT_EQ(device.connack.topic_alias_maximum, 0);
  EXPECT_TRUE(device.connack.retain_available);
  EXPECT_FALSE(device.connack.shared_subscription_available);
  EXPECT_FALSE(device.connack.subscription_ids_available);
  EXPECT_EQ(device.connack.server_keep_alive_s, 100);
  Device modest(server, "press-02", Version::k5,
                [](ConnectView* connect) { connect->keep_alive_s = 99; });
  EXPECT_FALSE(modest.connack.server_keep_alive_s.has_value());
}

TEST(ConnectTest, RefusesWhatIsNoAcceptableConnect) {
  struct {
    std::string_view reason;
    std::string bytes;
    std::string answer;
  } const kCases[] = {
      {"not_connect", std::string("\xc0\x00", 2), "end"},
      {"not_connect",
       std::string("\x30\x05\x00\x01"
                   "axy",
                   7),
       "end"},
      // Level 3, "MQIsdp": told in 3.1.1's words.
      {"mqtt_version",
       std::string("\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x01"
                   "a",
                   17),
       "CONNACK 00 01"},
      {"mqtt_version",
       std::string("\x10\x0d\x00\x04MQTT\x09\x02\x00\x3c\x00\x01"
                   "a",
                   15),
       "CONNACK 00 84"},
      // Reserved flag set.
      {"malformed_connect",
       std::string("\x10\x0d\x00\x04MQTT\x04\x03\x00\x3c\x00\x01"
                   "a",
                   15),
       "end"},
      // A remaining length of five bytes.
      {"malformed_connect", std::string("\x10\xff\xff\xff\xff\x01", 6), "end"},
      // Larger than any packet may be.
      {"malformed_connect", std::string("\x10\xff\xff\xff\x7f", 5), "end"},
  };
  TestServer server;
  const tls::Credential credential = TestPki::Get().Device("press-01");
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.reason << ' ' << testing::PrintToString(c.bytes));
    const uint64_t before = server.Refused(c.reason);
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&credential));
    client.Send(c.bytes);
    const auto packet = client.Read();
    if (c.answer == "end") {
      EXPECT_FALSE(packet.has_value());
    } else {
      ASSERT_TRUE(packet.has_value());
      std::string text = mqtt::PacketTypeName(packet->type);
      for (const char byte : packet->body.substr(0, 2)) {
        char hex[8];
        std::snprintf(hex, sizeof hex, " %02x", static_cast<unsigned char>(byte));
        text += hex;
      }
      EXPECT_EQ(text, c.answer);
      EXPECT_TRUE(client.AtEnd());
    }
    EXPECT_FALSE(client.timed_out());
    EXPECT_TRUE(server.Eventually([&] { return server.Refused(c.reason) == before + 1; }));
  }
}

TEST(ConnectTest, ExtendedAuthenticationIsRefused) {
  TestServer server;
  Device device(server, "press-01", Version::k5,
                [](ConnectView* connect) { connect->authentication_method = "SCRAM-SHA-1"; });
  EXPECT_EQ(device.connack.reason, Reason::kBadAuthenticationMethod);
  EXPECT_TRUE(device.client.AtEnd());
}

TEST(ConnectTest, UserNameAndPasswordAreIgnoredAndAWillIsCounted) {
  TestServer server;
  Device device(server, "press-01", Version::k5, [](ConnectView* connect) {
    connect->user_name = "nobody";
    connect->password = "wrong";
    connect->will.emplace();
    connect->will->topic = "last/words";
  });
  EXPECT_TRUE(device.connected);
  EXPECT_EQ(server.server->Counts().wills_ignored, 1U);
}

TEST(ConnectTest, ASecondConnectionTakesOverAndTheFirstIsTold) {
  TestServer server;
  for (const Version version : {Version::k311, Version::k5}) {
    Device first(server, "press-01", version);
    Device second(server, "press-01", version);
    ASSERT_TRUE(first.connected && second.connected);
    if (version == Version::k5) {
      EXPECT_EQ(first.Next(), "DISCONNECT 0x8e");
    }
    EXPECT_EQ(first.Next(), "end");
    second.Publish("a", "b", 1, 3);
    EXPECT_EQ(second.Next(), "PUBACK 3");
  }
  EXPECT_EQ(server.Closed("taken_over"), 2U);
}

TEST(ConnectTest, WhoIsKickedIsToldAndMayComeBack) {
  TestServer server(AnyClientId);
  const auto named = [](const char* client_id) {
    return [client_id](ConnectView* connect) { connect->client_id = client_id; };
  };
  Device first(server, "press-01", Version::k5, named("a"));
  Device second(server, "press-01", Version::k311, named("b"));
  Device other(server, "press-02");
  ASSERT_TRUE(first.connected && second.connected && other.connected);
  const auto kick = [&](const std::string& identity) {
    std::promise<size_t> kicked;
    server.server->Kick(identity, [&](size_t count) { kicked.set_value(count); });
    return kicked.get_future().get();
  };
  EXPECT_EQ(kick("press-03"), 0U);
  EXPECT_EQ(kick("press-01"), 2U);
  EXPECT_EQ(first.Next(), "DISCONNECT 0x98");
  EXPECT_EQ(first.Next(), "end");
  EXPECT_EQ(second.Next(), "end");
  EXPECT_EQ(kick("press-01"), 0U);
  EXPECT_EQ(server.Closed("kicked"), 2U);
  Device again(server, "press-01");
  EXPECT_TRUE(again.connected);
  other.Publish("a", "b", 1, 1);
  EXPECT_EQ(other.Next(), "PUBACK 1");
}

// Equal client ids of two identities never meet.
TEST(ConnectTest, TheSessionKeyIsIdentityAndClientId) {
  TestServer server(AnyClientId);
  const auto shared = [](ConnectView* connect) { connect->client_id = "same"; };
  Device first(server, "press-01", Version::k5, shared);
  Device second(server, "press-02", Version::k5, shared);
  first.Publish("a", "b", 1, 1);
  EXPECT_EQ(first.Next(), "PUBACK 1");
  second.Publish("a", "b", 1, 1);
  EXPECT_EQ(second.Next(), "PUBACK 1");
  EXPECT_EQ(server.Closed("taken_over"), 0U);
}

TEST(ConnectTest, SessionPresentOnlyWhereASessionIsKept) {
  TestServer server;
  const auto keep = [](ConnectView* connect) {
    connect->clean_start = false;
    connect->session_expiry_s = 1000;
  };
  const auto leave = [](Device* device) { device->client.Send({"\xe0\x00", 2}); };
  for (const Version version : {Version::k311, Version::k5}) {
    SCOPED_TRACE(static_cast<int>(version));
    const std::string name = version == Version::k5 ? "five" : "three";
    Device first(server, name, version, keep);
    EXPECT_FALSE(first.connack.session_present);
    leave(&first);
    EXPECT_EQ(first.Next(), "end");
    Device second(server, name, version, keep);
    EXPECT_TRUE(second.connack.session_present);
    leave(&second);
    EXPECT_EQ(second.Next(), "end");
    Device clean(server, name, version, [](ConnectView* connect) { connect->clean_start = true; });
    EXPECT_FALSE(clean.connack.session_present);
    leave(&clean);
    EXPECT_EQ(clean.Next(), "end");
    Device after(server, name, version, keep);
    EXPECT_FALSE(after.connack.session_present);
  }
}

TEST(ConnectTest, SessionsExpire) {
  TestServer server([](ServerOptions* options) { options->workers = 1; });
  const auto keep = [](ConnectView* connect) {
    connect->clean_start = false;
    connect->session_expiry_s = 100;
  };
  {
    Device device(server, "press-01", Version::k5, keep);
    device.client.Send({"\xe0\x00", 2});
    EXPECT_EQ(device.Next(), "end");
  }
  server.AdvanceSeconds(50);
  {
    Device device(server, "press-01", Version::k5, keep);
    EXPECT_TRUE(device.connack.session_present);
    device.client.Send({"\xe0\x00", 2});
    EXPECT_EQ(device.Next(), "end");
  }
  server.AdvanceSeconds(110);
  Device device(server, "press-01", Version::k5, keep);
  EXPECT_FALSE(device.connack.session_present);
}

}  // namespace
}  // namespace sluice::server
