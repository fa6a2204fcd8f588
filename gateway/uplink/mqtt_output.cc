#include "gateway/uplink/mqtt_output.h"

#include <memory>
#include <utility>

#include "gateway/credentials/fixed_login.h"

namespace sluice::uplink {

UplinkOptions UplinkOptionsOf(const MqttOptions& options) {
  UplinkOptions uplink{
      .name = options.name, .login = nullptr, .link = {}, .sender = options.sender};
  credentials::Login login;
  login.host = options.host;
  login.port = options.port;
  login.client_id = options.client_id;
  login.user_name = options.user_name;
  login.password = options.password;
  login.certificate_file = options.certificate_file;
  login.key_file = options.key_file;
  login.ca_file = options.ca_file;
  uplink.login = std::make_unique<credentials::FixedLogin>(std::move(login));

  SenderOptions& sender = uplink.sender;
  sender.pack.broker_topic = options.topic;
  sender.pack.epoch = options.epoch;
  sender.pack.pack = options.pack;
  sender.pack.gzip = options.gzip;
  sender.pack.max_bytes = options.max_bytes;
  sender.pack.max_delay = options.max_delay;
  return uplink;
}

}  // namespace sluice::uplink
