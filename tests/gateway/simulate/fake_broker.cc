#include "tests/gateway/simulate/fake_broker.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <span>
#include <utility>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/writer.h"
#include "gateway/tls/identity.h"

namespace sluice::simulate {
namespace {

constexpr size_t kMaxPacket = 1 << 20;

void Write(SSL* ssl, std::string_view bytes) {
  // A device that is gone needs no answer.
  SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
}

void Acknowledge(SSL* ssl, mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason) {
  std::array<char, mqtt::kMaxPlainAck> packet;
  Write(ssl, {packet.data(),
              mqtt::EncodePlainAck(type, mqtt::Version::k5, packet_id, reason, packet.data())});
}

}  // namespace

FakeBroker::FakeBroker(const std::string& pki_dir, Behaviour behaviour)
    : behaviour_(std::move(behaviour)) {
  tls::ServerOptions options;
  options.certificate = pki_dir + "/server.crt";
  options.key = pki_dir + "/server.key";
  options.client_ca = pki_dir + "/ca.crt";
  auto context = tls::ServerContext::Load(options);
  EXPECT_TRUE(context.ok()) << context.status();
  context_ = *context;

  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 128), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FakeBroker::~FakeBroker() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

void FakeBroker::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeBroker::Serve(int fd) {
  const tls::SslPtr ssl = context_->NewSsl();
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) == 1) {
    const tls::X509Ptr certificate(SSL_get1_peer_certificate(ssl.get()));
    const std::string identity =
        tls::IdentityOf(*certificate, tls::IdentitySource::kCommonName).name;
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    std::string bytes;
    std::array<char, size_t{16} * 1024> chunk;
    bool open = true;
    while (open) {
      const mqtt::Frame frame = mqtt::NextFrame(bytes, kMaxPacket);
      if (frame.complete()) {
        open = OnPacket(ssl.get(), identity, std::string_view(bytes).substr(0, frame.size));
        bytes.erase(0, frame.size);
        continue;
      }
      const int got = SSL_read(ssl.get(), chunk.data(), static_cast<int>(chunk.size()));
      if (got <= 0) break;
      bytes.append(chunk.data(), static_cast<size_t>(got));
    }
  }
  close(fd);
}

// Whether to go on.
bool FakeBroker::OnPacket(SSL* ssl, const std::string& identity, std::string_view packet) {
  const mqtt::Frame frame = mqtt::NextFrame(packet, kMaxPacket);
  switch (frame.type) {
    case mqtt::PacketType::kConnect: {
      std::string answer;
      mqtt::AppendPacket(&answer, [this](std::span<char> out) {
        return mqtt::EncodeConnack(mqtt::Version::k5, behaviour_.connack, out);
      });
      Write(ssl, answer);
      return true;
    }
    case mqtt::PacketType::kPublish: {
      const auto publish =
          mqtt::DecodePublish(mqtt::Version::k5, mqtt::Sender::kClient, frame.flags, frame.body);
      if (!publish.ok()) return false;
      const Verdict verdict = Note({identity, std::string(publish->topic),
                                    std::string(publish->payload), publish->qos, publish->dup});
      if (verdict == Verdict::kHangUp) return false;
      if (verdict == Verdict::kIgnore || publish->qos == 0) return true;
      Acknowledge(
          ssl, publish->qos == 1 ? mqtt::PacketType::kPuback : mqtt::PacketType::kPubrec,
          publish->packet_id,
          verdict == Verdict::kAccept ? mqtt::Reason::kSuccess : mqtt::Reason::kNotAuthorized);
      return true;
    }
    case mqtt::PacketType::kPubrel: {
      const auto ack = mqtt::DecodeAck(frame.type, mqtt::Version::k5, frame.body);
      if (!ack.ok()) return false;
      Acknowledge(ssl, mqtt::PacketType::kPubcomp, ack->packet_id, mqtt::Reason::kSuccess);
      return true;
    }
    case mqtt::PacketType::kDisconnect: {
      const std::lock_guard lock(mutex_);
      ++goodbyes_;
      return true;
    }
    default:
      return false;
  }
}

FakeBroker::Verdict FakeBroker::Note(SeenPublish publish) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(std::move(publish));
  return behaviour_.judge == nullptr ? Verdict::kAccept
                                     : behaviour_.judge(seen_.back(), seen_.size() - 1);
}

std::vector<SeenPublish> FakeBroker::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

size_t FakeBroker::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

size_t FakeBroker::goodbyes() const {
  const std::lock_guard lock(mutex_);
  return goodbyes_;
}

}  // namespace sluice::simulate
