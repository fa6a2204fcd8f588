// What back ends do through the hub: cloud-to-device messages, direct methods, twins (sheet,
// sections 8 to 10). Ordered over the control socket; a client's end is HubClient.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/devhub/cloud_queue.h"
#include "tests/devhub/hub_error.h"
#include "tests/devhub/identity.h"
#include "tests/devhub/methods.h"
#include "tests/devhub/property_bag.h"

namespace sluice::devhub {

class Hub;
class Twin;

class Cloud {
 public:
  // The hub owns it.
  explicit Cloud(Hub& hub);
  ~Cloud();

  // --- For back ends.

  struct Outgoing {
    Identity to;
    std::vector<Property> properties;  // in the bag's order; system ones by their keys ($.mid)
    std::string payload;
    std::optional<int64_t> life_us;  // default 1 h
    bool tell_success = false;       // as in CloudMessage
    bool tell_failure = false;
  };
  // Queues a cloud-to-device message and delivers it if the device is there. $.mid stands first.
  std::optional<Failure> Send(Outgoing message);
  // A message for a module's input, which at edgeHub a route would bring.
  std::optional<Failure> SendToInput(const std::string& input, Outgoing message);
  std::string NewMessageId();
  // Why there is no such queue, twin or method to be had; nothing if there may be.
  std::optional<Failure> Judge(const Identity& identity, bool is_message) const;

  struct Call {
    Identity to;
    std::string name;
    std::string payload;  // JSON, or empty
    int64_t timeout_us = 30'000'000;
  };
  // `reply` is called once: now or when the client has replied or the time is over.
  void Invoke(const Call& call, MethodReply reply);

  // The client's twin; made at first use. The identity is registered. A change that shall be
  // notified goes through NotifyDesired().
  Twin& TwinOf(const Identity& identity);
  void NotifyDesired(const Identity& identity, std::string_view payload);

  // --- For clients.

  // Messages on their way to it; made at first use. The identity is registered.
  CloudQueue& QueueOf(const Identity& identity);
  Methods& methods() { return methods_; }

  // Twins, queues of identities that are gone go, too: whoever comes under that name later is
  // another.
  void ForgetUnregistered();

 private:
  std::optional<Failure> Charge(size_t bytes);
  std::optional<Failure> Queue(Outgoing message, const std::string& topic_prefix,
                               size_t most_bytes);

  Hub& hub_;
  Methods methods_;
  uint64_t next_message_id_ = 1;
  std::unordered_map<std::string, std::unique_ptr<Twin>> twins_;  // by client id
  std::unordered_map<std::string, CloudQueue> queues_;
};

}  // namespace sluice::devhub
