#include "tests/devhub/cloud.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/devhub/hub.h"
#include "tests/devhub/hub_client.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/twin.h"

namespace sluice::devhub {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr size_t kMostMessageBytes = 64 << 10;  // section 8
constexpr size_t kMostMethodBytes = 128 << 10;  // section 10
constexpr int64_t kDefaultLifeUs = 3600 * kSecond;
constexpr int64_t kMostLifeUs = int64_t{2} * 86'400 * kSecond;
constexpr int64_t kLeastTimeoutUs = 5 * kSecond;
constexpr int64_t kMostTimeoutUs = 300 * kSecond;

// A level of a topic that MQTT allows to publish to.
bool IsMethodName(const std::string& name) {
  return IsValidId(name) && name.find_first_of("+#") == name.npos;
}

}  // namespace

Cloud::Cloud(Hub& hub) : hub_(hub) {}
Cloud::~Cloud() = default;

std::optional<Failure> Cloud::Judge(const Identity& identity, bool is_message) const {
  const Registry& registry = hub_.registry();
  if (registry.Find(identity) == nullptr) {
    return Failure{identity.module.empty() ? kDeviceNotFound : kModuleNotFound,
                   "devices.json does not list it"};
  }
  if (registry.is_basic()) {
    return Failure{kNotInTier,
                   fmt::format("tier {} has no cloud-to-device messages, methods, twins",
                               registry.tier().name)};
  }
  if (is_message && !identity.module.empty()) {
    return Failure{kNotForModules, "modules receive no cloud-to-device messages"};
  }
  return std::nullopt;
}

std::optional<Failure> Cloud::Charge(size_t bytes) {
  if (hub_.Bill(bytes)) return std::nullopt;
  return Failure{kQuotaExceeded, "the day's quota is used up"};
}

std::string Cloud::NewMessageId() { return fmt::format("c2d-{}", next_message_id_++); }

