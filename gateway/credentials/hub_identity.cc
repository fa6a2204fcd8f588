#include "gateway/credentials/hub_identity.h"

#include "gateway/credentials/text.h"

namespace sluice::credentials {
namespace {

constexpr std::string_view kApiVersion = "2021-04-12";

}  // namespace

std::string ClientId(const HubIdentity& who) {
  return who.module_id.empty() ? who.device_id : who.device_id + "/" + who.module_id;
}

std::string UserName(const HubIdentity& who, std::string_view product) {
  std::string name = who.host_name + "/" + ClientId(who) +
                     "/?api-version=" + std::string(kApiVersion) + "&DeviceClientType=";
  AppendPercentEncoded(product, &name);
  return name;
}

std::string TokenResource(const HubIdentity& who) {
  std::string resource = who.host_name + "/devices/" + who.device_id;
  if (!who.module_id.empty()) resource += "/modules/" + who.module_id;
  return resource;
}

std::string EventsTopic(const HubIdentity& who) {
  std::string topic = "devices/" + who.device_id;
  if (!who.module_id.empty()) topic += "/modules/" + who.module_id;
  return topic + "/messages/events/";
}

}  // namespace sluice::credentials
