// A server on a port of its own with sinks that record, and verbs for tests.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/server/server.h"
#include "tests/gateway/server/test_client.h"

namespace sluice::server {

struct Received {
  std::string identity;
  std::string topic;
  std::string payload;
  uint8_t qos = 0;
  session::AckTicket ticket;
};

// What all workers' sinks took, and what they answer.
class Recorder {
 public:
  // Waits until `count` publishes have come; false after TestClient::kPatienceSeconds.
  bool WaitFor(size_t count);
  std::vector<Received> taken();
  size_t count();

  void set_answer(PublishOutcome answer);  // from now on; taken, settled at once by default
  void set_room(bool room);

  std::unique_ptr<PublishSink> MakeSink();

 private:
  class Sink;

  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<Received> taken_;
  PublishOutcome answer_;
  bool room_ = true;
};

class TestClock final : public Clock {
 public:
  Time Now() const override;
  void AdvanceSeconds(int64_t seconds) { ahead_us_ += seconds * 1'000'000; }

 private:
  std::atomic<int64_t> ahead_us_{0};  // of the real time
};

struct TestServer {
  // `adjust` may change the options before the start.
  explicit TestServer(const std::function<void(ServerOptions*)>& adjust = {});
  ~TestServer();

  uint16_t port() const { return server->listener(0).port(); }
  uint64_t Refused(std::string_view reason) const;
  uint64_t Closed(std::string_view reason) const;
  // Waits for what other threads do; false after patience.
  bool Eventually(const std::function<bool()>& condition) const;
  void Settle(const session::AckTicket& ticket) { server->Settle({&ticket, 1}); }
  // Moves time and lets the workers see it.
  void AdvanceSeconds(int64_t seconds);

  Recorder recorder;
  TestClock clock;
  std::unique_ptr<Server> server;
};

// A device past its handshake and CONNECT.
struct Device {
  Device(const TestServer& server, const std::string& name,
         mqtt::Version version = mqtt::Version::k5,
         const std::function<void(mqtt::ConnectView*)>& adjust = {});

  void Publish(std::string_view topic, std::string_view payload, uint8_t qos = 0,
               uint16_t packet_id = 0);
  // The next packet as "PUBACK 7", "PUBACK 7 0x87", "DISCONNECT 0x8e", "PINGRESP"; "end",
  // "timeout".
  std::string Next();

  mqtt::Version version;
  TestClient client;
  bool connected = false;
  mqtt::ConnackView connack;
};

}  // namespace sluice::server
