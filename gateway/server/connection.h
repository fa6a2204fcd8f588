// One device's connection: packets in, acknowledgements out.
//
// Lives on one worker's thread. In a loop turn it reads once, all packets that came are taken where
// they lie, and what it has to say is gathered and written once at the turn's end. Back-pressure
// holds acknowledgements back, not the socket; reading pauses only where a message cannot be taken.
//
// connection.cc has its life and its bytes, connection_connect.cc CONNECT, connection_publish.cc
// publishes and their acknowledgements, connection_packets.cc the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/result.h"
#include "gateway/server/arrival.h"
#include "gateway/server/close_reason.h"
#include "gateway/server/output_buffer.h"
#include "gateway/server/partial_packet.h"
#include "gateway/server/worker_state.h"

namespace sluice::server {

class Connection final : private Timer {
 public:
  // `worker` outlives this.
  Connection(WorkerState* worker, Arrival arrival);
  ~Connection() override;

  // What epoll reported: puts the connection into the worker's lists.
  void OnEvents(uint32_t events);
  // At most one recv(), then every packet that is there.
  void ReadTurn();
  // Encrypts and sends what was gathered.
  void WriteTurn();

  // The sink has room again.
  void OnRoom();
  // Publishes of the session have been settled: acknowledges those at the head of its queue.
  void Acknowledge();
  // Tells the peer why, counts, logs. The connection is dead at once and destroyed at the turn's
  // end. Does nothing if it is closed already.
  // `code` is what MQTT 5 tells the peer; by default the reason's own.
  void Close(CloseReason reason, std::string_view detail = {},
             std::optional<mqtt::Reason> code = std::nullopt);
  // After Close(): the last bytes and the goodbye.
  void Finish();

  // Publishes not acknowledged yet.
  size_t unsettled() const;
  bool closed() const { return state_ == State::kClosed; }
  int fd() const { return stream_->fd(); }
  const std::string& identity() const { return identity_; }
  const Listener& listener() const { return *listener_; }

  // Where the worker keeps it.
  size_t index = 0;

 private:
  enum class State : uint8_t { kAwaitingConnect, kOpen, kClosed };

  void OnTimer(int64_t now_us) override;
  bool Reading() const;

  // Bytes.
  TlsStream::Status ReadPlain();
  void FlushTlsAnswers();
  void Receive();
  size_t TakePackets(std::string_view bytes);
  void TakePartial();
  template <typename Encode>
  bool Send(const Encode& encode);
  void WantWrite();
  void WantRead();

  // Packets. TakePacket: false if the packet must wait; reading is then paused.
  bool TakePacket(const mqtt::Frame& frame);
  void OnConnect(const mqtt::Frame& frame);
  bool ChooseClientId(const mqtt::ConnectView& connect, std::string* client_id, bool* assigned);
  void RefuseConnect(CloseReason reason, mqtt::Reason code, std::string_view detail);
  void Accept(const mqtt::ConnectView& connect, const std::string& client_id, bool assigned);
  // False: it is larger than the peer allows.
  bool SendConnack(const mqtt::ConnectView& connect, bool present,
                   std::optional<std::string_view> assigned_id);
  bool OnPublish(const mqtt::Frame& frame);
  void OnPublishQos0(const mqtt::PublishView& publish);
  bool OnPublishQos12(const mqtt::PublishView& publish, size_t packet_size);
  void Judge(const mqtt::PublishView& publish, uint32_t sequence);
  mqtt::Reason FaultOf(const mqtt::PublishView& publish) const;
  void OnFaulty(const mqtt::PublishView& publish, mqtt::Reason fault);
  void OnForbidden(const mqtt::PublishView& publish);
  void Count(const mqtt::PublishView& publish, size_t packet_size);
  void SendAck(mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason);
  void OnPubrel(const mqtt::Frame& frame);
  void OnSubscribe(const mqtt::Frame& frame);
  void OnUnsubscribe(const mqtt::Frame& frame);
  void OnPingreq(const mqtt::Frame& frame);
  void OnDisconnect(const mqtt::Frame& frame);
  void OnUnexpected(const mqtt::Frame& frame);
  // A packet was refused by its decoder.
  void CloseFor(mqtt::Reason reason, mqtt::PacketType type);

  void PauseForRoom();
  void PauseForWindow();
  session::AckQueue& queue() const { return worker_.sessions.Acks(*session_); }
  // False: there is no place for it.
  bool JoinSession(const mqtt::ConnectView& connect, bool* present);
  void LeaveSession();
  void IgnoreWill();
  void LogClose(CloseReason reason, std::string_view detail);

  WorkerState& worker_;
  std::unique_ptr<TlsStream> stream_;
  Listener* const listener_;
  const std::shared_ptr<const ListenerOptions> options_;
  const std::string identity_;
  const std::string address_;
  std::string client_id_;

  State state_ = State::kAwaitingConnect;
  CloseReason close_reason_ = CloseReason::kGone;  // once closed
  mqtt::Version version_ = mqtt::Version::k5;      // once CONNECT has come, the peer's
  bool readable_ = false;       // the socket may have more; edge-triggered, so it is remembered
  bool peer_finished_ = false;  // FIN has come; what lies before it is still read
  bool no_room_ = false;        // paused
  bool window_full_ = false;    // paused

  // Membership in the worker's lists.
  bool in_with_output_ = false;
  bool in_to_read_ = false;
  bool in_waiting_for_room_ = false;

  PartialPacket partial_;
  size_t partial_total_ = 0;  // bytes of the packet in partial_ once complete; 0: not known yet
  OutputBuffer output_;
  size_t peer_max_packet_ = SIZE_MAX;
  int64_t keep_alive_us_ = 0;  // 1.5 times; 0: none
  int64_t last_packet_us_ = 0;
  int64_t connect_deadline_us_;

  std::optional<session::Hold> session_;
  uint32_t session_expiry_s_ = 0;
};

}  // namespace sluice::server
