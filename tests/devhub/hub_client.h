// A device or module connected to the hub: what its publishes mean, and what the hub tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mqtt/connect.h"
#include "tests/devhub/cloud_queue.h"
#include "tests/devhub/downlink.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/role.h"
#include "tests/devhub/telemetry.h"
#include "tests/devhub/topics.h"

namespace sluice::devhub {

class Conversation;

class HubClient : public Role {
 public:
  // Hub and conversation must outlive it.
  HubClient(Hub& hub, Conversation& conversation, Stamp stamp, bool clean_session);

  // --- In this order: the will, if there is one; then the identity is this client's. Returns
  // whether a session was there.
  std::optional<Failure> TakeWill(const mqtt::WillView& will);
  bool Enter();

  // --- For the hub.
  const std::string& client_id() const { return client_id_; }
  const Identity& identity() const { return stamp_.identity; }
  bool clean_session() const { return clean_session_; }
  void Close(const HubError& error, std::string_view detail);

  // --- For back ends. False: not subscribed.
  bool InvokeMethod(std::string_view name, uint64_t rid, std::string_view payload);
  void NotifyDesired(uint64_t version, std::string_view payload);
  void DeliverMessages();

  // --- Role.
  std::optional<Failure> OnPublish(const mqtt::PublishView& publish) override;
  void OnPuback(uint16_t packet_id) override;
  bool MaySubscribe(std::string_view filter) const override;
  Subscriptions& subscriptions() override { return session_->subscriptions; }
  void AfterSubscribe() override { DeliverMessages(); }
  std::optional<Failure> Tick() override;
  int64_t NextDeadline() const override;
  bool wants_input() const override { return !telemetry_.full(); }
  void OnEnd(bool politely) override;

 private:
  std::optional<Failure> RefuseTwin(std::string_view rid);
  std::optional<Failure> OnTwinGet(std::string_view query);
  std::optional<Failure> OnTwinReport(std::string_view query, std::string_view patch);
  std::optional<Failure> OnMethodResult(std::string_view rest, std::string_view payload);
  void Acknowledge(uint16_t packet_id);

  Hub& hub_;
  Conversation& conversation_;
  const Stamp stamp_;
  const std::string client_id_;
  const bool clean_session_;
  const Topics topics_;
  Telemetry telemetry_;
  CloudQueue* queue_ = nullptr;  // once it has a session
  Session* session_ = nullptr;
  std::optional<Downlink> downlink_;  // once it has a session
};

}  // namespace sluice::devhub
