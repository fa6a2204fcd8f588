#include "tests/gateway/server/test_server.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/tls/context.h"
#include "tests/gateway/server/test_pki.h"

namespace sluice::server {
namespace {

constexpr std::chrono::seconds kPatience{TestClient::kPatienceSeconds};

}  // namespace

class Recorder::Sink final : public PublishSink {
 public:
  explicit Sink(Recorder* recorder) : recorder_(*recorder) {}

  bool HasRoom(const InboundPublish&, uint64_t) override {
    const std::lock_guard<std::mutex> lock(recorder_.mutex_);
    return recorder_.room_;
  }

  PublishOutcome OnPublish(const InboundPublish& inbound) override {
    const std::lock_guard<std::mutex> lock(recorder_.mutex_);
    // The promised slack can be read.
    volatile char behind = inbound.publish.payload.data()[inbound.publish.payload.size() + 63];
    (void)behind;
    if (recorder_.answer_.kind == PublishOutcome::Kind::kTaken) {
      recorder_.taken_.push_back({std::string(inbound.identity), std::string(inbound.publish.topic),
                                  std::string(inbound.publish.payload), inbound.publish.qos,
                                  inbound.ticket});
    }
    recorder_.more_.notify_all();
    return recorder_.answer_;
  }

  void EndOfTurn(int64_t) override {}

 private:
  Recorder& recorder_;
};

std::unique_ptr<PublishSink> Recorder::MakeSink() { return std::make_unique<Sink>(this); }

bool Recorder::WaitFor(size_t count) {
  std::unique_lock<std::mutex> lock(mutex_);
  return more_.wait_for(lock, kPatience, [&] { return taken_.size() >= count; });
}

std::vector<Received> Recorder::taken() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_;
}

size_t Recorder::count() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return taken_.size();
}

void Recorder::set_answer(PublishOutcome answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  answer_ = answer;
}

void Recorder::set_room(bool room) {
  const std::lock_guard<std::mutex> lock(mutex_);
  room_ = room;
}

Time TestClock::Now() const {
  Time now = Clock::System().Now();
  now.steady_us += ahead_us_;
  now.wall_us += ahead_us_;
  return now;
}

TestServer::TestServer(const std::function<void(ServerOptions*)>& adjust) {
  const TestPki& pki = TestPki::Get();
  tls::ServerOptions tls_options;
  tls_options.certificate = pki.path("server.crt");
  tls_options.key = pki.path("server.key");
  tls_options.client_ca = pki.path("ca.crt");
  absl::StatusOr<std::shared_ptr<const tls::ServerContext>> context =
      tls::ServerContext::Load(tls_options);
  if (!context.ok()) {
    std::fprintf(stderr, "%s\n", context.status().ToString().c_str());
    std::abort();
  }
  ServerOptions options;
  options.workers = 2;
  options.listeners.resize(1);
  options.listeners[0].host = "127.0.0.1";
  options.listeners[0].tls = *std::move(context);
  if (adjust) adjust(&options);
  absl::StatusOr<std::unique_ptr<Server>> made = Server::Create(
      std::move(options), [this](uint16_t) { return recorder.MakeSink(); }, clock);
  if (!made.ok()) {
    std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
    std::abort();
  }
  server = *std::move(made);
  server->Start();
}

TestServer::~TestServer() { server->Stop(std::chrono::steady_clock::now()); }

namespace {

uint64_t CountOf(const std::vector<std::pair<std::string_view, uint64_t>>& counts,
                 std::string_view label) {
  for (const auto& [each, count] : counts) {
    if (each == label) return count;
  }
  std::fprintf(stderr, "no counter %s\n", std::string(label).c_str());
  std::abort();
}

}  // namespace

uint64_t TestServer::Refused(std::string_view reason) const {
  return CountOf(server->Counts().refused, reason);
}

uint64_t TestServer::Closed(std::string_view reason) const {
  return CountOf(server->Counts().closed, reason);
}

bool TestServer::Eventually(const std::function<bool()>& condition) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

void TestServer::AdvanceSeconds(int64_t seconds) {
  clock.AdvanceSeconds(seconds);
  server->PostToAll([](uint16_t) {});
}

Device::Device(const TestServer& server, const std::string& name, mqtt::Version its_version,
               const std::function<void(mqtt::ConnectView*)>& adjust)
    : version(its_version), client(server.port()) {
  const tls::Credential credential = TestPki::Get().Device(name);
  if (!client.Handshake(&credential)) return;
  mqtt::ConnectView connect;
  connect.version = version;
  connect.client_id = name;
  connect.keep_alive_s = 60;
  if (adjust) adjust(&connect);
  const std::optional<mqtt::ConnackView> answer = client.Connect(connect);
  if (!answer.has_value()) return;
  connack = *answer;
  connected = connack.reason == mqtt::Reason::kSuccess;
}

void Device::Publish(std::string_view topic, std::string_view payload, uint8_t qos,
                     uint16_t packet_id) {
  mqtt::PublishView publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = qos;
  publish.packet_id = packet_id;
  client.Publish(version, publish);
}

std::string Device::Next() {
  const std::optional<TestClient::Packet> packet = client.Read();
  if (!packet.has_value()) return client.timed_out() ? "timeout" : "end";
  const std::string name = mqtt::PacketTypeName(packet->type);
  switch (packet->type) {
    case mqtt::PacketType::kPuback:
    case mqtt::PacketType::kPubrec:
    case mqtt::PacketType::kPubcomp: {
      const auto ack = mqtt::DecodeAck(packet->type, version, packet->body);
      if (!ack.ok()) return name + " malformed";
      if (ack->reason == mqtt::Reason::kSuccess) return fmt::format("{} {}", name, ack->packet_id);
      return fmt::format("{} {} 0x{:02x}", name, ack->packet_id,
                         static_cast<unsigned>(ack->reason));
    }
    case mqtt::PacketType::kDisconnect: {
      const auto disconnect = mqtt::DecodeDisconnect(version, mqtt::Sender::kServer, packet->body);
      if (!disconnect.ok()) return name + " malformed";
      return fmt::format("{} 0x{:02x}", name, static_cast<unsigned>(disconnect->reason));
    }
    default: {
      std::string text = name;
      for (const char byte : packet->body)
        text += fmt::format(" {:02x}", static_cast<unsigned char>(byte));
      return text;
    }
  }
}

}  // namespace sluice::server
