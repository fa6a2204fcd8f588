// Loading: what a good file becomes, and what each bad one is told.
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/document.h"

namespace sluice::config {
namespace {

using testing::HasSubstr;
using testing::Not;

// The parts of a complete file; a case replaces one of them.
struct Parts {
  std::string listeners =
      "listeners: [{address: '127.0.0.1:8883', tls: {certificate: s.crt, key: s.key, client_ca: "
      "ca.crt}}]\n";
  std::string devices = "devices: {publish: ['a/{device}/#']}\n";
  std::string rules = "rules: {list: [{where: $body.t > 80}]}\n";
  std::string outputs =
      "outputs: {hub: {type: iothub, connection_string: "
      "'HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0'}}\n";

  std::string Text() const { return listeners + devices + rules + outputs; }
};

struct Loaded {
  std::optional<Config> config;
  std::string rendered;
};

Loaded LoadIt(const std::string& text) {
  Diagnostics diagnostics;
  Loaded loaded;
  loaded.config = LoadText(text, "sluice.yaml", "/etc/sluice", &diagnostics);
  loaded.rendered = diagnostics.Render();
  return loaded;
}

TEST(LoadTest, ReadsACompleteFile) {
  const Loaded loaded = LoadIt(R"(
gateway: {name: gw-01, workers: 2, state: state, max_memory: 64MiB}
listeners:
  - address: "[::1]:0"
    tls: {certificate: server.crt, key: /keys/server.key, client_ca: ca.crt, min_version: "1.3"}
    limits: {connections: 5, connect_deadline: 5s, packet_bytes: 64KiB, receive_maximum: 10, max_keep_alive: 10m}
devices:
  identity: san_uri
  client_id: any
  forbidden: disconnect
  publish: ["plant/+/{device}/#", "x/#"]
  subscribe: "commands/{device}/#"
  each: [{match: "z2m-*", publish: ["zigbee2mqtt/#"]}]
rules:
  default: forward
  assume_json: false
  profile: edgehub
  list:
    - name: hot
      from: plant/+/{unit}/telemetry
      where: $body.temperature > 80 AND $body.unit = 'C'
      set: {alert: hot, unit: $topic.unit, empty: ""}
      select: [temperature, v_rms.z]
      redact: serial
      priority: 1
      final: true
      into: [hub, log]
    - route: FROM /messages/* WHERE $body.level > 3 INTO $upstream
    - {from: "#", drop: true}
outputs:
  hub:
    type: iothub
    connection_string: "HostName=127.0.0.1:8884;DeviceId=gw-01;SharedAccessKey=c2VjcmV0"
    ca: ca.crt
    ack: received
    pack: {max_bytes: 8KiB, max_delay: 250ms}
    sas_lifetime: 2h
    overflow: drop_oldest
    ttl: 12h
  log: {type: file, path: accepted.jsonl}
spool:
  {max_bytes: 8GiB, min_free: 1GiB, overflow: drop_newest, ttl: 1h, backlog_share: 40, discard: true}
cloud: {output: hub, methods: [ping, drain], desired: rules, report_interval: 10m}
operate: {http: "127.0.0.1:9090", log_level: debug, log_format: json}
)");
  ASSERT_TRUE(loaded.config) << loaded.rendered;
  EXPECT_EQ(loaded.rendered, "");
  const Config& config = *loaded.config;
  EXPECT_EQ(config.gateway.name, "gw-01");
  EXPECT_EQ(config.gateway.workers, 2u);
  EXPECT_EQ(config.gateway.state, "/etc/sluice/state");
  EXPECT_EQ(config.gateway.max_memory, 64u << 20);

  ASSERT_EQ(config.listeners.size(), 1u);
  const ListenerOptions& listener = config.listeners[0];
  EXPECT_EQ(listener.host, "::1");
  EXPECT_EQ(listener.port, 0);
  EXPECT_EQ(listener.tls.certificate, "/etc/sluice/server.crt");
  EXPECT_EQ(listener.tls.key, "/keys/server.key");
  EXPECT_EQ(listener.tls.min_version, "1.3");
  EXPECT_EQ(listener.limits.connections, 5u);
  EXPECT_EQ(listener.limits.connect_deadline, std::chrono::seconds(5));
  EXPECT_EQ(listener.limits.packet_bytes, 64u << 10);
  EXPECT_EQ(listener.limits.receive_maximum, 10);
  EXPECT_EQ(listener.limits.max_keep_alive, std::chrono::minutes(10));

  EXPECT_EQ(config.devices.identity, IdentitySource::kSanUri);
  EXPECT_TRUE(config.devices.any_client_id);
  EXPECT_TRUE(config.devices.disconnect_forbidden);
  EXPECT_THAT(config.devices.publish, testing::ElementsAre("plant/+/{device}/#", "x/#"));
  EXPECT_THAT(config.devices.subscribe, testing::ElementsAre("commands/{device}/#"));
  ASSERT_EQ(config.devices.each.size(), 1u);
  EXPECT_EQ(config.devices.each[0].match, "z2m-*");

  EXPECT_TRUE(config.rules.forward_by_default);
  EXPECT_FALSE(config.rules.assume_json);
  EXPECT_EQ(config.rules.profile, language::Profile::kEdgeHub);
  ASSERT_EQ(config.rules.rules.size(), 3u);
  const compile::RuleSpec& hot = config.rules.rules[0];
  EXPECT_EQ(hot.name.text, "hot");
  EXPECT_EQ(hot.where->text, "$body.temperature > 80 AND $body.unit = 'C'");
  EXPECT_EQ(hot.where->line, 21u);
  EXPECT_EQ(hot.where->column, 14u);
  EXPECT_TRUE(hot.where->verbatim);
  ASSERT_EQ(hot.set.size(), 3u);
  EXPECT_EQ(hot.set[1].value.text, "$topic.unit");
  EXPECT_EQ(hot.set[2].value.text, "");
  EXPECT_EQ(hot.select.size(), 2u);
  EXPECT_EQ(hot.redact[0].text, "serial");
  EXPECT_EQ(hot.priority, 1);
  EXPECT_TRUE(hot.final_rule);
  EXPECT_EQ(hot.into[1].text, "log");
  EXPECT_EQ(config.rules.rules[1].name.text, "rule-2");
  EXPECT_TRUE(config.rules.rules[1].route);
  EXPECT_EQ(config.rules.rules[2].name.text, "rule-3");
  EXPECT_TRUE(config.rules.rules[2].drop);

  ASSERT_EQ(config.outputs.size(), 2u);
  EXPECT_EQ(config.outputs[0].name, "hub");
  EXPECT_EQ(config.outputs[0].ack, Ack::kReceived);
  EXPECT_EQ(config.outputs[0].pack.max_bytes, 8192u);
  EXPECT_EQ(config.outputs[0].pack.max_delay, std::chrono::milliseconds(250));
  EXPECT_EQ(config.outputs[0].sas_lifetime, std::chrono::hours(2));
  EXPECT_EQ(config.outputs[0].overflow, Overflow::kDropOldest);
  EXPECT_EQ(config.outputs[0].ttl, std::chrono::hours(12));
  EXPECT_EQ(config.spool.max_bytes, uint64_t{8} << 30);
  EXPECT_EQ(config.spool.min_free, 1u << 30);
  EXPECT_EQ(config.spool.overflow, Overflow::kDropNewest);
  EXPECT_EQ(config.spool.ttl, std::chrono::hours(1));
  EXPECT_EQ(config.spool.backlog_share, 40u);
  EXPECT_TRUE(config.spool.discard);
  ASSERT_TRUE(config.cloud);
  EXPECT_EQ(config.cloud->output, "hub");
  EXPECT_EQ(config.cloud->methods, (std::vector<std::string>{"ping", "drain"}));
  EXPECT_EQ(config.cloud->desired, std::vector<std::string>{"rules"});
  EXPECT_EQ(config.cloud->report_interval, std::chrono::minutes(10));
  EXPECT_EQ(config.outputs[1].type, OutputOptions::Type::kFile);
  EXPECT_EQ(config.outputs[1].ack, Ack::kStored);
  EXPECT_EQ(config.outputs[1].path, "/etc/sluice/accepted.jsonl");

  EXPECT_TRUE(config.operate.http);
  EXPECT_EQ(config.operate.http_port, 9090);
  EXPECT_TRUE(config.operate.log_json);
}

TEST(LoadTest, TextsThatDoNotStandAsTheyAreAreNotVerbatim) {
  Parts parts;
  parts.rules =
      "rules:\n  list:\n    - where: >-\n        $body.a > 1\n        AND $body.b > 2\n"
      "    - where: \"$body.a = 'x\\u0041'\"\n    - where: \"$body.c = 1\"\n";
  const Loaded loaded = LoadIt(parts.Text());
  ASSERT_TRUE(loaded.config) << loaded.rendered;
  const auto& rules = loaded.config->rules.rules;
  EXPECT_EQ(rules[0].where->text, "$body.a > 1 AND $body.b > 2");
  EXPECT_FALSE(rules[0].where->verbatim);
  EXPECT_EQ(rules[1].where->text, "$body.a = 'xA'");
  EXPECT_FALSE(rules[1].where->verbatim);
  EXPECT_TRUE(rules[2].where->verbatim);
  EXPECT_EQ(rules[2].where->column, 15u);  // behind the quote
}

TEST(LoadTest, AnchorsStandForWhatTheyName) {
  Parts parts;
  parts.devices = "devices: {publish: &topics ['a/#'], subscribe: *topics}\n";
  const Loaded loaded = LoadIt(parts.Text());
  ASSERT_TRUE(loaded.config) << loaded.rendered;
  EXPECT_EQ(loaded.config->devices.subscribe, loaded.config->devices.publish);
}

TEST(LoadTest, PointsAtTheFault) {
  Parts parts;
  parts.listeners =
      "listeners:\n  - address: localhost:8883\n"
      "    tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}\n";
  EXPECT_EQ(
      LoadIt(parts.Text()).rendered,
      "sluice.yaml:2:14: error: listeners[0].address: 'localhost:8883' is no address with a port; "
      "write 127.0.0.1:8883, [::1]:8883, or :8883 for every interface\n"
      "    - address: localhost:8883\n"
      "               ^~~~~~~~~~~~~~\n");
}

TEST(LoadTest, RefusesEachFaultInItsPlace) {
  struct {
    std::string Parts::*part;
    std::string text;
    const char* wants;
  } const kCases[] = {
      // Keys.
      {&Parts::devices, "device: {}\n",
       ":2:1: error: unknown key 'device'; did you mean 'devices'?"},
      {&Parts::devices, "devices: {publsih: []}\n",
       ":2:11: error: devices: unknown key 'publsih'; did you mean 'publish'?"},
      {&Parts::devices, "devices: {zzzzzzzz: []}\n", "known here: identity, client_id"},
      {&Parts::devices, "devices: {client_id: any, client_id: any}\n",
       ":2:27: error: devices.client_id: stands twice; the first is on line 2"},
      {&Parts::listeners, "", "error: key 'listeners' is missing"},
      {&Parts::listeners, "listeners: []\n", "error: listeners: no listener"},
      {&Parts::listeners, "listeners: {}\n", "listeners: want a list, found a map"},
      {&Parts::listeners, "listeners: [{address: ':1'}]\n",
       ":1:13: error: listeners[0]: key 'tls' is missing"},
      {&Parts::rules, "", "key 'rules' is missing"},
      {&Parts::outputs, "outputs: {}\n", "outputs: no output"},
      {&Parts::devices, "devices: {? [a] : b}\n", "a key must be text, not a list"},
      // Values.
      {&Parts::devices, "devices: {identity: CN}\n",
       "devices.identity: want one of cn, san_dns, san_uri, thumbprint, found 'CN'"},
      {&Parts::devices, "devices: {identity: san_dsn}\n", "did you mean san_dns?"},
      {&Parts::devices, "devices: {identity: }\n", "devices.identity: has no value"},
      {&Parts::devices, "gateway: {workers: 1000}\n",
       "gateway.workers: 1000 is out of range, want 0 to 256"},
      {&Parts::devices, "gateway: {workers: two}\n",
       "gateway.workers: want a whole number, found 'two'"},
      {&Parts::devices, "gateway: {workers: 1.5}\n", "want a whole number, found '1.5'"},
      {&Parts::devices, "gateway: {max_memory: 1MB}\n", "want a size such as 64KiB or 8GiB"},
      {&Parts::devices, "gateway: {max_memory: 1KiB}\n", "1KiB is out of range, want 1MiB to 1TiB"},
      {&Parts::devices, "gateway: [1]\n", ":2:10: error: gateway: want a map, found a list"},
      {&Parts::rules, "rules: {list: [{where: $body.a, drop: maybe}]}\n",
       "rules.list[0].drop: want true or false, found 'maybe'"},
      {&Parts::rules, "rules: {list: [{where: [1]}]}\n",
       "rules.list[0].where: want text, found a list"},
      {&Parts::rules, "rules: {list: [{where: ''}]}\n", "rules.list[0].where: must not be empty"},
      {&Parts::rules, "rules: {list: [{priority: 10}]}\n", "10 is out of range, want 0 to 9"},
      {&Parts::listeners,
       "listeners: [{address: ':8883', tls: {certificate: a, key: b, client_ca: c, min_version: "
       "1.1}}]\n",
       "listeners[0].tls.min_version: want one of 1.2, 1.3, found '1.1'"},
      {&Parts::listeners,
       "listeners: [{address: ':8883', tls: &t {certificate: a, key: b, client_ca: c}}, {address: "
       "':8883', tls: "
       "*t}]\n",
       "listeners[1].address: :8883 is another listener's address"},
      {&Parts::listeners, "listeners: [{address: ':1', tls: {client_ca: c}}]\n",
       "listeners[0].tls: key 'certificate' is missing"},
      {&Parts::listeners, "listeners: [{address: ':1', tls: {certificate: a, client_ca: c}}]\n",
       "listeners[0].tls: key 'key' is missing"},
      {&Parts::listeners,
       "listeners: [{address: ':1', tls: {edge: true, certificate: a, client_ca: c}}]\n",
       "listeners[0].tls: has both edge and certificate"},
      {&Parts::listeners, "listeners: [{address: ':1', tls: {edge: true}}]\n",
       "key 'client_ca' is missing"},
      {&Parts::listeners,
       "listeners: [{address: ':1', tls: {certificate: a, key: b, client_ca: c, server_name: "
       "d}}]\n",
       "a server_name without edge: true"},
      // Meaning.
      {&Parts::devices, "devices: {publish: ['a/#/b']}\n",
       "devices.publish: 'a/#/b': # must be the last level"},
      {&Parts::devices, "devices: {publish: ['a+/b']}\n", "must fill a level of their own"},
      {&Parts::devices, "devices: {publish: ['a/{devise}']}\n", "'{devise}' is no name known here"},
      {&Parts::devices, "devices: {publish: ['$SYS/#']}\n", "topics that begin with $"},
      {&Parts::rules, "rules: {list: [{name: a}, {name: a}]}\n",
       ":3:34: error: rules.list[1].name: 'a' is the name of the rule on line 3 already"},
      {&Parts::rules, "rules: {list: [{name: rule-2}, {from: a}]}\n",
       "'rule-2' is the name of the rule"},
      {&Parts::rules, "rules: {list: [{route: 'FROM /* INTO $upstream', where: 'true'}]}\n",
       "rules.list[0].where: has no place beside 'route'"},
      {&Parts::rules, "rules: {list: [{route: 'FROM /* INTO $upstream', final: true}]}\n",
       "rules.list[0].final: has no place beside 'route'"},
      {&Parts::rules, "rules: {list: [{drop: true, into: hub}]}\n",
       "rules.list[0].into: has no effect in a rule that drops"},
      {&Parts::rules, "rules: {list: [{set: {a: x, A: y}}]}\n", "names of properties ignore case"},
      // Outputs.
      {&Parts::outputs, "outputs: {log: {type: file}}\n", "outputs.log: key 'path' is missing"},
      {&Parts::outputs, "outputs: {log: {type: file, path: a, pack: none}}\n",
       ":4:38: error: outputs.log.pack: belongs to outputs of type iothub mqtt"},
      {&Parts::outputs, "outputs: {log: {type: file, path: a, ack: delivered}}\n",
       "write stored or received"},
      {&Parts::outputs, "outputs: {hub: {type: iothub}}\n", "key 'connection_string' is missing"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, edge: false}}\n",
       "key 'connection_string' is missing"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, edge: true, connection_string: x}}\n",
       "has both connection_string and edge"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, edge: true, ca: x}}\n",
       "outputs.hub.ca: with edge the runtime says whom to trust"},
      {&Parts::outputs, "outputs: {a: {type: iothub, edge: true}, b: {type: iothub, edge: true}}\n",
       "outputs.b.edge: another output has it, and a module connects once"},
      {&Parts::outputs, "outputs: {'a b': {type: file, path: x}}\n",
       "'a b' is no name of an output"},
      {&Parts::outputs, "outputs: {a: {type: file, path: x}, a: {type: file, path: x}}\n",
       "outputs.a: stands twice"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, connection_string_file: /nonexistent}}\n",
       "cannot read /nonexistent"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, connection_string: a, connection_string_file: b}}\n",
       "has both connection_string and connection_string_file"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, connection_string: '${SLUICE_TEST_UNSET}'}}\n",
       "outputs.hub.connection_string: the environment has no SLUICE_TEST_UNSET"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, connection_string: a, certificate: b}}\n",
       "certificate and key together"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, connection_string: a, dps: {id_scope: a, registration_id: b, "
       "key: c}}}\n",
       "has both connection_string and dps"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, dps: {id_scope: a, key: c}}}\n",
       "outputs.hub.dps: key 'registration_id' is missing"},
      {&Parts::outputs, "outputs: {hub: {type: iothub, dps: {id_scope: a, registration_id: b}}}\n",
       "outputs.hub.dps: has no proof of who this is"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, dps: {id_scope: a, registration_id: b, key: c, group_key: "
       "d}}}\n",
       "outputs.hub.dps: has both key and group_key"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, certificate: x, key: y, dps: {id_scope: a, registration_id: "
       "b, key: c}}}\n",
       "outputs.hub.dps: has both key and certificate of the output"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, dps: {id_scope: a-b, registration_id: b, key: c}}}\n",
       "outputs.hub.dps.id_scope: 'a-b' is no id scope"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, dps: {id_scope: a, registration_id: -b, key: c}}}\n",
       "outputs.hub.dps.registration_id: '-b' is no registration id"},
      {&Parts::outputs,
       "outputs: {hub: {type: iothub, dps: {id_scope: a, registration_id: b, key: c, endpoint: "
       "'x/y'}}}\n",
       "outputs.hub.dps.endpoint: 'x/y' is no host"},
      {&Parts::devices, "spool: {max_bytes: 1KiB}\n", "spool.max_bytes"},
      {&Parts::devices, "spool: {overflow: drop}\n", "spool.overflow"},
      {&Parts::outputs, "outputs: {log: {type: file, path: x, ttl: 1h}}\n",
       "outputs.log.ttl: belongs to outputs of type iothub mqtt"},
      {&Parts::outputs, "outputs: {b: {type: mqtt}}\n", "outputs.b: key 'address' is missing"},
      {&Parts::outputs, "outputs: {b: {type: mqtt, address: broker}}\n",
       "outputs.b.address: 'broker' is no host with a port"},
      {&Parts::outputs, "outputs: {b: {type: mqtt, address: 'b:1', password: x}}\n",
       "a password and no username"},
      {&Parts::outputs, "outputs: {b: {type: mqtt, address: 'b:1', key: x}}\n",
       "certificate and key together"},
      {&Parts::outputs, "outputs: {b: {type: mqtt, address: 'b:1', topic: 'a/{device}'}}\n",
       "outputs.b.topic: 'a/{device}': a pack holds messages of several devices"},
      {&Parts::outputs, "outputs: {b: {type: mqtt, address: 'b:1', sas_lifetime: 1h}}\n",
       "outputs.b.sas_lifetime: belongs to outputs of type iothub"},
      {&Parts::devices, "cloud: {}\n", "cloud: key 'output' is missing"},
      {&Parts::devices, "cloud: {output: nowhere}\n", "cloud.output: there is no output 'nowhere'"},
      {&Parts::outputs, "outputs: {log: {type: file, path: x}}\ncloud: {output: log}\n",
       "'log' is no output of type iothub"},
      {&Parts::devices, "cloud: {output: log, methods: [ping, kik]}\n",
       "cloud.methods: 'kik' is none of ping, stats, explain, reload, kick, drain; did you mean "
       "'kick'?"},
      {&Parts::devices, "cloud: {output: log, desired: outputs}\n",
       "cloud.desired: 'outputs' is none of rules, devices, limits, log_level"},
      // Reducers.
      {&Parts::rules, "rules: {list: [{on_change: {by: 1}}]}\n",
       "rules.list[0].on_change: key 'of' is missing"},
      {&Parts::rules, "rules: {list: [{window: {every: 1s}}]}\n",
       "rules.list[0].window: key 'select' is missing"},
      {&Parts::rules, "rules: {list: [{dedup: 30}]}\n", "rules.list[0].dedup"},
      {&Parts::rules, "rules: {list: [{sample: 0}]}\n", "rules.list[0].sample"},
      {&Parts::rules, "rules: {list: [{drop: true, rate: 5/s}]}\n",
       "has no effect in a rule that drops"},
      {&Parts::rules, "rules: {list: [{route: 'FROM /messages/* INTO $upstream', sample: 5}]}\n",
       "has no place beside 'route'"},
      {&Parts::rules, "rules: {list: [{window: {every: 1s, select: {n: COUNT(), n: COUNT()}}}]}\n",
       "stands twice"},
      // Later.
      {&Parts::outputs, "outputs: {local: {type: local}}\n",
       "outputs.local.type: not yet: outputs of type local"},
      {&Parts::listeners,
       "listeners: [{address: ':1', tls: {certificate: a, key: b, client_ca: c, crl: d}}]\n",
       "listeners[0].tls.crl: not yet"},
      // YAML.
      {&Parts::devices, "devices: {publish: [\n", "not valid YAML"},
      {&Parts::devices, "devices: !!map {}\n", "tags (!…) are not supported"},
      {&Parts::devices, "devices: &a {each: [*a]}\n", "an alias cannot stand inside what it names"},
      {&Parts::devices, "---\n", "more than one YAML document"},
      {&Parts::devices, "devices: \xff\n", "not UTF-8"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    Parts parts;
    parts.*c.part = c.text;
    const Loaded loaded = LoadIt(parts.Text());
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(loaded.rendered, HasSubstr(c.wants));
  }
}

TEST(LoadTest, ReportsAllFaultsOfAFileInItsOrder) {
  Parts parts;
  parts.devices = "devices: {identity: x, client_id: y}\n";
  parts.outputs = "outputs: {a: {type: file}}\n";
  const std::string rendered = LoadIt(parts.Text()).rendered;
  const size_t identity = rendered.find("devices.identity");
  const size_t client_id = rendered.find("devices.client_id");
  const size_t output = rendered.find("outputs.a");
  ASSERT_NE(output, std::string::npos) << rendered;
  EXPECT_LT(identity, client_id);
  EXPECT_LT(client_id, output);
}

TEST(LoadTest, NeverShowsASecret) {
  const char* const kOutputs[] = {
      "outputs: {hub: {type: iothub, connection_string: "
      "'HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0', zz: 1}}\n",
      "outputs: {hub: {type: iothub, connection_string: c2VjcmV0, zz: 1 }}\n",
      "outputs: {b: {type: mqtt, address: 'b:1', username: u, password: c2VjcmV0, zz: 1 }}\n",
      "outputs: {b: {type: mqtt, address: 'b:1', username: u, password: [c2VjcmV0, '\n",
      "outputs: {b: {type: iothub, dps: {id_scope: a, registration_id: b, key: c2VjcmV0, ]}}\n",
      "outputs: {hub: {type: iothub, dps: {id_scope: a, group_key: c2VjcmV0, zz: 1 }}}\n",
      "outputs: {hub: {type: iothub, dps: {id_scope: a, group_key: [c2VjcmV0, '\n",
      "outputs: {hub: {type: iothub, dps: {id_scope: a, key: c2VjcmV0, zz: 1 }}}\n",
      "outputs: {hub: {type: iothub, connection_string: [c2VjcmV0, '\n",
      "outputs:\n  hub:\n    type: iothub\n    connection_string: >-\n      "
      "HostName=h;DeviceId=d;\n"
      "      SharedAccessKey=c2VjcmV0\n    path: x\n",
      "outputs: {hub: {type: iothub, connection_string: "
      "\"HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0, ack: x }}\n",
  };
  for (const char* outputs : kOutputs) {
    SCOPED_TRACE(outputs);
    Parts parts;
    parts.outputs = outputs;
    const Loaded loaded = LoadIt(parts.Text());
    EXPECT_FALSE(loaded.config);
    EXPECT_NE(loaded.rendered, "");
    EXPECT_THAT(loaded.rendered, Not(HasSubstr("c2VjcmV0")));
  }
}

TEST(LoadTest, BoundsWhatAFileMayCost) {
  std::string deep = "gateway: ";
  deep.append(100, '[');
  EXPECT_THAT(LoadIt(deep + std::string(100, ']')).rendered,
              HasSubstr("nested deeper than 24 levels"));

  std::string bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [" + before;
    for (int i = 0; i < 9; ++i) bomb += "," + before;
    bomb += "]\n";
  }
  EXPECT_THAT(LoadIt(bomb).rendered, HasSubstr("values in one file"));

  EXPECT_THAT(LoadIt(std::string(kMaxFileBytes + 1, ' ')).rendered,
              HasSubstr("larger than 16 MiB"));
}

TEST(LoadTest, WarnsWhereNoDeviceMayPublish) {
  Parts parts;
  parts.devices = "";
  const Loaded loaded = LoadIt(parts.Text());
  EXPECT_TRUE(loaded.config);
  EXPECT_THAT(loaded.rendered,
              HasSubstr("warning: devices.publish: no device may publish anything"));
}

TEST(LoadTest, SaysWhyAFileCannotBeRead) {
  Diagnostics diagnostics;
  EXPECT_FALSE(LoadRules("/nonexistent/sluice.yaml", &diagnostics));
  EXPECT_THAT(diagnostics.Render(),
              HasSubstr("/nonexistent/sluice.yaml: error: cannot be read: No such file"));
}

TEST(LoadRulesTest, TakesRulesAloneOrAWholeFile) {
  Diagnostics alone;
  const auto rules =
      LoadRulesText("rules: {list: [{from: a, into: [hub, log]}]}", "r.yaml", "/", &alone);
  ASSERT_TRUE(rules) << alone.Render();
  EXPECT_FALSE(rules->config);
  ASSERT_EQ(rules->outputs.size(), 2u);
  EXPECT_EQ(rules->outputs[0].name, "hub");
  EXPECT_EQ(rules->outputs[1].name, "log");

  Diagnostics whole;
  const auto file = LoadRulesText(Parts().Text(), "c.yaml", "/", &whole);
  ASSERT_TRUE(file) << whole.Render();
  EXPECT_TRUE(file->config);
  ASSERT_EQ(file->outputs.size(), 1u);
  EXPECT_TRUE(file->outputs[0].is_packed);
}

TEST(LoadRulesTest, ReportsFaultsWithTheirKeys) {
  Diagnostics diagnostics;
  EXPECT_FALSE(LoadRulesText("rules: {list: [{form: a}]}", "r.yaml", "/", &diagnostics));
  EXPECT_THAT(
      diagnostics.Render(),
      HasSubstr("r.yaml:1:17: error: rules.list[0]: unknown key 'form'; did you mean 'from'?"));
}

}  // namespace
}  // namespace sluice::config
