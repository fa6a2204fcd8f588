// The configuration as loaded: plain data, immutable once loaded, shared by all threads as a
// snapshot.
//
// Relative paths have been made absolute against the file's folder. Sizes are bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/rule_spec.h"

namespace sluice::config {

struct GatewayOptions {
  std::string name;      // default: the host's name
  uint32_t workers = 0;  // 0: one a core
  std::string state = "/var/lib/sluice";
  uint64_t max_memory =
      256 << 20;  // bytes of accepted messages that wait for an output (ack: delivered)

  bool operator==(const GatewayOptions&) const = default;
};

struct TlsOptions {
  std::string certificate;
  std::string key;
  std::string client_ca;
  std::string min_version = "1.2";  // "1.2" or "1.3"
  bool edge = false;        // certificate and key by the IoT Edge runtime, in place of the files
  std::string server_name;  // of that certificate; empty: the edge device's

  bool operator==(const TlsOptions&) const = default;
};

// Caps on what a stranger can spend at one listener.
struct LimitOptions {
  uint32_t connections = 10'000;
  uint32_t handshakes = 256;                           // in flight
  std::chrono::milliseconds connect_deadline{10'000};  // absolute, from accept to CONNECT
  uint32_t packet_bytes = 256 * 1024 + 4096;           // largest MQTT packet
  uint32_t topic_bytes = 1024;
  uint32_t topic_levels = 32;
  uint16_t receive_maximum = 64;
  std::chrono::seconds max_keep_alive{3600};

  bool operator==(const LimitOptions&) const = default;
};

struct ListenerOptions {
  std::string host;  // of `address`: "127.0.0.1", "::", "" for any
  uint16_t port = 0;
  std::string address;  // as written
  TlsOptions tls;
  LimitOptions limits;

  bool operator==(const ListenerOptions&) const = default;
};

enum class IdentitySource { kCommonName, kSanDns, kSanUri, kThumbprint };

struct DeviceTemplates {
  std::string match;  // glob over identities
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;

  bool operator==(const DeviceTemplates&) const = default;
};

struct DeviceOptions {
  IdentitySource identity = IdentitySource::kCommonName;
  bool any_client_id = false;  // false: must equal the identity
  bool disconnect_forbidden = false;
  std::vector<std::string> publish;  // topic filters in which {device} is the identity
  std::vector<std::string> subscribe;
  std::vector<DeviceTemplates> each;

  bool operator==(const DeviceOptions&) const = default;
};

// What gives way when a spool is full.
enum class Overflow { kBlock, kDropOldest, kDropNewest };

// Messages on the disk, of `ack: stored`. Of each output.
struct SpoolOptions {
  uint64_t max_bytes = 1 << 30;
  uint64_t min_free = 64 << 20;  // of the disk: the spool does not grow where there is less
  Overflow overflow = Overflow::kBlock;
  std::chrono::milliseconds ttl{0};  // 0: none
  uint32_t backlog_share = 25;       // percent of what is sent while newer messages wait too
  bool discard = false;              // of outputs that are gone

  bool operator==(const SpoolOptions&) const = default;
};

enum class Ack { kReceived, kDelivered, kStored };

enum class Compress { kNone, kGzip };

struct PackOptions {
  bool enabled = true;        // pack: none
  uint64_t max_bytes = 4096;  // of what the hub meters, properties included
  std::chrono::milliseconds max_delay{1000};
  Compress compress = Compress::kNone;

  bool operator==(const PackOptions&) const = default;
};

// Where an identity at a hub is had from, instead of a connection string.
struct DpsOptions {
  std::string id_scope;
  std::string registration_id;
  std::string endpoint = "global.azure-devices-provisioning.net";  // as written
  std::string host = endpoint;
  uint16_t port = 8883;

  // One of these; none: the output's certificate.
  std::string key;  // base64, secrets, never logged
  std::string key_file;
  std::string group_key;
  std::string group_key_file;

  bool operator==(const DpsOptions&) const = default;
};

struct OutputOptions {
  enum class Type { kIotHub, kMqtt, kFile };

  std::string name;
  Type type = Type::kIotHub;
  Ack ack = Ack::kStored;  // file: after fdatasync; the others: in their spool

  // iothub
  std::string connection_string;       // a secret, never logged; not parsed yet
  std::string connection_string_file;  // which it was read from; empty: it stood in place
  bool edge = false;                   // in place of both: as the IoT Edge module that we are
  std::chrono::seconds sas_lifetime{3600};
  std::optional<DpsOptions> dps;  // instead of the connection string

  // mqtt
  std::string address;  // as written
  std::string host;     // of `address`
  uint16_t port = 0;
  std::string client_id;  // empty: the gateway's name
  std::string username;
  std::string password;       // a secret, never logged
  std::string password_file;  // which it was read from; empty: it stood in place
  std::string topic;          // with names in braces (broker.h); empty: BrokerTopicOf()

  // iothub and mqtt
  std::string certificate;  // PEM files, to be known by; empty: none
  std::string key;
  std::string ca;  // PEM bundle; empty: the system's
  PackOptions pack;
  std::chrono::milliseconds reconnect_max{60'000};  // longest pause between two attempts
  std::optional<Overflow> overflow;                 // instead of the spool's
  std::optional<std::chrono::milliseconds> ttl;

  // file
  std::string path;

  bool operator==(const OutputOptions&) const = default;
};

// Of an output of type mqtt, its default filled in.
inline std::string BrokerTopicOf(const OutputOptions& output) {
  if (!output.topic.empty()) return output.topic;
  return output.pack.enabled ? "sluice/{gateway}" : "{topic}";
}

struct OperateOptions {
  std::string http_host;
  uint16_t http_port = 0;
  bool http = false;
  std::string log_level = "info";
  bool log_json = false;

  bool operator==(const OperateOptions&) const = default;
};

// Direct methods that a gateway can answer, and sections that something else than the file may
// replace.
inline constexpr std::string_view kCloudMethods[] = {"ping",   "stats", "explain",
                                                     "reload", "kick",  "drain"};
inline constexpr std::string_view kOverlaySections[] = {"rules", "devices", "limits", "log_level"};

// What the hub may see of the gateway and do to it.
struct CloudOptions {
  std::string output;  // of type iothub: its identity is the gateway's own
  std::vector<std::string> methods = {"ping", "stats", "explain"};  // those that are answered
  std::vector<std::string> desired;  // sections that desired properties may replace
  std::chrono::milliseconds report_interval{3'600'000};  // of counters; 0: none

  bool operator==(const CloudOptions&) const = default;
};

struct Config {
  std::string file;
  GatewayOptions gateway;
  std::vector<ListenerOptions> listeners;
  DeviceOptions devices;
  compile::RuleSetSpec rules;
  std::vector<OutputOptions> outputs;  // in the order written
  SpoolOptions spool;
  OperateOptions operate;
  std::optional<CloudOptions> cloud;  // absent: the hub is not listened to
};

}  // namespace sluice::config
