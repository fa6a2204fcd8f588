// What outputs of type mqtt say of their broker: its address, and topics with names in braces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

struct BrokerAddress {
  std::string host;  // a name or an IP address, without brackets
  uint16_t port = 0;
};

// "broker.example:8883", "192.0.2.7:8883", "[2001:db8::1]:8883".
std::optional<BrokerAddress> ParseBrokerAddress(std::string_view text);

// What is wrong with a topic, or empty. {gateway}, {device} and {topic} are names; the latter two
// only where messages travel one by one.
std::string CheckBrokerTopic(std::string_view topic, bool packed);

}  // namespace sluice::config
