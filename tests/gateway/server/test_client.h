// A device as tests play it: a blocking TLS client that sends any bytes and reads whole packets.
//
// Every wait ends after kPatience, so that a test fails instead of hanging.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "gateway/server/unique_fd.h"
#include "gateway/tls/issue.h"
#include "gateway/tls/openssl_ptr.h"

namespace sluice::server {

class TestClient {
 public:
  static constexpr int kPatienceSeconds = 20;

  struct Packet {
    mqtt::PacketType type{};
    uint8_t flags = 0;
    std::string body;
  };

  // Connects TCP. No credential: none is shown.
  explicit TestClient(uint16_t port);

  // TLS; false if it failed here. `max_version` of 0 is the newest. A refusal of our certificate
  // shows in TLS 1.3 only at the first read.
  bool Handshake(const tls::Credential* credential, int max_version = 0,
                 SSL_SESSION* resume = nullptr);
  // CONNECT, and the answer if one came.
  std::optional<mqtt::ConnackView> Connect(const mqtt::ConnectView& connect);

  void Send(std::string_view bytes);
  // Not through TLS.
  void SendRaw(std::string_view bytes);
  void Publish(mqtt::Version version, const mqtt::PublishView& publish);
  // The next packet; none if the connection ended (see alert()) or patience did.
  std::optional<Packet> Read();
  // True if the server ended the connection, without another packet.
  bool AtEnd();
  // The TLS alert received, "" if none.
  const std::string& alert() const { return alert_; }
  bool timed_out() const { return timed_out_; }
  // Drops TCP without a word.
  void Drop() { socket_.Reset(); }
  SSL* ssl() const { return ssl_.get(); }
  int fd() const { return socket_.get(); }

 private:
  bool Fill();

  UniqueFd socket_;
  tls::SslCtxPtr context_;
  tls::SslPtr ssl_;
  std::string received_;
  std::string last_body_;
  std::string alert_;
  bool timed_out_ = false;
};

// The packet as bytes.
std::string Encoded(const mqtt::ConnectView& connect);
std::string Encoded(mqtt::Version version, const mqtt::PublishView& publish);

}  // namespace sluice::server
