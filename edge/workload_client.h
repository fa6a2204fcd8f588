// IoT Edge's workload API, as a module asks it: signatures by the module's key, which never leaves
// the runtime, the CAs to trust, and server certificates.
//
// Each call blocks for one exchange. Errors say what was asked, what came back and what to do;
// Unavailable is worth another try. Nothing that it returns but signatures may be logged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "edge/transport.h"

namespace sluice::edge {

// Its key is in memory alone: never write one to a file.
struct ServerCertificate {
  std::string chain;      // PEM: the leaf, then its issuers
  std::string key;        // PEM
  int64_t not_after = 0;  // of the leaf, seconds since 1970
};

class WorkloadClient {
 public:
  // `transport` outlives it.
  WorkloadClient(std::string module_id, std::string generation_id, Transport& transport);

  // HMAC-SHA256 of `data` by the module's primary key, in base64.
  absl::StatusOr<std::string> Sign(std::string_view data);

  // PEM: the CAs by which servers of this edge device are to be trusted.
  absl::StatusOr<std::string> TrustBundle();

  // Of a new key, for the DNS name or address `common_name`. How long it lives is the runtime's to
  // say; `until` (seconds since 1970) is what the API's description wants to be told.
  absl::StatusOr<ServerCertificate> IssueServerCertificate(std::string_view common_name,
                                                           int64_t until);

 private:
  absl::StatusOr<std::string> Ask(const HttpRequest& request, int expected_status);

  const std::string module_path_;  // "/modules/{m}/genid/{g}/"
  Transport& transport_;
};

}  // namespace sluice::edge
