#include "gateway/uplink/iothub_output.h"

#include <utility>

#include "gateway/credentials/build_info.h"
#include "gateway/credentials/connection_string_login.h"

namespace sluice::uplink {

UplinkOptions UplinkOptionsOf(const IotHubOptions& options) {
  return UplinkOptionsOf(options, std::make_unique<credentials::ConnectionStringLogin>(
                                      credentials::ConnectionStringLogin::Options{
                                          .connection = options.connection,
                                          .token_lifetime = options.sas_lifetime,
                                          .certificate_file = options.certificate_file,
                                          .key_file = options.key_file,
                                          .ca_file = options.ca_file,
                                          .product = std::string(credentials::Product()),
                                          .not_before = credentials::BuildTime()}));
}

UplinkOptions UplinkOptionsOf(const IotHubOptions& options,
                              std::unique_ptr<credentials::LoginSource> login) {
  UplinkOptions uplink{
      .name = options.name, .login = std::move(login), .link = {}, .sender = options.sender};
  SenderOptions& sender = uplink.sender;
  sender.pack.epoch = options.epoch;
  sender.pack.pack = options.pack;
  sender.pack.gzip = options.gzip;
  sender.pack.max_bytes = options.max_bytes;
  sender.pack.max_delay = options.max_delay;
  return uplink;
}

}  // namespace sluice::uplink
