// Strangers: who is refused, told so by an alert, and counted by reason, while others notice
// nothing.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

TEST(RefusalTest, RefusesStrangersByReasonAndWithAnAlert) {
  const TestPki& pki = TestPki::Get();
  const tls::Credential good = pki.Device("press-01");
  const tls::Credential expired = pki.Expired("press-01");
  const tls::Credential foreign = pki.OfAnotherCa("press-01");
  const tls::Credential slash = pki.Device("a/b");
  const tls::Credential plus = pki.Device("+");
  struct {
    std::string_view reason;
    const tls::Credential* credential;
    int max_version;         // of TLS; 0: the newest
    std::string_view alert;  // a part of OpenSSL's text
  } const kCases[] = {
      {"no_certificate", nullptr, 0, "certificate required"},
      {"no_certificate", nullptr, TLS1_2_VERSION, "handshake failure"},
      {"expired", &expired, 0, "certificate expired"},
      {"expired", &expired, TLS1_2_VERSION, "certificate expired"},
      {"unknown_ca", &foreign, 0, "unknown ca"},
      {"protocol_version", &good, TLS1_1_VERSION, "protocol version"},
      {"bad_identity", &slash, 0, "bad certificate"},
      {"bad_identity", &plus, TLS1_2_VERSION, "bad certificate"},
  };
  TestServer server;
  Device bystander(server, "bystander");
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.reason << " TLS " << c.max_version);
    const uint64_t before = server.Refused(c.reason);
    TestClient client(server.port());
    if (client.Handshake(c.credential, c.max_version)) {
      EXPECT_TRUE(client.AtEnd());
      EXPECT_FALSE(client.timed_out());
    }
    EXPECT_NE(client.alert().find(c.alert), std::string::npos) << client.alert();
    EXPECT_TRUE(server.Eventually([&] { return server.Refused(c.reason) == before + 1; }));
    bystander.Publish("plant/x", "still here", 1, 1);
    EXPECT_EQ(bystander.Next(), "PUBACK 1");
  }
  EXPECT_TRUE(server.Eventually([&] { return server.server->Counts().handshakes_in_flight == 0; }));
}

TEST(RefusalTest, RefusesWhatIsNoTls) {
  TestServer server;
  for (const std::string_view bytes :
       {std::string_view("GET / HTTP/1.1\r\n\r\n"),
        std::string_view("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", 14)}) {
    const uint64_t before = server.Refused("not_tls");
    TestClient client(server.port());
    client.SendRaw(bytes);
    EXPECT_TRUE(server.Eventually([&] { return server.Refused("not_tls") == before + 1; }));
  }
}

// A device that shows the alert only if the connection is not reset under it: in TLS 1.3 its
// CONNECT is on the way already when the server refuses its certificate.
TEST(RefusalTest, TheAlertSurvivesDataThatTheServerNeverReads) {
  TestServer server;
  const tls::Credential foreign = TestPki::Get().OfAnotherCa("press-01");
  for (int i = 0; i < 20; ++i) {
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&foreign));
    mqtt::ConnectView connect;
    connect.client_id = "press-01";
    client.Send(Encoded(connect));
    EXPECT_TRUE(client.AtEnd());
    EXPECT_NE(client.alert().find("unknown ca"), std::string::npos) << client.alert();
  }
}

TEST(RefusalTest, TheDeadlineCoversTlsAndConnectTogether) {
  TestServer server([](ServerOptions* options) {
    options->listeners[0].limits.connect_deadline = std::chrono::milliseconds(300);
  });
  TestClient silent(server.port());
  // Sends half a ClientHello and no more.
  TestClient slow(server.port());
  slow.SendRaw(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(server.Eventually([&] { return server.Refused("timeout") == 2; }));

  // A CONNECT that drips: each byte is progress, and still the deadline ends it.
  const tls::Credential credential = TestPki::Get().Device("press-01");
  TestClient dripping(server.port());
  ASSERT_TRUE(dripping.Handshake(&credential));
  mqtt::ConnectView connect;
  const std::string client_id(4000, 'x');
  connect.client_id = client_id;
  const std::string bytes = Encoded(connect);
  size_t sent = 0;
  auto next = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.Eventually([&] {
    if (sent < bytes.size() && std::chrono::steady_clock::now() >= next) {
      dripping.Send(bytes.substr(sent++, 1));
      next += std::chrono::milliseconds(1);
    }
    return server.Refused("connect_timeout") == 1;
  }));
  EXPECT_LT(sent, bytes.size());
}

TEST(RefusalTest, CapsConnectionsAndHandshakesInFlight) {
  TestServer server([](ServerOptions* options) {
    options->listeners[0].limits.connections = 2;
    options->listeners[0].limits.handshakes = 3;
    options->listeners[0].limits.connect_deadline = std::chrono::seconds(2);
  });
  // Five strangers that say nothing: three at a time, all ended in the end.
  {
    std::vector<std::unique_ptr<TestClient>> strangers;
    for (int i = 0; i < 5; ++i) strangers.push_back(std::make_unique<TestClient>(server.port()));
    EXPECT_TRUE(server.Eventually([&] {
      EXPECT_LE(server.server->Counts().handshakes_in_flight, 3U);
      return server.Refused("timeout") == 5;
    }));
  }
  Device first(server, "press-01");
  Device second(server, "press-02");
  EXPECT_TRUE(first.connected && second.connected);
  Device third(server, "press-03");
  EXPECT_FALSE(third.connected);
  EXPECT_EQ(server.Refused("too_many"), 1U);
  first.client.Drop();
  EXPECT_TRUE(server.Eventually([&] { return Device(server, "press-03").connected; }));
}

TEST(RefusalTest, AResumedSessionIsADeviceLikeAnyOther) {
  TestServer server;
  const tls::Credential credential = TestPki::Get().Device("press-01");
  tls::X509Ptr none;
  SSL_SESSION* session = nullptr;
  {
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&credential));
    mqtt::ConnectView connect;
    connect.client_id = "press-01";
    ASSERT_TRUE(client.Connect(connect).has_value());  // reads the ticket, too
    session = SSL_get1_session(client.ssl());
    SSL_shutdown(client.ssl());
  }
  TestClient client(server.port());
  ASSERT_TRUE(client.Handshake(&credential, 0, session));
  EXPECT_EQ(SSL_session_reused(client.ssl()), 1);
  mqtt::ConnectView connect;
  connect.client_id = "press-02";  // not its identity: that is checked as ever
  const auto connack = client.Connect(connect);
  ASSERT_TRUE(connack.has_value());
  EXPECT_EQ(connack->reason, mqtt::Reason::kClientIdentifierNotValid);
  EXPECT_EQ(server.server->Counts().handshakes_resumed, 1U);
  SSL_SESSION_free(session);
}

TEST(RefusalTest, SaysWhyAnAddressCannotBeBound) {
  TestServer server;
  ServerOptions options;
  options.listeners.resize(1);
  options.listeners[0].host = "127.0.0.1";
  options.listeners[0].port = server.port();
  Recorder recorder;
  const auto made = Server::Create(options, [&](uint16_t) { return recorder.MakeSink(); });
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.status().message().find("Address already in use"), absl::string_view::npos)
      << made.status();
}

}  // namespace
}  // namespace sluice::server
