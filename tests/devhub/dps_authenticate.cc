#include "tests/devhub/dps_authenticate.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "tests/devhub/percent.h"
#include "tests/devhub/sas_token.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

Refusal Unauthorized(std::string why) {
  return {mqtt::Reason::kNotAuthorized, kDpsUnauthorized, std::move(why)};
}

// The enrolments that `registration_id` may come by: its own alone if it has one.
std::vector<const Enrollment*> Candidates(const DpsConfig& config,
                                          const std::string& registration_id) {
  const auto own = config.individual.find(registration_id);
  if (own != config.individual.end()) return {&own->second};
  std::vector<const Enrollment*> groups;
  for (const Enrollment& group : config.groups) groups.push_back(&group);
  return groups;
}

std::vector<std::string> DeviceKeys(const Enrollment& enrollment,
                                    const std::string& registration_id) {
  if (!enrollment.is_group) return enrollment.keys;
  std::vector<std::string> keys;
  for (const std::string& key : enrollment.keys) keys.push_back(DeriveKey(key, registration_id));
  return keys;
}

// The hub's identity of one who came by `enrollment`.
DpsAdmission Admit(const Enrollment& enrollment, const std::string& registration_id) {
  DpsAdmission admission;
  admission.registration_id = registration_id;
  admission.enrollment = enrollment;
  admission.device.identity.device =
      enrollment.device_id.empty() ? registration_id : enrollment.device_id;
  return admission;
}

std::variant<DpsAdmission, Refusal> ByToken(const DpsConfig& config,
                                            const std::string& registration_id,
                                            std::string_view password, int64_t now_s) {
  const absl::StatusOr<SasToken> token = ParseSasToken(password);
  if (!token.ok()) return Unauthorized(std::string(token.status().message()));
  if (token->policy != "registration") return Unauthorized("token: want skn=registration");
  const std::string resource = config.id_scope + "/registrations/" + registration_id;
  // The documentation asks for lower case, shipping clients write the scope as issued.
  if (!EqualsIgnoringCase(token->resource, resource)) {
    return Unauthorized(fmt::format("token for \"{}\"", Printable(token->resource)));
  }
  if (token->expiry <= now_s) {
    return Unauthorized(fmt::format("token expired {} s ago", now_s - token->expiry));
  }
  for (const Enrollment* enrollment : Candidates(config, registration_id)) {
    std::vector<std::string> keys = DeviceKeys(*enrollment, registration_id);
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return IsSignedBy(*token, key); })) {
      continue;
    }
    DpsAdmission admission = Admit(*enrollment, registration_id);
    admission.device.keys = std::move(keys);
    admission.token_expiry = token->expiry;
    return admission;
  }
  return Unauthorized("no enrolment with such a key");
}

bool IsEnrolled(const Enrollment& enrollment, const PeerCertificate& peer) {
  if (enrollment.is_group) return enrollment.ca_signed && peer.chains_to_ca;
  return std::any_of(
      enrollment.thumbprints.begin(), enrollment.thumbprints.end(),
      [&](const std::string& print) { return print == peer.sha1 || print == peer.sha256; });
}

std::variant<DpsAdmission, Refusal> ByCertificate(const DpsConfig& config,
                                                  const std::string& registration_id,
                                                  const PeerCertificate& peer) {
  if (!peer.present) return Unauthorized("neither a password nor a client certificate");
  if (!EqualsIgnoringCase(peer.common_name, registration_id)) {
    return Unauthorized(fmt::format("the certificate's CN \"{}\" is not the registration id",
                                    Printable(peer.common_name)));
  }
  for (const Enrollment* enrollment : Candidates(config, registration_id)) {
    if (!IsEnrolled(*enrollment, peer)) continue;
    DpsAdmission admission = Admit(*enrollment, registration_id);
    admission.device.thumbprints = {peer.sha256};  // what DPS writes into the hub (section 5)
    admission.sha1 = peer.sha1;
    admission.sha256 = peer.sha256;
    admission.subject = "CN=" + peer.common_name;
    return admission;
  }
  return Unauthorized("no enrolment for this certificate");
}

}  // namespace

std::string DeriveKey(std::string_view group_key, std::string_view registration_id) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const unsigned char* made =
      HMAC(EVP_sha256(), group_key.data(), static_cast<int>(group_key.size()),
           reinterpret_cast<const unsigned char*>(registration_id.data()), registration_id.size(),
           digest, &size);
  assert(made != nullptr);
  (void)made;
  return {reinterpret_cast<const char*>(digest), size};
}

bool IsDpsUserName(std::string_view user_name) {
  const std::vector<std::string_view> parts = Split(user_name, '/');
  return parts.size() == 4 && parts[1] == "registrations" && parts[3].starts_with("api-version=");
}

std::variant<DpsAdmission, Refusal> DpsAuthenticate(const DpsConfig& config,
                                                    const mqtt::ConnectView& connect,
                                                    const PeerCertificate& peer, int64_t now_s) {
  if (!connect.user_name || !IsDpsUserName(*connect.user_name)) {
    return Refusal{mqtt::Reason::kBadUserNameOrPassword, kBadUserName,
                   "want {idScope}/registrations/{registrationId}/api-version=..."};
  }
  const std::vector<std::string_view> parts = Split(*connect.user_name, '/');
  if (!IsRegistrationId(parts[2])) {
    return Refusal{mqtt::Reason::kBadUserNameOrPassword, kBadUserName, "no valid registration id"};
  }
  if (connect.client_id != parts[2]) {
    return Refusal{mqtt::Reason::kClientIdentifierNotValid, kBadClientId,
                   fmt::format("the user name is for \"{}\"", Printable(parts[2]))};
  }
  if (parts[0] != config.id_scope) {
    return Unauthorized(fmt::format("id scope \"{}\"", Printable(parts[0])));
  }
  const std::string registration_id = LowerCase(parts[2]);
  return connect.password ? ByToken(config, registration_id, *connect.password, now_s)
                          : ByCertificate(config, registration_id, peer);
}

}  // namespace sluice::devhub
