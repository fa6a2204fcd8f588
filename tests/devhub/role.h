// Whom a client talks to once its CONNECT is accepted. A Conversation speaks MQTT; what a topic
// means is its role's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mqtt/publish.h"
#include "tests/devhub/hub_error.h"

namespace sluice::devhub {

using Subscriptions = std::map<std::string, uint8_t, std::less<>>;  // filter -> granted QoS

class Role {
 public:
  virtual ~Role() = default;

  // Something means that the connection is to be closed for it. Whatever is to be answered,
  // acknowledgement and all, goes to the conversation's output.
  virtual std::optional<Failure> OnPublish(const mqtt::PublishView& publish) = 0;
  virtual void OnPuback(uint16_t packet_id) = 0;
  virtual bool MaySubscribe(std::string_view filter) const = 0;
  virtual Subscriptions& subscriptions() = 0;
  // CONNACK or SUBACK has been written: what waited for it can follow.
  virtual void AfterSubscribe() = 0;

  // To be called at NextDeadline() (steady time) or later.
  virtual std::optional<Failure> Tick() = 0;
  virtual int64_t NextDeadline() const = 0;
  virtual bool wants_input() const = 0;

  // The connection is over; once. `politely`: by DISCONNECT.
  virtual void OnEnd(bool politely) = 0;
};

}  // namespace sluice::devhub
