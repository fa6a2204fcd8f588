// One client's conversation with the hub: MQTT packets in, MQTT packets out. Knows no socket.
//
// What Receive() puts into output() may be sent only after Hub::Flush() succeeded: a PUBACK must
// not overtake its message on the way to the file.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "tests/devhub/authenticate.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/topics.h"

namespace sluice::devhub {

class Conversation {
 public:
  // `wake` is called when something other than Receive() or Tick() closed the conversation. The hub
  // must outlive it.
  Conversation(Hub& hub, PeerCertificate peer, std::string address, std::function<void()> wake);
  // The connection is gone. Without a DISCONNECT the will is published.
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Handles the whole packets at the front of `bytes` and returns how many bytes they were. Stops
  // once closed or once it wants no more input for now.
  size_t Receive(std::string_view bytes);

  // To be called at NextDeadline() (steady time) or later: late acknowledgements, keep-alive, token
  // expiry.
  void Tick();
  int64_t NextDeadline() const;

  // Closes for a reason, which is reported. What is in output() is still sent.
  void Close(const HubError& error, std::string_view detail);
  bool closed() const { return closed_; }

  // False while so much waits for its late acknowledgement that reading must stop.
  bool wants_input() const { return late_bytes_ < kMostLateBytes; }
  std::string* output() { return &output_; }

  const std::string& client_id() const { return client_id_; }
  const Identity& identity() const { return stamp_.identity; }
  bool clean_session() const { return clean_session_; }

 private:
  struct Handler;
  struct Message {
    MessageProperties properties;
    std::string payload;
    size_t metered_bytes = 0;
  };
  // A publish held back by a throttle or a fault.
  struct Late {
    int64_t due_us = 0;
    Faults::Fate fate;
    uint16_t packet_id = 0;  // 0: QoS 0
    Message message;
  };
  static constexpr size_t kMostLateBytes = 16 << 20;

  void Handle(const mqtt::Frame& frame);
  void OnConnect(const mqtt::Frame& frame);
  void OnPublish(const mqtt::Frame& frame);
  void OnPuback(const mqtt::Frame& frame);
  void OnSubscribe(const mqtt::Frame& frame);
  void OnUnsubscribe(const mqtt::Frame& frame);
  void OnPingreq(const mqtt::Frame& frame);
  void OnDisconnect(const mqtt::Frame& frame);

  void Refuse(const Refusal& refusal, std::string_view client_id);
  void SendConnack(mqtt::Reason reason, bool session_present);
  bool TakeWill(const mqtt::WillView& will);
  void Telemetry(const mqtt::PublishView& publish, std::string_view bag);
  // Parses and checks a telemetry message; closes and returns false if the hub would not take it.
  bool ReadProperties(std::string_view bag, bool retain, size_t payload_bytes, Message* message);
  void Settle(const Faults::Fate& fate, uint16_t packet_id, const MessageProperties& properties,
              std::string_view payload, size_t metered_bytes);
  bool Grant(std::string_view filter);

  Hub& hub_;
  const PeerCertificate peer_;
  const std::string address_;
  const std::function<void()> wake_;
  std::string output_;
  std::string client_id_;  // empty until CONNECT was accepted
  Stamp stamp_;
  std::optional<Topics> topics_;
  Session* session_ = nullptr;
  std::set<std::string> asked_filters_;
  std::optional<Message> will_;
  Message message_;  // of the publish being handled; kept for its memory
  std::vector<Property> pairs_;
  std::deque<Late> late_;
  size_t late_bytes_ = 0;
  bool clean_session_ = true;
  bool closed_ = false;
  int64_t last_packet_us_;       // steady; of any packet, which resets keep-alive
  int64_t patience_us_;          // how long silence lasts before the connection is closed
  int64_t token_expiry_us_ = 0;  // unix; 0: none
};

}  // namespace sluice::devhub
