#include "gateway/causes/cause.h"

#include <cstddef>
#include <iterator>

namespace sluice::causes {
namespace {

struct Row {
  Cause cause;
  std::string_view name;
  std::string_view advice;
};

constexpr Row kRows[] = {
    {Cause::kNone, "none", ""},
    {Cause::kClock, "clock",
     "The clock of this box is wrong: a token or certificate cannot be judged by it. Set the time "
     "(timedatectl, NTP); the uplink goes on by itself."},
    {Cause::kNameResolution, "name_resolution",
     "The hub's name does not resolve. Check HostName in the connection string, and DNS on this "
     "box."},
    {Cause::kRefused, "refused",
     "The hub's port refuses connections. Check host and port, and that nothing between blocks "
     "it."},
    {Cause::kUnreachable, "unreachable",
     "The hub does not answer. Check the network, and that outbound TCP to its port is allowed."},
    {Cause::kTrust, "trust",
     "The hub's certificate is not trusted. Check `ca` of the output (an IoT Edge module trusts "
     "its runtime's trust bundle alone); a proxy that opens TLS has the same effect."},
    {Cause::kHostName, "host_name",
     "The hub's certificate is for another name. Check HostName (or GatewayHostName): it must be "
     "the "
     "name in the certificate."},
    {Cause::kNotAuthorised, "not_authorised",
     "The hub refuses the credentials. Check the key, that the device is registered and enabled, "
     "that "
     "no IP rule excludes this box, and its clock: five minutes off are enough."},
    {Cause::kTokenExpired, "token_expired",
     "The SharedAccessSignature of the connection string has expired. Put a new one there, or a "
     "SharedAccessKey, from which tokens are renewed."},
    {Cause::kRejected, "rejected",
     "The hub rejects the protocol or the client id. Check DeviceId and ModuleId."},
    {Cause::kUnavailable, "unavailable", "The hub says it is unavailable. It is tried again."},
    {Cause::kClosed, "closed",
     "The hub closed the connection. What was not acknowledged is sent again after reconnecting."},
    {Cause::kThrottled, "throttled",
     "The hub acknowledges slowly: it throttles, or its daily quota is used up. Forward less "
     "(rules, "
     "packing), or add units."},
    {Cause::kDuplicateIdentity, "duplicate_identity",
     "The hub closes each connection soon after accepting it: something else connects with the "
     "same "
     "identity. Give each gateway a device of its own."},
    {Cause::kTooLarge, "too_large",
     "A message is larger than the hub takes (256 KB with its properties) and was refused for "
     "good."},
    {Cause::kCertificate, "certificate",
     "The output's own certificate or key cannot be used. Put good ones in place; they are read "
     "again for each attempt."},
    {Cause::kCertificateEnds, "certificate_ends",
     "The output's own certificate is about to expire. Put a new one in its place; it is read for "
     "each connection."},
    {Cause::kWorkload, "workload_api",
     "The IoT Edge runtime's workload API gives no token. Check that aziot-edged runs and that its "
     "socket is mounted into this container; the uplink goes on by itself."},
};

const Row& RowOf(Cause cause) {
  const auto index = static_cast<size_t>(cause);
  return kRows[index < std::size(kRows) ? index : 0];
}

}  // namespace

std::string_view CauseName(Cause cause) { return RowOf(cause).name; }
std::string_view CauseAdvice(Cause cause) { return RowOf(cause).advice; }

}  // namespace sluice::causes
