#include "gateway/uplink/iothub_output.h"

#include "gateway/uplink/build_info.h"

namespace sluice::uplink {

UplinkOptions UplinkOptionsOf(const IotHubOptions& options) {
  UplinkOptions uplink{options.name, {}, options.sender};
  PahoLink::Options& link = uplink.link;
  link.host = options.connection.dial_host;
  link.port = options.connection.dial_port;
  link.client_id = ClientId(options.connection);
  link.user_name = UserName(options.connection, Product());
  link.ca_file = options.ca_file;
  link.certificate_file = options.certificate_file;
  link.key_file = options.key_file;

  SenderOptions& sender = uplink.sender;
  sender.credentials = {.key = options.connection.key,
                        .resource = TokenResource(options.connection),
                        .signature = options.connection.signature,
                        .token_lifetime = options.sas_lifetime};
  sender.pack.topic_prefix = EventsTopic(options.connection);
  sender.pack.epoch = options.epoch;
  sender.pack.pack = options.pack;
  sender.pack.max_bytes = options.max_bytes;
  sender.pack.max_delay = options.max_delay;
  sender.not_before = BuildTime();
  return uplink;
}

}  // namespace sluice::uplink
