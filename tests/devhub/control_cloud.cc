#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/devhub/control_members.h"
#include "tests/devhub/control_ops.h"
#include "tests/devhub/twin.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

// --- Cloud-to-device messages.

struct PropertyRow {
  const char* member;
  const char* key;
};
// In the order of the bag; $.mid stands in front (Cloud::Send).
constexpr PropertyRow kSystemProperties[] = {
    {"messageId", "$.mid"},  {"correlationId", "$.cid"},  {"userId", "$.uid"},
    {"contentType", "$.ct"}, {"contentEncoding", "$.ce"},
};

void ReadProperties(Members& members, Cloud::Outgoing* message) {
  for (const PropertyRow& row : kSystemProperties) {
    const std::string value = members.Text(row.member);
    if (!value.empty()) message->properties.push_back({row.key, value, false});
  }
  const Json* properties = members.Object("properties");
  if (properties == nullptr) return;
  for (const auto& [name, value] : properties->items()) {
    if (!value.is_string() && !value.is_null()) return members.Fail("properties", "texts or nulls");
    message->properties.push_back(
        {name, value.is_null() ? "" : value.get<std::string>(), value.is_null()});
  }
}

// Expiry and feedback of a cloud-to-device message; both travel with it.
void ReadDelivery(Hub& hub, Members& members, Cloud::Outgoing* message) {
  if (const auto seconds = members.Number("expirySeconds")) {
    message->life_us = Micros(seconds, 1e6);
    const UtcText expiry = FormatUtc(hub.clock().UnixMicros() + *message->life_us);
    message->properties.push_back({"$.exp", expiry.text, false});
  }
  const std::string ack = members.Text("ack");
  if (ack.empty()) return;
  message->tell_success = ack == "positive" || ack == "full";
  message->tell_failure = ack == "negative" || ack == "full";
  if (!message->tell_success && !message->tell_failure && ack != "none") {
    members.Fail("ack", "none, positive, negative or full");
  }
  message->properties.push_back({"iothub-ack", ack, false});
}

Json SendMessage(Hub& hub, Members& members) {
  Cloud::Outgoing message;
  message.to = members.Client("device");
  const bool has_id = !members.Text("messageId").empty();
  if (!has_id) message.properties.push_back({"$.mid", hub.cloud().NewMessageId(), false});
  ReadProperties(members, &message);
  ReadDelivery(hub, members, &message);
  message.payload = members.Payload();
  const std::string input = members.Text("input");
  const std::string sender = members.Text("from");  // at edgeHub: who sent what a route brings
  if (!sender.empty()) {
    const Identity from = members.Client("from");
    message.properties.push_back({"$.cdid", from.device, false});
    if (!from.module.empty()) message.properties.push_back({"$.cmid", from.module, false});
  }
  if (std::string error = members.error(); !error.empty()) return ControlError(error);
  const std::string message_id = message.properties.front().value;
  if (!IsValidId(message_id)) return ControlError("messageId: 1 to 128 of its characters");
  const Identity to = message.to;
  const auto failure = input.empty() ? hub.cloud().Send(std::move(message))
                                     : hub.cloud().SendToInput(input, std::move(message));
  if (failure) return ControlError(*failure);
  return {{"ok", true},
          {"messageId", message_id},
          {"pending", hub.cloud().QueueOf(to).entries().size()}};
}

Json ListPending(const CloudQueue& queue) {
  Json messages = Json::array();
  for (const CloudQueue::Entry& entry : queue.entries()) {
    messages.push_back({{"messageId", entry.message.message_id},
                        {"deliveries", entry.deliveries},
                        {"delivered", entry.locked_until_us != 0}});
  }
  return {{"ok", true}, {"messages", messages}};
}

Json ListFeedback(CloudQueue* queue) {
  Json feedback = Json::array();
  for (const CloudQueue::Outcome& outcome : queue->TakeOutcomes()) {
    feedback.push_back({{"originalMessageId", outcome.message_id}, {"statusCode", outcome.status}});
  }
  return {{"ok", true}, {"feedback", feedback}};
}

Json MessageCommand(Hub& hub, const Json& command) {
  Members members(command);
  const std::string kind = members.Text("kind");
  if (kind.empty() || kind == "send") return SendMessage(hub, members);
  const Identity identity = members.Client("device");
  if (std::string error = members.error(); !error.empty()) return ControlError(error);
  const bool is_message = !hub.registry().is_edge_hub();
  if (const auto failure = hub.cloud().Judge(identity, is_message)) return ControlError(*failure);
  CloudQueue& queue = hub.cloud().QueueOf(identity);
  queue.Expire(hub.clock().UnixMicros(), hub.clock().SteadyMicros());
  if (kind == "pending") return ListPending(queue);
  if (kind == "feedback") return ListFeedback(&queue);
  if (kind == "purge") return {{"ok", true}, {"purged", queue.Purge()}};
  return ControlError("kind: want send, pending, purge or feedback");
}

// --- Twins.

Json TwinCommand(Hub& hub, const Json& command) {
  Members members(command);
  const Identity identity = members.Client("device");
  const Json* desired = members.Object("desired");
  const Json* tags = members.Object("tags");
  const bool replace = members.Flag("replace", false);
  if (std::string error = members.error(); !error.empty()) return ControlError(error);
  if (const auto failure = hub.cloud().Judge(identity, /*is_message=*/false)) {
    return ControlError(*failure);
  }
  Twin& twin = hub.cloud().TwinOf(identity);
  if (tags != nullptr) {
    if (absl::Status status = twin.ChangeTags(*tags); !status.ok()) {
      return ControlError(Failure{kBadArgument, "tags: " + std::string(status.message())});
    }
  }
  if (desired != nullptr) {
    const absl::StatusOr<std::string> payload = twin.ChangeDesired(*desired, replace);
    if (!payload.ok()) {
      return ControlError(
          Failure{kBadArgument, "desired: " + std::string(payload.status().message())});
    }
    hub.cloud().NotifyDesired(identity, *payload);
  }
  Json answer = twin.ForService();
  answer["ok"] = true;
  answer["deviceId"] = identity.device;
  if (!identity.module.empty()) answer["moduleId"] = identity.module;
  return answer;
}

Json MethodAnswer(const MethodResult& result) {
  if (result.failure) return ControlError(*result.failure);
  Json payload = Json::parse(result.payload, nullptr, /*allow_exceptions=*/false);
  if (payload.is_discarded()) payload = nullptr;  // it was empty
  return {{"ok", true}, {"status", result.status}, {"payload", std::move(payload)}};
}

}  // namespace

void ControlMessage(Hub& hub, const Json& command, const ControlReply& reply) {
  reply(MessageCommand(hub, command));
}

void ControlTwin(Hub& hub, const Json& command, const ControlReply& reply) {
  reply(TwinCommand(hub, command));
}

void ControlMethod(Hub& hub, const Json& command, const ControlReply& reply) {
  Members members(command);
  Cloud::Call call;
  call.to = members.Client("device");
  call.name = members.Text("name");
  if (const Json* payload = members.Any("payload")) call.payload = payload->dump();
  call.timeout_us = Micros(members.Number("timeoutSeconds").value_or(30), 1e6);
  if (std::string error = members.error(); !error.empty()) return reply(ControlError(error));
  hub.cloud().Invoke(call, [reply](const MethodResult& result) { reply(MethodAnswer(result)); });
}

}  // namespace sluice::devhub
