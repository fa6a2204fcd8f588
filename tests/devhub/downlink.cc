#include "tests/devhub/downlink.h"

#include <fmt/format.h>

#include "gateway/mqtt/writer.h"

namespace sluice::devhub {
namespace {

// A client that does not read gets no more: what is sent at QoS 0 is lost, the rest waits.
constexpr size_t kMostOutputBytes = 4 << 20;
constexpr size_t kManyInFlight = 1000;  // far more than a queue has locked at once

}  // namespace

Downlink::Downlink(const Identity& identity, const Subscriptions& subscriptions,
                   std::string* output)
    : message_filter_(
          identity.module.empty()
              ? fmt::format("devices/{}/messages/devicebound/#", identity.device)
              : fmt::format("devices/{}/modules/{}/#", identity.device, identity.module)),
      input_filter_(
          fmt::format("devices/{}/modules/{}/inputs/#", identity.device, identity.module)),
      subscriptions_(subscriptions),
      output_(*output) {}

void Downlink::Append(std::string_view topic, std::string_view payload, uint16_t packet_id) {
  mqtt::PublishView publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = packet_id == 0 ? 0 : 1;
  publish.packet_id = packet_id;
  mqtt::AppendPacket(&output_, [&](std::span<char> out) {
    return mqtt::EncodePublish(mqtt::Version::k311, publish, out);
  });
}

bool Downlink::Send(std::string_view filter, std::string_view topic, std::string_view payload) {
  if (!subscriptions_.contains(filter) || output_.size() >= kMostOutputBytes) return false;
  Append(topic, payload, 0);
  return true;
}

bool Downlink::TwinAnswer(int status, std::string_view rid, std::optional<uint64_t> version,
                          std::string_view payload) {
  std::string topic = fmt::format("$iothub/twin/res/{}/?$rid={}", status, rid);
  if (version) topic += fmt::format("&$version={}", *version);
  return Send("$iothub/twin/res/#", topic, payload);
}

bool Downlink::DesiredChange(uint64_t version, std::string_view payload) {
  return Send("$iothub/twin/PATCH/properties/desired/#",
              fmt::format("$iothub/twin/PATCH/properties/desired/?$version={}", version), payload);
}

bool Downlink::MethodRequest(std::string_view name, uint64_t rid, std::string_view payload) {
  return Send("$iothub/methods/POST/#", fmt::format("$iothub/methods/POST/{}/?$rid={}", name, rid),
              payload);
}

uint16_t Downlink::FreePacketId() {
  do {
    ++last_packet_id_;
  } while (last_packet_id_ == 0 || in_flight_.contains(last_packet_id_));
  return last_packet_id_;
}

void Downlink::Deliver(CloudQueue* queue, int64_t steady_us) {
  auto subscription = subscriptions_.find(message_filter_);
  if (subscription == subscriptions_.end()) subscription = subscriptions_.find(input_filter_);
  if (subscription == subscriptions_.end()) return;
  // Those that ended without a PUBACK, by a purge or their life's end.
  if (in_flight_.size() >= kManyInFlight) {
    std::erase_if(in_flight_, [&](const auto& old) { return !queue->Has(old.second); });
  }
  while (output_.size() < kMostOutputBytes) {
    const CloudQueue::Entry* entry = queue->Lock(steady_us);
    if (entry == nullptr) return;
    const uint64_t sequence = entry->sequence;
    std::erase_if(in_flight_, [&](const auto& old) { return old.second == sequence; });
    if (subscription->second == 0) {
      Append(entry->message.topic, entry->message.payload, 0);
      queue->Complete(sequence);
      continue;
    }
    const uint16_t packet_id = FreePacketId();
    in_flight_[packet_id] = sequence;
    Append(entry->message.topic, entry->message.payload, packet_id);
  }
}

void Downlink::OnPuback(uint16_t packet_id, CloudQueue* queue) {
  const auto found = in_flight_.find(packet_id);
  if (found == in_flight_.end()) return;
  queue->Complete(found->second);
  in_flight_.erase(found);
}

}  // namespace sluice::devhub
