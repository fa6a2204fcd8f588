#include "config/changes.h"

#include <gtest/gtest.h>

#include <string>

#include "config/load.h"

namespace sluice::config {
namespace {

constexpr char kBase[] = R"(gateway: {name: gw, workers: 2}
listeners:
  - {address: "127.0.0.1:8883", tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}, limits: {connections: 10}}
devices: {identity: cn, publish: ["a/#"]}
rules: {default: drop}
outputs:
  hub: {type: iothub, connection_string: "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0", pack: {max_delay: 1s}}
  log: {type: file, path: a.jsonl}
operate: {http: "127.0.0.1:9090", log_level: info}
)";

Config Loaded(const std::string& text) {
  Diagnostics diagnostics;
  std::optional<Config> config = LoadText(text, "sluice.yaml", "/etc", &diagnostics);
  EXPECT_TRUE(config.has_value()) << diagnostics.Render();
  return config ? *std::move(config) : Config{};
}

// kBase with `from` replaced.
std::string With(const std::string& from, const std::string& to) {
  std::string text = kBase;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// "key live, key restart".
std::string Told(const std::string& before, const std::string& after) {
  std::string told;
  for (const Change& change : CompareConfigs(Loaded(before), Loaded(after))) {
    told += (told.empty() ? "" : ", ") + change.key + (change.live ? " live" : " restart");
  }
  return told;
}

TEST(ConfigChangesTest, NamesEachKeyAndWhetherItCanChangeLive) {
  struct {
    const char* from;
    const char* to;
    const char* told;
  } const kCases[] = {
      {"workers: 2", "workers: 2", ""},
      {"rules: {default: drop}", "# moved\n\nrules: {default: drop}", ""},
      {"workers: 2", "workers: 3", "gateway.workers restart"},
      {"name: gw, ", "name: gw2, state: /x, max_memory: 1MiB, ",
       "gateway.name restart, gateway.state restart, gateway.max_memory restart"},
      {"127.0.0.1:8883", "127.0.0.1:8884", "listeners[0].address restart"},
      {"s.key", "t.key", "listeners[0].tls.key live"},
      {"connections: 10", "packet_bytes: 1KiB, receive_maximum: 5",
       "listeners[0].limits.connections live, listeners[0].limits.packet_bytes live, "
       "listeners[0].limits.receive_maximum restart"},
      {"devices:",
       "  - {address: ':1', tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}}\ndevices:",
       "listeners restart"},
      {"identity: cn", "identity: san_dns, client_id: any, forbidden: disconnect",
       "devices.identity restart, devices.client_id restart, devices.forbidden restart"},
      {"\"a/#\"", "\"b/#\"", "devices.publish live"},
      {"default: drop", "default: forward", "rules live"},
      {"c2VjcmV0", "b3RoZXI=", "outputs.hub.connection_string restart"},
      {"max_delay: 1s", "max_bytes: 8KiB", "outputs.hub.pack.max_bytes restart"},
      {"{max_delay: 1s}", "none", "outputs.hub.pack restart"},
      {"a.jsonl", "b.jsonl", "outputs.log.path restart"},
      {"type: file, path: a.jsonl", "type: mqtt, address: 'b:1', topic: t",
       "outputs.log.type restart, outputs.log.address restart, outputs.log.topic restart, "
       "outputs.log.path restart"},
      {"operate:", "spool: {ttl: 1h, discard: true}\noperate:",
       "spool.ttl restart, spool.discard live"},
      {"operate:", "cloud: {output: hub}\noperate:", "cloud restart"},
      {"log: {type", "other: {type", "outputs.log restart, outputs.other restart"},
      {"log_level: info", "log_level: debug, log_format: json",
       "operate.log_level live, operate.log_format live"},
      {":9090", ":9091", "operate.http restart"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.to);
    EXPECT_EQ(Told(kBase, With(c.from, c.to)), c.told);
  }
}

TEST(ConfigChangesTest, AnotherOrderOfOutputsIsAChange) {
  const std::string log = "  log: {type: file, path: a.jsonl}\n";
  std::string text = kBase;
  text.erase(text.find(log), log.size());
  text.insert(text.find("  hub:"), log);
  EXPECT_EQ(Told(kBase, text), "outputs (their order) restart");
}

}  // namespace
}  // namespace sluice::config
