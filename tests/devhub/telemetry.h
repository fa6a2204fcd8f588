// One client's device-to-cloud messages, from PUBLISH to PUBACK, and its will (sheet, section 6).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/publish.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/role.h"

namespace sluice::devhub {

class Telemetry {
 public:
  // Hub, stamp and output must outlive it.
  Telemetry(Hub& hub, const Stamp& stamp, std::string* output)
      : hub_(hub), stamp_(stamp), client_id_(stamp.identity.ClientId()), output_(*output) {}

  // `bag` is what followed the topic's fixed part. Something: why the connection must be closed.
  std::optional<Failure> OnPublish(const mqtt::PublishView& publish, std::string_view bag);
  std::optional<Failure> TakeWill(const mqtt::WillView& will, std::string_view bag);
  // The connection ended without DISCONNECT. Returns why the hub would not have it, if so.
  const HubError* PublishWill();

  // Acknowledgements that were held back by a throttle or a fault.
  std::optional<Failure> Tick(int64_t now_us);
  int64_t NextDeadline() const { return late_.empty() ? INT64_MAX : late_.front().due_us; }
  // So much waits for its late acknowledgement that reading must stop.
  bool full() const { return late_bytes_ >= kMostLateBytes; }

 private:
  struct Message {
    MessageProperties properties;
    std::string payload;
    size_t metered_bytes = 0;
  };
  struct Late {
    int64_t due_us = 0;
    Faults::Fate fate;
    uint16_t packet_id = 0;  // 0: QoS 0
    Message message;
  };
  static constexpr size_t kMostLateBytes = 16 << 20;

  std::optional<Failure> ReadProperties(std::string_view bag, bool retain, bool dup,
                                        size_t payload_bytes, Message* message);
  std::optional<Failure> Settle(const Faults::Fate& fate, uint16_t packet_id,
                                const MessageProperties& properties, std::string_view payload,
                                size_t metered_bytes);

  Hub& hub_;
  const Stamp& stamp_;
  const std::string client_id_;
  std::string& output_;
  std::optional<Message> will_;
  Message message_;  // of the publish being handled; kept for its memory
  std::vector<Property> pairs_;
  std::deque<Late> late_;
  size_t late_bytes_ = 0;
};

}  // namespace sluice::devhub
