// The output of type `iothub`: how a connection string becomes a link, a sender and packs.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/credentials/connection_string.h"
#include "gateway/credentials/login.h"
#include "gateway/uplink/uplink_output.h"

namespace sluice::uplink {

struct IotHubOptions {
  std::string name;  // of the output, for the log
  credentials::ConnectionString connection;
  std::string ca_file;           // PEM bundle; empty: the system's
  std::string certificate_file;  // for x509=true
  std::string key_file;
  std::chrono::seconds sas_lifetime{3600};
  bool pack = true;
  bool gzip = false;  // packs are compressed
  uint64_t max_bytes = 4096;
  std::chrono::milliseconds max_delay{1000};
  std::string epoch;  // first half of every id: see MakeEpoch()
  // For tests: anything of the sender's own options but credentials and packing.
  SenderOptions sender;
};

UplinkOptions UplinkOptionsOf(const IotHubOptions& options);
// Of an identity that no connection string says: `connection` and what goes with it are not used.
UplinkOptions UplinkOptionsOf(const IotHubOptions& options,
                              std::unique_ptr<credentials::LoginSource> login);

class IotHubOutput final : public UplinkOutput {
 public:
  // As of UplinkOutput.
  IotHubOutput(const IotHubOptions& options, spool::Store& store, spool::Doorbell& bell,
               HubSender::SettleTickets settle, const Clock& clock, Random random,
               std::function<void(const causes::Finding&)> report = nullptr)
      : UplinkOutput(UplinkOptionsOf(options), store, bell, std::move(settle), clock,
                     std::move(random), std::move(report)) {}
};

}  // namespace sluice::uplink
