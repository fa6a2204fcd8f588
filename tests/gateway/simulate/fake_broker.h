// A broker that only takes publishes, over mutual TLS, and misbehaves as it is told.
//
// A thread a connection, blocking: simple, and for a few devices. What it saw may be read at any
// time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/result.h"
#include "gateway/tls/context.h"

namespace sluice::simulate {

struct SeenPublish {
  std::string identity;  // of the certificate
  std::string topic;
  std::string payload;
  uint8_t qos = 0;
  bool dup = false;
};

class FakeBroker {
 public:
  // What to do with a publish, the `number`th of all (from 0).
  enum class Verdict : uint8_t { kAccept, kRefuse, kIgnore, kHangUp };
  struct Behaviour {
    std::function<Verdict(const SeenPublish& publish, size_t number)> judge;
    mqtt::ConnackView connack;
  };

  // Listens on 127.0.0.1 with DIR/server.crt and accepts the certificates of DIR/ca.crt.
  FakeBroker(const std::string& pki_dir, Behaviour behaviour);
  ~FakeBroker();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<SeenPublish> seen() const;
  size_t connections() const;
  // DISCONNECT came, and then the end of the stream.
  size_t goodbyes() const;

 private:
  void Accept();
  void Serve(int fd);
  bool OnPacket(SSL* ssl, const std::string& identity, std::string_view packet);
  Verdict Note(SeenPublish publish);

  Behaviour behaviour_;
  std::shared_ptr<const tls::ServerContext> context_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenPublish> seen_;
  size_t connections_ = 0;
  size_t goodbyes_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace sluice::simulate
