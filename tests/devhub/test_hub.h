// A hub for tests: a clock whose hands are turned, a log in a temporary folder, packets written in
// one line.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/json/base64.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/devhub/control.h"
#include "tests/devhub/conversation.h"
#include "tests/devhub/hub.h"

namespace sluice::devhub {

class FakeClock : public Clock {
 public:
  int64_t UnixMicros() const override { return unix_us; }
  int64_t SteadyMicros() const override { return steady_us; }
  void Advance(int64_t us) {
    unix_us += us;
    steady_us += us;
  }

  int64_t unix_us = 1'800'000'000'000'000;
  int64_t steady_us = 5'000'000;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/sluice-devhub-test.XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    for (const std::string& file : files_) std::remove(file.c_str());
    rmdir(path_.c_str());
  }
  std::string File(const std::string& name) {
    files_.push_back(path_ + "/" + name);
    return files_.back();
  }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

// hub.example knows gw-01 by the sheet's key, x1 by ca.crt, x2 by a thumbprint, off (disabled),
// edge-01/sluice.
inline constexpr char kIdentities[] = R"({
  "hostName": "sluice-demo.azure-devices.net", "tier": "S1", "units": 1,
  "policies": [
    {"name": "device", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "rights": "DeviceConnect"},
    {"name": "service", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "rights": "ServiceConnect"}],
  "devices": [
    {"deviceId": "gw-01", "primaryKey": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
     "secondaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    {"deviceId": "x1", "caSigned": true},
    {"deviceId": "x2", "thumbprint": "00112233445566778899AABBCCDDEEFF00112233"},
    {"deviceId": "off", "caSigned": true, "status": "disabled"},
    {"deviceId": "edge-01", "moduleId": "sluice", "primaryKey": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="},
    {"deviceId": "edge-01", "moduleId": "x", "caSigned": true}]})";

// The token of the sheet's worked example, for gw-01; it expires in 2030.
inline constexpr char kSheetToken[] =
    "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices%2Fgw-01"
    "&sig=Cs%2Be0vniweoQHRPcXp9fNqCDtbeJwo0e0BCCaEyiYrI%3D&se=1893456000";

inline std::string UserNameOf(const std::string& client_id) {
  return "sluice-demo.azure-devices.net/" + client_id + "/?api-version=2021-04-12";
}

// --- Packets as a client sends them.

inline std::string Connect(const mqtt::ConnectView& connect) {
  std::string bytes;
  mqtt::AppendPacket(&bytes,
                     [&](std::span<char> out) { return mqtt::EncodeConnect(connect, out); });
  return bytes;
}

inline std::string Publish(std::string_view topic, std::string_view payload, uint8_t qos = 1,
                           uint16_t packet_id = 1, bool retain = false) {
  mqtt::PublishView publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = qos;
  publish.packet_id = qos == 0 ? uint16_t{0} : packet_id;
  publish.retain = retain;
  std::string bytes;
  mqtt::AppendPacket(&bytes, [&](std::span<char> out) {
    return mqtt::EncodePublish(mqtt::Version::k311, publish, out);
  });
  return bytes;
}

inline std::string Subscribe(uint16_t packet_id, const std::vector<mqtt::Subscription>& filters) {
  std::string bytes;
  mqtt::AppendPacket(&bytes, [&](std::span<char> out) {
    return mqtt::EncodeSubscribe(mqtt::Version::k311, packet_id, filters, out);
  });
  return bytes;
}

// --- Packets as the hub sends them.

struct Received {
  std::string topic;
  std::string payload;
  uint8_t qos = 0;
  uint16_t packet_id = 0;
};

// The PUBLISHes among the packets in `bytes`.
inline std::vector<Received> PublishesIn(std::string_view bytes) {
  std::vector<Received> received;
  while (!bytes.empty()) {
    const mqtt::Frame frame = mqtt::NextFrame(bytes, 1 << 20);
    if (frame.status != mqtt::Frame::Status::kComplete) std::abort();
    bytes.remove_prefix(frame.size);
    if (frame.type != mqtt::PacketType::kPublish) continue;
    const auto publish =
        mqtt::DecodePublish(mqtt::Version::k311, mqtt::Sender::kServer, frame.flags, frame.body);
    if (!publish.ok()) std::abort();
    received.push_back({std::string(publish->topic), std::string(publish->payload), publish->qos,
                        publish->packet_id});
  }
  return received;
}

inline std::string Puback(uint16_t packet_id) {
  return std::string("\x40\x02", 2) + static_cast<char>(packet_id >> 8) +
         static_cast<char>(packet_id & 0xff);
}

// --- The hub, and a client's end of a conversation with it.

class TestHub {
 public:
  explicit TestHub(std::string_view identities = kIdentities) {
    size_t cut_bytes = 0;
    hub_ = std::make_unique<Hub>(clock, Registry::Parse(identities).value(),
                                 MessageLog::Open(log_path_, &cut_bytes).value(),
                                 [this](const std::string& line) { log_lines.push_back(line); });
  }

  Hub& hub() { return *hub_; }
  std::string StoredLines() {
    if (!hub_->Flush().ok()) std::abort();
    std::ostringstream text;
    text << std::ifstream(log_path_, std::ios::binary).rdbuf();
    return text.str();
  }
  bool Logged(std::string_view words) const {
    for (const std::string& line : log_lines) {
      if (line.find(words) != line.npos) return true;
    }
    return false;
  }

  FakeClock clock;
  std::vector<std::string> log_lines;

 private:
  TemporaryFolder folder_;
  std::string log_path_ = folder_.File("messages.jsonl");
  std::unique_ptr<Hub> hub_;
};

inline PeerCertificate CaSigned(std::string common_name) {
  PeerCertificate peer;
  peer.present = true;
  peer.common_name = std::move(common_name);
  peer.sha1 = std::string(40, '1');
  peer.sha256 = std::string(64, '2');
  peer.chains_to_ca = true;
  return peer;
}

// The answer to a control command that is answered at once; "" if it was not.
inline std::string AskControl(Hub& hub, std::string_view line) {
  const auto answer = std::make_shared<std::string>();  // a late one finds it still there
  AnswerControl(hub, line, [answer](std::string text) { *answer = std::move(text); });
  return *answer;
}

class TestClient {
 public:
  TestClient(TestHub& hub, PeerCertificate peer)
      : conversation_(std::make_unique<Conversation>(hub.hub(), std::move(peer), "test",
                                                     [this] { ++wakes; })) {}

  // Connected as `client_id` by a certificate of ca.crt.
  TestClient(TestHub& hub, const std::string& client_id, bool clean = true,
             uint16_t keep_alive_s = 60)
      : TestClient(hub, CaSigned(client_id)) {
    const std::string user_name = UserNameOf(client_id);
    mqtt::ConnectView connect;
    connect.client_id = client_id;
    connect.user_name = user_name;
    connect.clean_start = clean;
    connect.keep_alive_s = keep_alive_s;
    connack = Send(Connect(connect));
  }

  // What the hub answers.
  std::string Send(const std::string& bytes) {
    conversation_->Receive(bytes);
    return Answer();
  }
  // What the hub has said since, unasked.
  std::string Hear() { return Answer(); }
  std::string Tick() {
    conversation_->Tick();
    return Answer();
  }
  bool closed() const { return conversation_->closed(); }
  Conversation& conversation() { return *conversation_; }
  void HangUp() { conversation_.reset(); }

  std::string connack;
  int wakes = 0;

 private:
  std::string Answer() { return std::exchange(*conversation_->output(), ""); }
  std::unique_ptr<Conversation> conversation_;
};

}  // namespace sluice::devhub
