// A gateway made from a configuration file: that its parts get what the file says.
#include "gateway/commands/gateway.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "gateway/commands/config_file.h"
#include "tests/gateway/server/test_client.h"
#include "tests/gateway/server/test_pki.h"

namespace sluice::commands {
namespace {

using server::TestClient;
using server::TestPki;

// `listener` is added to the only listener, in YAML's flow style.
std::unique_ptr<Gateway> Start(const std::string& listener) {
  const std::string path = TestPki::Get().path("gateway.yaml");
  std::ofstream(path)
      << "listeners:\n"
         "  - {address: '127.0.0.1:0', tls: {certificate: server.crt, key: server.key, "
         "client_ca: ca.crt}"
      << listener
      << "}\n"
         "devices: {publish: ['#']}\n"
         "rules: {default: drop}\n"
         "outputs: {log: {type: file, path: accepted.jsonl}}\n";
  config::Diagnostics diagnostics;
  std::optional<ConfigFile> loaded = LoadConfigFile(path, &diagnostics);
  if (!loaded || !loaded->file.config || loaded->program == nullptr) {
    ADD_FAILURE() << diagnostics.Render();
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Create(
      *std::move(loaded->file.config), std::move(loaded->program), std::move(loaded->connections));
  if (!gateway.ok()) {
    ADD_FAILURE() << gateway.status();
    return nullptr;
  }
  (*gateway)->Start();
  return *std::move(gateway);
}

TEST(GatewayTest, ConnackTellsTheLimitsOfTheFile) {
  struct {
    const char* limits;
    uint16_t receive_maximum;
    uint32_t packet_bytes;
  } const kCases[] = {
      {", limits: {receive_maximum: 10, packet_bytes: 8KiB}", 10, 8192},
      {", limits: {receive_maximum: 100}", 100, 260 * 1024},
      {"", 64, 260 * 1024},
  };
  const tls::Credential credential = TestPki::Get().Device("press-01");
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.limits);
    const std::unique_ptr<Gateway> gateway = Start(c.limits);
    ASSERT_NE(gateway, nullptr);
    TestClient client(gateway->server().listener(0).port());
    ASSERT_TRUE(client.Handshake(&credential));
    mqtt::ConnectView connect;
    connect.version = mqtt::Version::k5;
    connect.client_id = "press-01";
    const std::optional<mqtt::ConnackView> connack = client.Connect(connect);
    ASSERT_TRUE(connack.has_value());
    EXPECT_EQ(connack->receive_maximum, c.receive_maximum);
    EXPECT_EQ(connack->maximum_packet_size, c.packet_bytes);
  }
}

}  // namespace
}  // namespace sluice::commands
