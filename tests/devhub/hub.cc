#include "tests/devhub/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/devhub/hub_client.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;

std::optional<TierLimits> LimitsOf(const Registry& registry) {
  if (!registry.enforce_limits()) return std::nullopt;
  return TierLimits(registry.tier(), registry.units());
}

}  // namespace

Hub::Hub(const Clock& clock, Registry registry, MessageLog log,
         std::function<void(const std::string&)> log_line)
    : clock_(clock),
      registry_(std::move(registry)),
      log_(std::move(log)),
      log_line_(std::move(log_line)),
      limits_(LimitsOf(registry_)),
      cloud_(*this) {}

Session* Hub::Enter(HubClient* client, bool clean, bool* present) {
  const std::string& client_id = client->client_id();
  HubClient*& current = connected_[client_id];
  if (current != nullptr) {
    current->Close(kTakenOver, "the same identity connected again");
  }
  connected_[client_id] = client;  // Close() may have emptied the slot
  ++statistics_.accepted;
  if (clean) sessions_.erase(client_id);
  const auto [session, is_new] = sessions_.try_emplace(client_id);
  *present = !is_new;
  return &session->second;
}

void Hub::Leave(HubClient* client) {
  const auto found = connected_.find(client->client_id());
  if (found == connected_.end() || found->second != client) return;
  if (client->clean_session()) sessions_.erase(client->client_id());
  connected_.erase(found);
}

HubClient* Hub::Find(const Identity& identity) const {
  const auto found = connected_.find(identity.ClientId());
  return found == connected_.end() ? nullptr : found->second;
}

std::optional<int64_t> Hub::JudgeConnect(const std::string& client_id) {
  const int64_t now_us = clock_.SteadyMicros();
  const std::optional<int64_t> fault_us = faults_.OnConnect(client_id, now_us);
  const std::optional<int64_t> tier_us = limits_ ? limits_->TakeConnect(now_us) : 0;
  if (!fault_us || !tier_us) return std::nullopt;
  return std::max(*fault_us, *tier_us);
}

Faults::Fate Hub::Judge(std::string_view client_id) {
  const int64_t now_us = clock_.SteadyMicros();
  Faults::Fate fate = faults_.OnPublish(client_id, now_us);
  if (limits_ && fate.close == nullptr) {
    const std::optional<int64_t> wait = limits_->TakeSend(now_us);
    if (!wait) {
      fate.close = &kThrottled;
    } else {
      fate.delay_us += *wait;
    }
  }
  return fate;
}

uint64_t Hub::blocks_today() {
  const int64_t day = clock_.UnixMicros() / kDayUs;
  if (day != std::exchange(day_, day)) blocks_today_ = 0;
  return blocks_today_;
}

std::string_view Hub::EnqueuedTime(int64_t unix_us) {
  if (unix_us / 1000 != enqueued_ms_) {
    enqueued_ms_ = unix_us / 1000;
    enqueued_text_ = FormatUtc(unix_us);
  }
  return enqueued_text_.text;
}

const HubError* Hub::Store(const Stamp& stamp, const std::string& client_id,
                           const MessageProperties& properties, std::string_view payload,
                           size_t metered_bytes) {
  const uint64_t blocks = Blocks(registry_.tier(), metered_bytes);
  if (!WithinQuota(blocks)) return &kQuotaExceeded;
  AppendMessageLine(stamp, properties, payload, EnqueuedTime(clock_.UnixMicros()), blocks,
                    log_.pending());
  blocks_today();  // a new day begins at zero
  blocks_today_ += blocks;
  ++statistics_.messages;
  ++statistics_.operations;
  statistics_.blocks += blocks;
  statistics_.bytes += metered_bytes;
  Statistics::PerDevice& device = statistics_.devices[client_id];
  ++device.messages;
  device.blocks += blocks;
  return nullptr;
}

bool Hub::WithinQuota(uint64_t blocks) {
  const uint64_t quota = registry_.tier().blocks_per_day * registry_.units();
  return !registry_.enforce_limits() || blocks_today() + blocks <= quota;
}

bool Hub::Bill(size_t bytes) {
  const uint64_t blocks = Blocks(registry_.tier(), bytes);
  if (!WithinQuota(blocks)) return false;
  blocks_today();  // a new day begins at zero
  blocks_today_ += blocks;
  statistics_.blocks += blocks;
  return true;
}

void Hub::Report(const HubError& error, std::string_view client_id, std::string_view address,
                 std::string_view detail) {
  const std::string name =
      error.code == 0 ? std::string(error.name) : fmt::format("{} {}", error.code, error.name);
  ++statistics_.refused[name];
  log_line_(fmt::format("{}: {} from {}: {}", name, client_id.empty() ? "?" : Printable(client_id),
                        address, detail));
}

void Hub::RefreshRegistry() {
  if (!registry_source_) return;
  if (std::optional<Registry> registry = registry_source_()) SetRegistry(std::move(*registry));
}

void Hub::SetRegistry(Registry registry) {
  for (const auto& [device_id, device] : provisioned_) {
    if (registry.FindClient(device_id) == nullptr) registry.Put(device);
  }
  Swap(std::move(registry));
}

void Hub::Provision(Device device) {
  Registry registry = registry_;
  registry.Put(device);
  provisioned_[device.identity.device] = std::move(device);
  Swap(std::move(registry));
}

bool Hub::Unprovision(const std::string& device_id) {
  if (provisioned_.erase(device_id) == 0) return false;
  Registry registry = registry_;
  registry.Remove(device_id);
  Swap(std::move(registry));
  return true;
}

void Hub::Swap(Registry registry) {
  const Registry old = std::exchange(registry_, std::move(registry));
  limits_ = LimitsOf(registry_);
  std::vector<std::pair<HubClient*, HubError>> closing;
  for (const auto& [client_id, client] : connected_) {
    const Device* before = old.Find(client->identity());
    const Device* after = registry_.Find(client->identity());
    if (before != nullptr && after != nullptr && *before == *after) continue;
    const bool disabled = after != nullptr && !after->enabled;
    closing.emplace_back(client, disabled ? kDeviceDisabled : kUnauthorized);
  }
  for (const auto& [client, error] : closing) {
    client->Close(error, "the identity was removed, disabled or given other credentials");
  }
  cloud_.ForgetUnregistered();
}

void Hub::ClearFaults() {
  faults_.Clear();
  refuse_until_us_ = 0;
}

size_t Hub::Disconnect(std::string_view client_id, int64_t refuse_us) {
  if (refuse_us > 0) refuse_until_us_ = clock_.SteadyMicros() + refuse_us;
  std::vector<HubClient*> closing;
  for (const auto& [connected_id, client] : connected_) {
    if (client_id.empty() || client_id == connected_id) closing.push_back(client);
  }
  for (HubClient* client : closing) client->Close(kServiceUpgrade, "disconnected by a fault");
  return closing.size();
}

}  // namespace sluice::devhub