std::optional<Failure> Cloud::Queue(Outgoing message, const std::string& topic_prefix,
                                    size_t most_bytes) {
  size_t size = message.payload.size();
  for (const Property& property : message.properties) {
    size += (property.name.starts_with('$') ? 0 : property.name.size()) + property.value.size();
  }
  if (size > most_bytes) {
    return Failure{kTooLarge, fmt::format("{} bytes, {} are allowed", size, most_bytes)};
  }
  CloudQueue& queue = QueueOf(message.to);
  const int64_t now_us = hub_.clock().UnixMicros();
  queue.Expire(now_us, hub_.clock().SteadyMicros());
  if (queue.full()) return Failure{kQueueFull, "too many messages wait for this client"};
  CloudMessage queued;
  for (const Property& property : message.properties) {
    if (property.name == "$.mid") queued.message_id = property.value;
  }
  queued.topic = topic_prefix + WriteBag(message.properties);
  if (queued.topic.size() > 65'535) return Failure{kTooLarge, "the topic is above 65535 bytes"};
  queued.payload = std::move(message.payload);
  if (message.life_us) queued.expires_us = now_us + *message.life_us;
  queued.tell_success = message.tell_success;
  queued.tell_failure = message.tell_failure;
  if (auto failure = Charge(size)) return failure;
  queue.Add(std::move(queued));
  if (HubClient* client = hub_.Find(message.to)) client->DeliverMessages();
  return std::nullopt;
}

std::optional<Failure> Cloud::Send(Outgoing message) {
  if (auto failure = Judge(message.to, /*is_message=*/true)) return failure;
  message.life_us = message.life_us.value_or(kDefaultLifeUs);
  if (*message.life_us > kMostLifeUs) return Failure{kBadArgument, "a life above 2 days"};
  TierLimits* limits = hub_.limits();
  if (limits != nullptr && !limits->TakeCloudMessage(hub_.clock().SteadyMicros())) {
    return Failure{kThrottled, "cloud-to-device messages above the tier's rate"};
  }
  const std::string end = fmt::format("devices/{}/messages/devicebound", message.to.device);
  message.properties.insert(message.properties.begin() + 1, {"$.to", "/" + end, false});
  return Queue(std::move(message), end + "/", kMostMessageBytes);
}

std::optional<Failure> Cloud::SendToInput(const std::string& input, Outgoing message) {
  if (!hub_.registry().is_edge_hub()) {
    return Failure{kBadArgument, "inputs are edgeHub's: devices.json lacks \"edgeHub\""};
  }
  if (hub_.registry().Find(message.to) == nullptr || message.to.module.empty()) {
    return Failure{kModuleNotFound, "inputs are a registered module's"};
  }
  if (!IsMethodName(input)) return Failure{kBadArgument, "want an input's name"};
  std::string prefix =
      fmt::format("devices/{}/modules/{}/inputs/{}/", message.to.device, message.to.module, input);
  return Queue(std::move(message), prefix, kMaxMessageBytes);
}

void Cloud::Invoke(const Call& call, MethodReply reply) {
  const auto refuse = [&](const HubError& error, std::string detail) {
    reply({Failure{error, std::move(detail)}, 0, ""});
  };
  if (const auto failure = Judge(call.to, /*is_message=*/false)) {
    return refuse(failure->error, failure->detail);
  }
  if (!IsMethodName(call.name)) {
    return refuse(kBadArgument, "name: want 1 to 128 characters of A-Za-z0-9-:.%_*?!(),=@;$'");
  }
  if (call.timeout_us < kLeastTimeoutUs || call.timeout_us > kMostTimeoutUs) {
    return refuse(kBadArgument, "want a timeout from 5 to 300 s");
  }
  if (call.payload.size() > kMostMethodBytes) {
    return refuse(kTooLarge,
                  fmt::format("{} bytes, {} are allowed", call.payload.size(), kMostMethodBytes));
  }
  HubClient* client = hub_.Find(call.to);
  if (client == nullptr) return refuse(kNotOnline, "not connected");
  const int64_t now_us = hub_.clock().SteadyMicros();
  TierLimits* limits = hub_.limits();
  if (limits != nullptr && !limits->TakeMethod(call.payload.size(), now_us)) {
    return refuse(kThrottled, "methods above the tier's rate");
  }
  if (const auto failure = Charge(call.payload.size())) {
    return refuse(failure->error, failure->detail);
  }
  const int64_t deadline_us = now_us + call.timeout_us;
  const uint64_t rid = methods_.Begin(client->client_id(), deadline_us, std::move(reply));
  if (client->InvokeMethod(call.name, rid, call.payload)) return;
  methods_.Answer(client->client_id(), rid,
                  {Failure{kNotOnline, "not subscribed to $iothub/methods/POST/#"}, 0, ""});
}

Twin& Cloud::TwinOf(const Identity& identity) {
  std::unique_ptr<Twin>& twin = twins_[identity.ClientId()];
  if (twin == nullptr) {
    twin = std::make_unique<Twin>(Twin::Json::parse(hub_.registry().TagsOf(identity)));
  }
  return *twin;
}

void Cloud::NotifyDesired(const Identity& identity, std::string_view payload) {
  hub_.Bill(payload.size());
  if (HubClient* client = hub_.Find(identity)) {
    client->NotifyDesired(TwinOf(identity).desired_version(), payload);
  }
}

CloudQueue& Cloud::QueueOf(const Identity& identity) {
  return queues_
      .try_emplace(identity.ClientId(),
                   identity.module.empty() ? CloudQueue::kDevice : CloudQueue::kInputs)
      .first->second;
}

void Cloud::ForgetUnregistered() {
  const auto is_gone = [this](const auto& entry) {
    return hub_.registry().FindClient(entry.first) == nullptr;
  };
  std::erase_if(twins_, is_gone);
  std::erase_if(queues_, is_gone);
}

}  // namespace sluice::devhub
