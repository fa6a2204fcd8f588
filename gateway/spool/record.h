// A message on its way out: the one copy that is made of what was accepted.
//
// Records of one loop turn lie one behind the other in a RecordBatch, which moves from the worker
// to the output as a whole. A RecordView points into its batch and lives as long as the batch does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/session/ack_ticket.h"

namespace sluice::spool {

// A name and a value of a property; both are views. `is_null`: a bare key on the wire.
struct Property {
  std::string_view name;
  std::string_view value;
  bool is_null = false;
};

inline constexpr uint16_t kNoRule = 0xffff;

struct RecordView {
  uint64_t id = 0;         // sequence number; with the epoch of the process it is the message's id
  std::string_view epoch;  // of the process that took it; empty: of this one
  int64_t time_us = 0;     // of arrival, microseconds since 1970
  uint8_t priority = 5;
  uint16_t rule = kNoRule;  // first that sent it here, as RuleNames has it; kNoRule: the default
  std::string_view device;
  std::string_view topic;
  std::string_view content_type;      // data() null: undeclared
  std::string_view content_encoding;  // data() null: undeclared
  std::string_view body;
  bool body_is_json = false;  // the body was validated as a JSON document
  std::span<const Property>
      device_properties;  // what the device sent, origin and reserved names removed
  std::span<const Property> system_properties;  // device's own system properties: "messageId", …
  std::span<const Property> hub_properties;     // from `set`
  // Who waits for this record to be safe; none for QoS 0 and ack: received.
  std::optional<session::AckTicket> ticket;
};

}  // namespace sluice::spool
