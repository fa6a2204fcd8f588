// The link by Eclipse Paho: MQTT 3.1.1 over TLS, the server's certificate and name
// verified.
//
// Paho is a pipe here: no queue, no store and no reconnecting of its own. Each connection is a
// fresh client, so that nothing of a lost one is sent behind the sender's back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/link/link.h"

namespace sluice::link {

class PahoLink final : public Link {
 public:
  struct Options {
    int max_inflight = 100;
    int keep_alive_s = 120;
    bool clean_session = false;
    bool receives = false;       // whether Subscribe() is ever called
    int connect_timeout_s = 60;  // the hub may take that long while it shapes traffic
  };

  // `ring` is called on Paho's threads when there is something to poll.
  PahoLink(const Options& options, std::function<void()> ring);
  ~PahoLink() override;

  void Connect(const credentials::Login& login) override;
  bool Publish(uint64_t number, const Message& message) override;
  void Subscribe(std::span<const std::string> filters) override;
  bool Send(const TextMessage& message) override;
  size_t unsent() const override;
  size_t TakeInbound(std::vector<TextMessage>* messages) override;
  void Disconnect() override;
  void Poll(std::vector<Event>* events) override;

 private:
  class Connection;

  const Options options_;
  const std::function<void()> ring_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace sluice::link
