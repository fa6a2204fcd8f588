// outputs: where accepted messages go. A name, a type, and the keys of that type.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "config/broker.h"
#include "config/sections.h"
#include "config/types.h"
#include "config/value.h"

namespace sluice::config {
namespace {

using Type = OutputOptions::Type;

constexpr std::string_view kTypes[] = {"iothub", "mqtt", "file"};  // in the order of Type
constexpr std::string_view kLaterTypes[] = {"local"};
constexpr std::string_view kAcks[] = {"received", "delivered", "stored"};  // in the order of Ack
constexpr std::string_view kCompressions[] = {"none", "gzip"};  // in the order of Compress

void SetBrokerAddress(Reader& reader, const OptionInfo&, const YamlNode& node,
                      const std::string& key, OutputOptions& into) {
  const std::string* const text = reader.Text(node, key);
  if (text == nullptr) return;
  std::optional<BrokerAddress> address = ParseBrokerAddress(*text);
  if (!address) {
    return reader.diagnostics().Error(node.place, key,
                                      fmt::format("'{}' is no host with a port", *text),
                                      "write broker.example:8883 or [2001:db8::1]:8883");
  }
  into.address = *text;
  into.host = std::move(address->host);
  into.port = address->port;
}

void SetAck(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
            OutputOptions& into) {
  Ack ack = into.ack;
  reader.Read(info.type, node, key, ack);
  if (into.type == Type::kFile && ack == Ack::kDelivered) {
    return reader.diagnostics().Error(node.place, key, "a file has nobody to deliver to",
                                      "write stored or received");
  }
  into.ack = ack;
}

constexpr Row<PackOptions> kPackRows[] = {
    {{"max_bytes", Size(512, 256 * kKiB), "4KiB", "Most bytes of a pack, as the hub meters them"},
     Set<&PackOptions::max_bytes>},
    {{"max_delay", Duration(0, kMinute), "1s", "Longest wait for a pack to fill"},
     Set<&PackOptions::max_delay>},
    Later<PackOptions>("format", "other formats of packs"),
    {{"compress", Choice(kCompressions), "none",
      "none, or gzip: three to four times as many messages a block; max_bytes then counts what is "
      "compressed"},
     Set<&PackOptions::compress>},
};
const SectionInfo& PackSection() {
  static const SectionInfo section = Describe<PackOptions>(
      "pack", "Several messages as one, as the hub's price wants it", kPackRows);
  return section;
}

void SetPack(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
             OutputOptions& into) {
  if (node.kind == YamlNode::Kind::kScalar) {
    into.pack.enabled = node.text != "none";
    if (!into.pack.enabled) return;
    return reader.diagnostics().Error(node.place, key,
                                      fmt::format("want none or a map, found '{}'", node.text));
  }
  ReadSection<PackOptions>(reader, node, key, kPackRows, into.pack);
}

// Keys that only some types of outputs have.
constexpr OptionInfo IotHub(std::string_view name, ValueType type, std::string_view fallback,
                            std::string_view about) {
  return {.name = name, .type = type, .fallback = fallback, .about = about, .only = "iothub"};
}
constexpr OptionInfo Mqtt(std::string_view name, ValueType type, std::string_view fallback,
                          std::string_view about) {
  return {.name = name, .type = type, .fallback = fallback, .about = about, .only = "mqtt"};
}
constexpr OptionInfo Uplink(std::string_view name, ValueType type, std::string_view fallback,
                            std::string_view about) {
  return {.name = name, .type = type, .fallback = fallback, .about = about, .only = "iothub mqtt"};
}

// `type` comes before what depends on it.
constexpr Row<OutputOptions> kOutputRows[] = {
    {{.name = "type",
      .type = Choice(kTypes),
      .fallback = "",
      .about = "What it is: iothub, mqtt (any broker) or file",
      .required = true},
     Set<&OutputOptions::type>},
    {{"ack", Choice(kAcks), "",
      "When a device's message counts as safe: stored (default) on the disk; delivered to the hub "
      "or broker; or received: at once"},
     SetAck},
    {IotHub("connection_string", kSecret, "", "HostName=…;DeviceId=…;SharedAccessKey=…"),
     Set<&OutputOptions::connection_string>},
    {IotHub("connection_string_file", kPath, "", "A file that holds the connection string instead"),
     SetSecretFile<&OutputOptions::connection_string, &OutputOptions::connection_string_file>},
    {IotHub("dps", Section(DpsSection), "", "Provisioning instead of a connection string"), SetDps},
    {Uplink("certificate", kPath, "",
            "PEM file to be known by: certificate, then intermediates; read again for each "
            "connection"),
     Set<&OutputOptions::certificate>},
    {Uplink("key", kPath, "", "PEM file: the certificate's private key"), Set<&OutputOptions::key>},
    {IotHub("edge", kBool, "false",
            "As the IoT Edge module that this is, to its edgeHub: no connection string, no ca"),
     Set<&OutputOptions::edge>},
    {Uplink("ca", kPath, "", "PEM file of CAs to trust; default: the system's"),
     Set<&OutputOptions::ca>},
    {Uplink("pack", NoneOrSection(PackSection), "", "Several messages as one; or none"), SetPack},
    {IotHub("sas_lifetime", Duration(5 * kMinute, 24 * kHour), "1h", "How long a token is valid"),
     Set<&OutputOptions::sas_lifetime>},
    {Uplink("reconnect_max", Duration(100, 10 * kMinute), "1m",
            "Longest pause between two attempts to connect; pauses grow from 1s, with jitter"),
     Set<&OutputOptions::reconnect_max>},
    {Uplink("overflow", Choice(kOverflows), "", "Instead of spool.overflow, with ack: stored"),
     SetOptional<&OutputOptions::overflow>},
    {Uplink("ttl", Duration(0, kHour * 24 * 366), "", "Instead of spool.ttl, with ack: stored"),
     SetOptional<&OutputOptions::ttl>},
    {{.name = "address",
      .type = kText,
      .fallback = "",
      .about = "The broker, by TLS: broker.example:8883",
      .required = true,
      .only = "mqtt"},
     SetBrokerAddress},
    {Mqtt("client_id", kText, "", "MQTT client id; default: gateway.name"),
     Set<&OutputOptions::client_id>},
    {Mqtt("username", kText, "", "To be known by, with password"), Set<&OutputOptions::username>},
    {Mqtt("password", kSecret, "", "Goes with username"), Set<&OutputOptions::password>},
    {Mqtt("password_file", kPath, "", "A file that holds the password instead"),
     SetSecretFile<&OutputOptions::password, &OutputOptions::password_file>},
    {Mqtt("topic", kText, "",
          "Where it publishes: {gateway}, with pack: none also {device} and {topic}, stand for "
          "these; default: sluice/{gateway}, with pack: none {topic}"),
     Set<&OutputOptions::topic>},
    {{.name = "path",
      .type = kPath,
      .fallback = "",
      .about = "JSON lines are appended to this file",
      .required = true,
      .only = "file"},
     Set<&OutputOptions::path>},
    Later<OutputOptions>("identity", "a hub connection for each device"),
    Later<OutputOptions>("governor", "pacing by the hub's quota"),
    Later<OutputOptions>("tier", "pacing by the hub's quota"),
    Later<OutputOptions>("units", "pacing by the hub's quota"),
};

// The type as written, if it is one that this version has.
std::string_view TypeOf(const YamlNode& output) {
  for (const auto& [name, value] : output.members) {
    if (name.text != "type") continue;
    const auto found = std::find(std::begin(kTypes), std::end(kTypes), value.text);
    if (found != std::end(kTypes)) return *found;
  }
  return "";
}

// Says so where the type is one of later versions; then its keys are none of our concern.
bool IsLater(Reader& reader, const YamlNode& output, const std::string& key) {
  for (const auto& [name, value] : output.members) {
    const auto end = std::end(kLaterTypes);
    if (name.text != "type" || std::find(std::begin(kLaterTypes), end, value.text) == end) continue;
    reader.diagnostics().Error(value.place, Join(key, "type"),
                               fmt::format("not yet: outputs of type {}", value.text),
                               "this version of sluice has iothub, mqtt and file");
    return true;
  }
  return false;
}

// The key `key` as written in `map`, or null.
const YamlNode* FindKey(const YamlNode& map, std::string_view key) {
  for (const auto& [name, value] : map.members) {
    if (name.text == key) return &name;
  }
  return nullptr;
}

const YamlNode* ValueOf(const YamlNode& map, std::string_view key) {
  for (const auto& [name, value] : map.members) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

void CheckKeysOfType(Reader& reader, const YamlNode& output, const std::string& key,
                     std::string_view type) {
  for (const OptionInfo& option : OutputSection().options) {
    if (option.only.empty()) continue;
    const YamlNode* const name = FindKey(output, option.name);
    const bool belongs = BelongsTo(option, type);
    if (!belongs && name != nullptr) {
      reader.diagnostics().Error(name->place, Join(key, option.name),
                                 fmt::format("belongs to outputs of type {}", option.only));
    }
    if (belongs && option.required && name == nullptr) {
      reader.diagnostics().Error(output.place, key, fmt::format("key '{}' is missing", option.name),
                                 std::string(option.about));
    }
  }
}

// The names of `names` that stand in `map`.
std::vector<std::string> Written(const YamlNode& map,
                                 std::initializer_list<std::string_view> names) {
  std::vector<std::string> written;
  for (const std::string_view name : names) {
    if (FindKey(map, name) != nullptr) written.emplace_back(name);
  }
  return written;
}

void Refuse(Reader& reader, const YamlNode& node, const std::string& key, const std::string& fault,
            const std::string& hint) {
  reader.diagnostics().Error(node.place, key, fault, hint);
}

void CheckCertificate(Reader& reader, const YamlNode& node, const std::string& key) {
  if (Written(node, {"certificate", "key"}).size() != 1) return;
  Refuse(reader, node, key, "wants certificate and key together", "write both, or neither");
}

// Exactly one says who the gateway is at the hub.
void CheckHub(Reader& reader, const YamlNode& node, const std::string& key,
              const OutputOptions& output) {
  auto ways = Written(node, {"connection_string", "connection_string_file", "dps"});
  if (output.edge) ways.emplace_back("edge");
  const std::string want = "want one of connection_string, connection_string_file, dps, edge";
  if (ways.empty()) return Refuse(reader, node, key, "key 'connection_string' is missing", want);
  if (ways.size() > 1) {
    return Refuse(reader, node, key, fmt::format("has both {} and {}", ways[0], ways[1]), want);
  }
  if (output.edge) {
    for (const std::string& name : Written(node, {"ca", "certificate", "key"}))
      Refuse(reader, node, Join(key, name), "with edge the runtime says whom to trust and signs",
             "");
  }
  if (ways[0] != "dps") return;
  const YamlNode& dps = *ValueOf(node, "dps");
  auto proofs = Written(dps, {"key", "key_file", "group_key", "group_key_file"});
  if (FindKey(node, "certificate") != nullptr) proofs.emplace_back("certificate of the output");
  if (proofs.size() == 1) return;
  Refuse(reader, dps, Join(key, "dps"),
         proofs.empty() ? "has no proof of who this is"
                        : fmt::format("has both {} and {}", proofs[0], proofs[1]),
         "want one of key, key_file, group_key, group_key_file, or the output's certificate and "
         "key");
}

// What must go together, or must not.
void CheckBroker(Reader& reader, const YamlNode& node, const std::string& key,
                 const OutputOptions& output) {
  const auto passwords = Written(node, {"password", "password_file"});
  if (passwords.size() > 1)
    Refuse(reader, node, key, "has both password and password_file", "want one of them");
  if (!passwords.empty() && FindKey(node, "username") == nullptr) {
    Refuse(reader, node, key, "has a password and no username",
           "MQTT sends a password with a user name only");
  }
  const std::string fault = CheckBrokerTopic(BrokerTopicOf(output), output.pack.enabled);
  if (fault.empty()) return;
  const YamlNode* const topic = FindKey(node, "topic");
  reader.diagnostics().Error(topic == nullptr ? node.place : topic->place, Join(key, "topic"),
                             fmt::format("'{}': {}", output.topic, fault));
}

// Names of outputs are labels of metrics and members of verdicts.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

void ReadOutput(Reader& reader, const YamlNode& node, const std::string& key,
                OutputOptions& output) {
  if (node.kind == YamlNode::Kind::kMap && IsLater(reader, node, key)) return;
  const std::string_view type = TypeOf(node);
  ReadSection<OutputOptions>(reader, node, key, kOutputRows, output);
  if (!type.empty()) CheckKeysOfType(reader, node, key, type);
  if (type == "iothub") CheckHub(reader, node, key, output);
  if (type == "mqtt") CheckBroker(reader, node, key, output);
  if (type == "iothub" || type == "mqtt") CheckCertificate(reader, node, key);
}

}  // namespace

void SetOutputs(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                Config& into) {
  if (!reader.Expect(YamlNode::Kind::kMap, node, key)) return;
  if (node.members.empty()) {
    reader.diagnostics().Error(node.place, key, "no output, so no message can go anywhere");
  }
  for (const auto& [name, value] : node.members) {
    const std::string output_key = Join(key, name.text);
    const auto same = [&name = name](const OutputOptions& other) {
      return other.name == name.text;
    };
    if (std::any_of(into.outputs.begin(), into.outputs.end(), same)) {
      reader.diagnostics().Error(name.place, output_key, "stands twice");
      continue;
    }
    if (!IsName(name.text)) {
      reader.diagnostics().Error(name.place, key,
                                 fmt::format("'{}' is no name of an output", name.text),
                                 "want 1 to 64 of letters, digits, - _ .");
    }
    OutputOptions& output = into.outputs.emplace_back();
    output.name = name.text;
    ReadOutput(reader, value, output_key, output);
  }
  // A module is one client of its edgeHub: a second connection would end the first.
  bool has_edge = false;
  for (const OutputOptions& output : into.outputs) {
    if (output.edge && has_edge) {
      const std::string edge = Join(Join(key, output.name), "edge");
      reader.diagnostics().Error(reader.diagnostics().PlaceOf(edge), edge,
                                 "another output has it, and a module connects once");
    }
    has_edge = has_edge || output.edge;
  }
}

std::string_view AckText(Ack ack) { return kAcks[static_cast<size_t>(ack)]; }

const SectionInfo& OutputSection() {
  static const SectionInfo section =
      Describe<OutputOptions>("output", "Where accepted messages go", kOutputRows);
  return section;
}

}  // namespace sluice::config
