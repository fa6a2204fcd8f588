#include "gateway/credentials/connection_string_login.h"

#include <utility>

#include "gateway/credentials/certificate.h"
#include "gateway/credentials/sas.h"

namespace sluice::credentials {

using causes::Cause;

ConnectionStringLogin::ConnectionStringLogin(Options options) : options_(std::move(options)) {
  const ConnectionString& connection = options_.connection;
  login_.host = connection.dial_host;
  login_.port = connection.dial_port;
  login_.client_id = ClientId(connection.identity);
  login_.user_name = UserName(connection.identity, options_.product);
  if (connection.x509) {
    login_.certificate_file = options_.certificate_file;
    login_.key_file = options_.key_file;
  }
  login_.ca_file = options_.ca_file;
  login_.identity = connection.identity;
  login_.events_topic = EventsTopic(connection.identity);
}

std::optional<LoginAnswer> ConnectionStringLogin::Poll(TimePoint) {
  return std::exchange(answer_, std::nullopt);
}

LoginAnswer ConnectionStringLogin::ByCertificate(std::chrono::system_clock::time_point now) const {
  const auto finding = CheckCertificate(login_.certificate_file, login_.key_file, now);
  if (!finding) return login_;
  if (finding->cause != Cause::kCertificateEnds) return NoLogin{*finding};
  Login login = login_;
  login.warning = *finding;
  return login;
}

LoginAnswer ConnectionStringLogin::Answer(const LoginRequest& request) const {
  const ConnectionString& connection = options_.connection;
  if (connection.x509) return ByCertificate(request.wall);
  if (request.wall < options_.not_before) {
    return NoLogin{{Cause::kClock, "it shows a time before this program was built"}};
  }
  const int64_t wall_s =
      std::chrono::duration_cast<std::chrono::seconds>(request.wall.time_since_epoch()).count();
  Login login = login_;
  if (!connection.signature.empty()) {
    const absl::StatusOr<int64_t> expiry = SasExpiry(connection.signature);
    if (!expiry.ok() || *expiry <= wall_s) return NoLogin{{Cause::kTokenExpired, ""}};
    login.password = connection.signature;
    return login;
  }
  login.password = MakeSasToken(TokenResource(connection.identity), connection.key,
                                wall_s + options_.token_lifetime.count());
  login.renew_after = SasRenewalDelay(options_.token_lifetime, request.draw);
  login.is_fresh = true;
  return login;
}

}  // namespace sluice::credentials
