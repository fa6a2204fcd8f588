// One device's side of MQTT 5: connects, publishes, and keeps what is not acknowledged until it is.
//
// Bytes in, bytes out: no socket and no clock (`now_us` is any steady clock). The session outlives
// its links: after OnLinkDown() and another OnLinkUp() everything unacknowledged is sent again, in
// order and with DUP. Where the server disconnects because of a packet, that would go on for ever:
// then messages are sent again one at a time, and the one at which it disconnects counts as
// refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/result.h"
#include "gateway/simulate/encoded_publish.h"
#include "gateway/simulate/tally.h"

namespace sluice::simulate {

class Publisher {
 public:
  // `window`: at most so many QoS 1 and 2 messages in flight, and never more than the server's
  // Receive Maximum. `tally` must outlive the publisher.
  Publisher(std::string client_id, uint16_t window, Tally& tally);

  // The link is up: appends CONNECT to `out`.
  void OnLinkUp(std::string& out);
  // The link is gone. What was appended to `out` and not sent is gone with it.
  void OnLinkDown();
  // Bytes arrived. Appends what they call for to `out`. Empty if all is well, else why the link
  // must be closed.
  std::string OnBytes(std::string_view bytes, int64_t now_us, std::string& out);

  // CONNACK has come, and accepted.
  bool connected() const { return connected_; }
  // How long the link may be silent before Ping() is due, in seconds.
  uint16_t keep_alive_s() const { return keep_alive_s_; }

  // Whether a message of `qos` may go now. Only while connected().
  bool HasRoom(uint8_t qos) const { return !probing_ && (qos == 0 || in_flight_ < limit_); }
  // Appends it to `out`; HasRoom() was true. Latency counts from `born_us`. A message that the
  // server has said it will not take is refused here and never sent.
  void Publish(const EncodedPublish& publish, int64_t born_us, std::string& out);
  void Ping(std::string& out);
  void Disconnect(std::string& out);

  // How many packet ids are in use: QoS 2 needs one until PUBCOMP.
  size_t in_flight() const { return in_flight_; }
  // How many QoS 1 and 2 messages wait for an acknowledgement that settles them.
  size_t unsettled() const { return unsettled_; }

 private:
  enum class State : uint8_t {
    kFree,
    kPublished,  // waits for PUBACK or PUBREC
    kReleased,   // QoS 2, accepted by PUBREC: waits for PUBCOMP
  };
  // What is in flight under packet id 1 + its index.
  struct Slot {
    State state = State::kFree;
    uint8_t qos = 0;
    uint64_t order = 0;
    int64_t born_us = 0;
    std::string packet;
  };

  std::string OnFrame(const mqtt::Frame& frame, int64_t now_us, std::string& out);
  std::string OnConnack(std::string_view body, std::string& out);
  std::string OnAcknowledgement(const mqtt::Frame& frame, int64_t now_us, std::string& out);
  void SendAgain(bool session_present, std::string& out);
  // The packet ids in flight, oldest message first.
  std::vector<uint16_t> InOrder() const;
  void SendSlotAgain(uint16_t packet_id, std::string& out);
  void ProbeNext(std::string& out);
  void OnBlame(mqtt::Reason reason);
  void Settle(Slot& slot, mqtt::Reason reason, int64_t now_us);
  void Free(uint16_t packet_id);
  void RefuseHere(const char* why);

  std::string client_id_;
  uint16_t window_;
  Tally& tally_;

  bool connected_ = false;
  bool was_connected_ = false;
  uint16_t keep_alive_s_;
  // Of the server, from its CONNACK.
  size_t limit_ = 0;  // of in_flight_
  size_t maximum_packet_size_ = 0;
  uint8_t maximum_qos_ = 2;

  std::vector<Slot> slots_;
  std::vector<uint16_t> free_ids_;
  size_t in_flight_ = 0;
  size_t unsettled_ = 0;
  uint64_t next_order_ = 0;

  bool probing_ = false;     // one at a time
  uint16_t probed_ = 0;      // the one; 0: none is under way
  int fruitless_links_ = 0;  // in a row, on which much was in flight and nothing acknowledged
  bool acknowledged_on_link_ = false;
  std::string partial_;  // the beginning of a packet whose end has not come
};

}  // namespace sluice::simulate
