#include "tests/devhub/telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gateway/mqtt/ack.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

// The hub's own property in place of any that the sender named so. It is not metered.
void Flag(const char* name, MessageProperties* properties) {
  std::erase_if(properties->application, [name](const Property& property) {
    return EqualsIgnoringCase(property.name, name);
  });
  properties->application.push_back({name, "true", false});
}

}  // namespace

std::optional<Failure> Telemetry::ReadProperties(std::string_view bag, bool retain, bool dup,
                                                 size_t payload_bytes, Message* message) {
  absl::Status status = ParseBag(bag, &pairs_);
  if (status.ok()) status = SortProperties(std::move(pairs_), &message->properties);
  if (!status.ok()) return Failure{kBadProperties, std::string(status.message())};
  message->metered_bytes = payload_bytes + MeteredSize(message->properties);
  if (message->metered_bytes > kMaxMessageBytes) {
    return Failure{kTooLarge, fmt::format("{} bytes, {} are allowed", message->metered_bytes,
                                          kMaxMessageBytes)};
  }
  if (retain) Flag("mqtt-retain", &message->properties);  // not retained, but flagged (section 6)
  if (dup) Flag("mqtt-dup", &message->properties);
  return std::nullopt;
}

std::optional<Failure> Telemetry::TakeWill(const mqtt::WillView& will, std::string_view bag) {
  Message message;
  if (auto failure = ReadProperties(bag, will.retain, false, will.payload.size(), &message)) {
    return failure;
  }
  message.payload = will.payload;
  message.properties.application.push_back({"iothub-MessageType", "Will", false});
  will_ = std::move(message);
  return std::nullopt;
}

const HubError* Telemetry::PublishWill() {
  if (!will_) return nullptr;
  const Message will = *std::exchange(will_, std::nullopt);
  return hub_.Store(stamp_, client_id_, will.properties, will.payload, will.metered_bytes);
}

std::optional<Failure> Telemetry::OnPublish(const mqtt::PublishView& publish,
                                            std::string_view bag) {
  const bool flag_dup = publish.dup && hub_.registry().is_edge_hub();
  if (auto failure =
          ReadProperties(bag, publish.retain, flag_dup, publish.payload.size(), &message_)) {
    return failure;
  }
  const Faults::Fate fate = hub_.Judge(client_id_);
  if (fate.close != nullptr) return Failure{*fate.close, "a publish, by throttle or fault"};
  if (fate.delay_us == 0 && late_.empty()) {
    return Settle(fate, publish.packet_id, message_.properties, publish.payload,
                  message_.metered_bytes);
  }
  // Acknowledgements keep the order of the publishes [MQTT-4.6.0-2].
  const int64_t due_us = hub_.clock().SteadyMicros() + fate.delay_us;
  message_.payload = publish.payload;
  late_bytes_ += message_.metered_bytes;
  late_.push_back({late_.empty() ? due_us : std::max(due_us, late_.back().due_us), fate,
                   publish.packet_id, std::move(message_)});
  message_ = {};
  return std::nullopt;
}

std::optional<Failure> Telemetry::Settle(const Faults::Fate& fate, uint16_t packet_id,
                                         const MessageProperties& properties,
                                         std::string_view payload, size_t metered_bytes) {
  if (fate.store) {
    if (const HubError* refused =
            hub_.Store(stamp_, client_id_, properties, payload, metered_bytes)) {
      return Failure{*refused, "a publish above the day's quota"};
    }
  }
  if (packet_id == 0 || !fate.acknowledge) return std::nullopt;
  char ack[mqtt::kMaxPlainAck];
  output_.append(ack, mqtt::EncodePlainAck(mqtt::PacketType::kPuback, mqtt::Version::k311,
                                           packet_id, mqtt::Reason::kSuccess, ack));
  return std::nullopt;
}

std::optional<Failure> Telemetry::Tick(int64_t now_us) {
  while (!late_.empty() && late_.front().due_us <= now_us) {
    const Late late = std::move(late_.front());
    late_.pop_front();
    late_bytes_ -= late.message.metered_bytes;
    if (auto failure = Settle(late.fate, late.packet_id, late.message.properties,
                              late.message.payload, late.message.metered_bytes)) {
      return failure;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::devhub
