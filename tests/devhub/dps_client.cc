#include "tests/devhub/dps_client.h"

#include <fmt/format.h>

#include <string>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/writer.h"
#include "tests/devhub/percent.h"
#include "tests/devhub/query.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

constexpr std::string_view kAnswers = "$dps/registrations/res/#";
constexpr std::string_view kRegister = "$dps/registrations/PUT/iotdps-register/";
constexpr std::string_view kPoll = "$dps/registrations/GET/iotdps-get-operationstatus/";
constexpr size_t kMostBytes = 96 << 10;  // section 4

}  // namespace

bool DpsClient::MaySubscribe(std::string_view filter) const { return filter == kAnswers; }

std::optional<Failure> DpsClient::OnPublish(const mqtt::PublishView& publish) {
  const bool registers = publish.topic.starts_with(kRegister);
  const std::string_view query =
      publish.topic.substr(registers                          ? kRegister.size()
                           : publish.topic.starts_with(kPoll) ? kPoll.size()
                                                              : 0);
  const auto rid = QueryValue(query, "$rid");
  const auto operation = QueryValue(query, "operationId");
  if (!rid || (!registers && !operation)) {
    return Failure{kBadTopic, fmt::format("\"{}\"", Printable(publish.topic))};
  }
  if (publish.payload.size() > kMostBytes) {
    return Failure{kTooLarge,
                   fmt::format("{} bytes, {} are allowed", publish.payload.size(), kMostBytes)};
  }
  if (publish.packet_id != 0) {
    char ack[mqtt::kMaxPlainAck];
    output_.append(ack, mqtt::EncodePlainAck(mqtt::PacketType::kPuback, mqtt::Version::k311,
                                             publish.packet_id, mqtt::Reason::kSuccess, ack));
  }
  if (registers) {
    Answer(*rid, dps_.Register(admission_, publish.payload));
  } else {
    std::string operation_id;
    PercentDecode(*operation, &operation_id);  // QueryValue() has seen that it can be
    Answer(*rid, dps_.Poll(admission_, operation_id));
  }
  return std::nullopt;
}

void DpsClient::Answer(std::string_view rid, const DpsAnswer& answer) {
  const auto subscription = subscriptions_.find(kAnswers);
  if (subscription == subscriptions_.end()) return;
  std::string topic = fmt::format("$dps/registrations/res/{}/?$rid={}", answer.status, rid);
  if (answer.retry_after_s) topic += fmt::format("&retry-after={}", *answer.retry_after_s);
  mqtt::PublishView publish;
  publish.topic = topic;
  publish.payload = answer.body;
  publish.qos = subscription->second;
  if (publish.qos > 0) {
    last_packet_id_ = last_packet_id_ == UINT16_MAX ? 1 : last_packet_id_ + 1;
    publish.packet_id = last_packet_id_;
  }
  mqtt::AppendPacket(&output_, [&](std::span<char> out) {
    return mqtt::EncodePublish(mqtt::Version::k311, publish, out);
  });
}

}  // namespace sluice::devhub
