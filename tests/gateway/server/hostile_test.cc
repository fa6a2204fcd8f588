// Devices that send what no device should: nothing breaks, and others notice nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>
#include <string>
#include <vector>

#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Version;

// A plausible conversation, to be damaged.
std::string Conversation(Version version, const std::string& name) {
  mqtt::ConnectView connect;
  connect.version = version;
  connect.client_id = name;
  std::string bytes = Encoded(connect);
  for (uint16_t id = 1; id <= 6; ++id) {
    mqtt::PublishView publish;
    publish.topic = "plant/line/telemetry";
    publish.payload = "{\"temperature\": 21.5}";
    publish.qos = id % 3;
    publish.packet_id = publish.qos > 0 ? id : 0;
    bytes += Encoded(version, publish);
    if (publish.qos == 2) bytes += std::string("\x62\x02\x00", 3) + static_cast<char>(id);
  }
  const mqtt::Subscription asked[] = {{"commands/#", 1}};
  mqtt::AppendPacket(&bytes,
                     [&](std::span<char> out) { return EncodeSubscribe(version, 5, asked, out); });
  return bytes + std::string("\xc0\x00\xe0\x00", 4);
}

TEST(HostileTest, DamagedConversationsBreakNothing) {
  TestServer server;
  Device bystander(server, "bystander");
  const tls::Credential credential = TestPki::Get().Device("press-01");
  std::mt19937 random(20240607);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    std::string bytes = Conversation(round % 2 == 0 ? Version::k5 : Version::k311, "press-01");
    for (size_t damage = 1 + below(4); damage > 0; --damage) {
      switch (below(3)) {
        case 0:
          bytes[below(bytes.size())] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.erase(below(bytes.size()), 1 + below(4));
          break;
        default:
          bytes.insert(below(bytes.size()), 1 + below(4), static_cast<char>(below(256)));
          break;
      }
      if (bytes.empty()) bytes = "x";
    }
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&credential));
    for (size_t at = 0; at < bytes.size();) {
      const size_t cut = 1 + below(200);
      client.Send(std::string_view(bytes).substr(at, cut));
      at += cut;
    }
    client.Drop();
  }
  bystander.Publish("a", "still here", 1, 1);
  EXPECT_EQ(bystander.Next(), "PUBACK 1");
  // Every one of them is accounted for: refused or closed.
  EXPECT_TRUE(server.Eventually([&] {
    const ServerCounts counts = server.server->Counts();
    uint64_t ended = 0;
    for (const auto& [reason, count] : counts.refused) ended += count;
    for (const auto& [reason, count] : counts.closed) ended += count;
    return ended == 150 && counts.connections == 1;
  }));
}

TEST(HostileTest, NoiseInsteadOfTlsIsEndedAndCounted) {
  TestServer server;
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    std::string bytes(1 + random() % 600, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) bytes.replace(0, 3, "\x16\x03\x01");  // looks like a handshake
    TestClient client(server.port());
    client.SendRaw(bytes);
    client.Drop();
  }
  EXPECT_TRUE(server.Eventually([&] {
    uint64_t refused = 0;
    for (const auto& [reason, count] : server.server->Counts().refused) refused += count;
    return refused == 100;
  }));
}

// Without a descriptor left, who knocks is sent away at once, and when there are some again all is
// as before.
TEST(HostileTest, RunningOutOfDescriptorsIsSurvived) {
  TestServer server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  Device device(server, "press-01");
  TestClient late(server.port());
  std::vector<UniqueFd> filler;
  const rlimit tight{200, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  while (true) {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    filler.push_back(std::move(fd));
  }
  filler.pop_back();  // for the client's own end
  TestClient unlucky(server.port());
  EXPECT_TRUE(server.Eventually([&] { return server.server->Counts().accept_failures > 0; }));
  device.Publish("a", "b", 1, 1);
  EXPECT_EQ(device.Next(), "PUBACK 1");
  filler.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(server.Eventually([&] { return Device(server, "press-02").connected; }));
}

}  // namespace
}  // namespace sluice::server
