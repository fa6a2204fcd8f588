// The output of type `mqtt`: any broker by MQTT 3.1.1 over TLS, at QoS 1.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/uplink/uplink_output.h"

namespace sluice::uplink {

struct MqttOptions {
  std::string name;  // of the output, for the log
  std::string host;  // its certificate must carry this name
  uint16_t port = 8883;
  std::string client_id;
  std::string user_name;  // empty: none, and no password
  std::string password;
  std::string ca_file;           // PEM bundle; empty: the system's
  std::string certificate_file;  // PEM; empty: no certificate is shown
  std::string key_file;
  std::string topic;  // BrokerComposer's
  bool pack = true;
  bool gzip = false;  // packs are compressed
  uint64_t max_bytes = 4096;
  std::chrono::milliseconds max_delay{1000};
  std::string epoch;  // first half of every id: see MakeEpoch()
  // For tests: anything of the sender's own options but credentials and packing.
  SenderOptions sender;
};

UplinkOptions UplinkOptionsOf(const MqttOptions& options);

}  // namespace sluice::uplink
