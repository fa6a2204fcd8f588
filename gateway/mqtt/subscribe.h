// SUBSCRIBE and SUBACK (sections 3.8 and 3.9). Views point into the bytes they were decoded from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/mqtt/property.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

struct Subscription {
  std::string_view filter;
  uint8_t qos = 0;  // the highest at which the client wants messages

  // MQTT 5 alone.
  bool no_local = false;
  bool retain_as_published = false;
  uint8_t retain_handling =
      0;  // 0: send retained messages; 1: only to a new subscription; 2: never
};

// What a SUBSCRIBE asks for, decoded as it is iterated: `for (const Subscription& s : list)`.
class SubscriptionList {
 public:
  class Iterator {
   public:
    explicit Iterator(std::string_view bytes) : reader_(bytes) { ++*this; }
    const Subscription& operator*() const { return subscription_; }
    const Subscription* operator->() const { return &subscription_; }
    Iterator& operator++();
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    Reader reader_;
    Subscription subscription_;
    bool at_end_ = false;
  };

  SubscriptionList() = default;
  explicit SubscriptionList(std::string_view checked) : bytes_(checked) {}
  Iterator begin() const { return Iterator(bytes_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view bytes_;
};

struct SubscribeView {
  uint16_t packet_id = 0;
  SubscriptionList subscriptions;
  size_t count = 0;              // of subscriptions, at least 1
  uint32_t subscription_id = 0;  // MQTT 5; 0: none
  UserProperties user_properties;
};

Result<SubscribeView> DecodeSubscribe(Version version, std::string_view body);

// Contract of EncodePacket() in writer.h. Takes the packet's parts, as a sender has them.
size_t EncodeSubscribe(Version version, uint16_t packet_id,
                       std::span<const Subscription> subscriptions, std::span<char> out,
                       uint32_t subscription_id = 0, UserProperties user_properties = {});

// SUBACK and UNSUBACK: an outcome for each filter, in the order asked.
struct SubackView {
  uint16_t packet_id = 0;
  std::string_view reasons;  // a byte each; empty in MQTT 3.1.1's UNSUBACK
  std::optional<std::string_view> reason_string;
  UserProperties user_properties;

  Reason reason(size_t i) const { return Reason{static_cast<uint8_t>(reasons[i])}; }
};

Result<SubackView> DecodeSuback(Version version, std::string_view body);

// Contract of EncodePacket(). To MQTT 3.1.1 every refusal is 0x80 [MQTT-3.9.3-2].
size_t EncodeSuback(Version version, uint16_t packet_id, std::span<const Reason> reasons,
                    std::span<char> out,
                    std::optional<std::string_view> reason_string = std::nullopt);

}  // namespace sluice::mqtt
