#include "gateway/uplink/mqtt_output.h"

namespace sluice::uplink {

UplinkOptions UplinkOptionsOf(const MqttOptions& options) {
  UplinkOptions uplink{options.name, {}, options.sender};
  PahoLink::Options& link = uplink.link;
  link.host = options.host;
  link.port = options.port;
  link.client_id = options.client_id;
  link.user_name = options.user_name;
  link.ca_file = options.ca_file;
  link.certificate_file = options.certificate_file;
  link.key_file = options.key_file;

  SenderOptions& sender = uplink.sender;
  sender.credentials = {.password = options.password};
  sender.pack.broker_topic = options.topic;
  sender.pack.epoch = options.epoch;
  sender.pack.pack = options.pack;
  sender.pack.max_bytes = options.max_bytes;
  sender.pack.max_delay = options.max_delay;
  return uplink;
}

}  // namespace sluice::uplink
