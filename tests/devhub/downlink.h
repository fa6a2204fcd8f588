// What the hub sends to one client: only where it has subscribed (sheet, sections 7 to 10).
//
// Nothing here fails loudly: what the client did not subscribe to, or does not read, is not sent,
// and the caller is told.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/devhub/cloud_queue.h"
#include "tests/devhub/identity.h"
#include "tests/devhub/role.h"

namespace sluice::devhub {

class Downlink {
 public:
  // Subscriptions and output must outlive it.
  Downlink(const Identity& identity, const Subscriptions& subscriptions, std::string* output);

  // $iothub/twin/res/{status}/?$rid={rid}[&$version={version}]; `rid` as it stood in the request.
  bool TwinAnswer(int status, std::string_view rid, std::optional<uint64_t> version,
                  std::string_view payload);
  bool DesiredChange(uint64_t version, std::string_view payload);
  bool MethodRequest(std::string_view name, uint64_t rid, std::string_view payload);
  // As many of the queue's messages as may be sent now.
  void Deliver(CloudQueue* queue, int64_t steady_us);
  // Completes a delivered message; an unknown id is no error (MQTT 3.1.1 names none).
  void OnPuback(uint16_t packet_id, CloudQueue* queue);

 private:
  bool Send(std::string_view filter, std::string_view topic, std::string_view payload);
  void Append(std::string_view topic, std::string_view payload, uint16_t packet_id);
  uint16_t FreePacketId();

  // Devicebound of a device, inputs of a module; the latter has two forms (topics.cc).
  const std::string message_filter_;
  const std::string input_filter_;
  const Subscriptions& subscriptions_;
  std::string& output_;
  std::map<uint16_t, uint64_t> in_flight_;  // packet id -> sequence in the queue
  uint16_t last_packet_id_ = 0;
};

}  // namespace sluice::devhub
