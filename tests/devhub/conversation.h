// One client's conversation with the hub: MQTT packets in, MQTT packets out. Knows no socket.
//
// What Receive() puts into output() may be sent only after Hub::Flush() succeeded: a PUBACK must
// not overtake its message on the way to the file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/frame.h"
#include "tests/devhub/authenticate.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/role.h"

namespace sluice::devhub {

class Conversation {
 public:
  // Who listens behind the port that the client has dialled.
  enum class Door { kHub, kDps, kBoth };

  // `wake` is called when something other than Receive() or Tick() closed the conversation or gave
  // it output. The hub must outlive it.
  Conversation(Hub& hub, PeerCertificate peer, std::string address, std::function<void()> wake,
               Door door = Door::kBoth);
  // The connection is gone. Without a DISCONNECT the will is published.
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Handles the whole packets at the front of `bytes` and returns how many bytes they were. Stops
  // once closed or once it wants no more input for now.
  size_t Receive(std::string_view bytes);

  // To be called at NextDeadline() (steady time) or later: late acknowledgements, messages to be
  // sent again, keep-alive, token expiry.
  void Tick();
  int64_t NextDeadline() const;

  // Closes for a reason, which is reported. What is in output() is still sent.
  void Close(const HubError& error, std::string_view detail);
  bool closed() const { return closed_; }

  // False while reading must stop: too much waits for its late acknowledgement, or the client does
  // not read its answers.
  bool wants_input() const;
  std::string* output() { return &output_; }
  void Wake() { wake_(); }

  const std::string& address() const { return address_; }

 private:
  struct Handler;

  void Handle(const mqtt::Frame& frame);
  void OnConnect(const mqtt::Frame& frame) { AnswerConnect(frame.body, /*has_waited=*/false); }
  void OnPublish(const mqtt::Frame& frame);
  void OnPuback(const mqtt::Frame& frame);
  void OnSubscribe(const mqtt::Frame& frame);
  void OnUnsubscribe(const mqtt::Frame& frame);
  void OnPingreq(const mqtt::Frame& frame);
  void OnDisconnect(const mqtt::Frame& frame);

  void AnswerConnect(std::string_view body, bool has_waited);
  // True if the CONNECT is dealt with for now: refused, or held back to be answered later.
  bool Shape(std::string_view body, const std::string& client_id);
  bool IsForDps(const mqtt::ConnectView& connect) const;
  void EnterDps(const mqtt::ConnectView& connect);
  void Enter(std::unique_ptr<Role> role, std::string client_id, const mqtt::ConnectView& connect,
             int64_t token_expiry_s, bool session_present);
  void EnterHub(const mqtt::ConnectView& connect, Admission admission);
  void Refuse(const Refusal& refusal, std::string_view client_id);
  void SendConnack(mqtt::Reason reason, bool session_present);
  bool Grant(std::string_view filter);
  void End(bool politely);

  Hub& hub_;
  const PeerCertificate peer_;
  const std::string address_;
  const std::function<void()> wake_;
  const Door door_;
  std::string output_;
  std::string client_id_;       // empty until CONNECT was accepted
  std::unique_ptr<Role> role_;  // from then on
  std::set<std::string> asked_filters_;
  std::string held_connect_;    // its body, while its answer is held back
  int64_t connect_due_us_ = 0;  // steady; until then
  bool closed_ = false;
  int64_t last_packet_us_;       // steady; of any packet, which resets keep-alive
  int64_t patience_us_;          // how long silence lasts before the connection is closed
  int64_t token_expiry_us_ = 0;  // unix; 0: none
};

}  // namespace sluice::devhub
