// The link to the hub by Eclipse Paho: MQTT 3.1.1 over TLS, the server's certificate and name
// verified.
//
// Paho is a pipe here: no queue, no store and no reconnecting of its own. Each connection is a
// fresh client, so that nothing of a lost one is sent behind the sender's back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/spool/doorbell.h"
#include "gateway/uplink/hub_link.h"

namespace sluice::uplink {

class PahoLink final : public HubLink {
 public:
  struct Options {
    int max_inflight = 100;
    int keep_alive_s = 120;
    bool receives = false;       // whether Subscribe() is ever called
    int connect_timeout_s = 60;  // the hub may take that long while it shapes traffic
  };

  // `bell` is rung when there is something to poll.
  PahoLink(Options options, spool::Doorbell& bell);
  ~PahoLink() override;

  void Connect(const credentials::Login& login) override;
  bool Publish(uint64_t number, const HubMessage& message) override;
  void Subscribe(std::span<const std::string> filters) override;
  bool Send(const DownlinkMessage& message) override;
  size_t unsent() const override;
  size_t TakeInbound(std::vector<DownlinkMessage>* messages) override;
  void Disconnect() override;
  void Poll(std::vector<LinkEvent>* events) override;

 private:
  class Connection;

  const Options options_;
  spool::Doorbell& bell_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace sluice::uplink
