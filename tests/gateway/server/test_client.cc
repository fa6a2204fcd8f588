#include "tests/gateway/server/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "gateway/mqtt/writer.h"
#include "tests/gateway/server/test_pki.h"

namespace sluice::server {

std::string Encoded(const mqtt::ConnectView& connect) {
  std::string bytes;
  if (!mqtt::AppendPacket(&bytes, [&](std::span<char> out) { return EncodeConnect(connect, out); }))
    std::abort();
  return bytes;
}

std::string Encoded(mqtt::Version version, const mqtt::PublishView& publish) {
  std::string bytes;
  if (!mqtt::AppendPacket(
          &bytes, [&](std::span<char> out) { return EncodePublish(version, publish, out); }))
    std::abort();
  return bytes;
}

TestClient::TestClient(uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  // OpenSSL writes without MSG_NOSIGNAL, and some servers have gone by then.
  std::signal(SIGPIPE, SIG_IGN);
  const timeval patience{kPatienceSeconds, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    socket_.Reset();
}

bool TestClient::Handshake(const tls::Credential* credential, int max_version,
                           SSL_SESSION* resume) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  // Old versions are for the server to refuse.
  SSL_CTX_set_security_level(context_.get(), 0);
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_.get(), max_version);
  SSL_CTX_load_verify_locations(context_.get(), TestPki::Get().path("ca.crt").c_str(), nullptr);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (credential != nullptr) {
    SSL_CTX_use_certificate(context_.get(), credential->certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), credential->key.get());
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), socket_.get());
  if (resume != nullptr) SSL_set_session(ssl_.get(), resume);
  ERR_clear_error();
  if (SSL_connect(ssl_.get()) == 1) return true;
  const unsigned long error = ERR_peek_error();
  if (error != 0 && ERR_reason_error_string(error) != nullptr)
    alert_ = ERR_reason_error_string(error);
  return false;
}

std::optional<mqtt::ConnackView> TestClient::Connect(const mqtt::ConnectView& connect) {
  Send(Encoded(connect));
  const std::optional<Packet> answer = Read();
  if (!answer.has_value() || answer->type != mqtt::PacketType::kConnack) return std::nullopt;
  last_body_ = answer->body;  // the view points into it
  const mqtt::Result<mqtt::ConnackView> connack = mqtt::DecodeConnack(connect.version, last_body_);
  if (!connack.ok()) return std::nullopt;
  return *connack;
}

void TestClient::Send(std::string_view bytes) {
  if (bytes.empty()) return;
  SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
}

void TestClient::SendRaw(std::string_view bytes) {
  [[maybe_unused]] const ssize_t sent =
      send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void TestClient::Publish(mqtt::Version version, const mqtt::PublishView& publish) {
  Send(Encoded(version, publish));
}

bool TestClient::Fill() {
  char bytes[16 * 1024];
  ERR_clear_error();
  errno = 0;
  const int got = SSL_read(ssl_.get(), bytes, sizeof bytes);
  if (got > 0) {
    received_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  timed_out_ = SSL_get_error(ssl_.get(), got) == SSL_ERROR_WANT_READ || errno == EAGAIN;
  const unsigned long error = ERR_peek_error();
  if (error != 0 && ERR_reason_error_string(error) != nullptr)
    alert_ = ERR_reason_error_string(error);
  return false;
}

std::optional<TestClient::Packet> TestClient::Read() {
  while (true) {
    const mqtt::Frame frame = mqtt::NextFrame(received_, 1 << 20);
    if (frame.complete()) {
      Packet packet{frame.type, frame.flags, std::string(frame.body)};
      received_.erase(0, frame.size);
      return packet;
    }
    if (!Fill()) return std::nullopt;
  }
}

bool TestClient::AtEnd() { return !Read().has_value() && !timed_out_; }

}  // namespace sluice::server
