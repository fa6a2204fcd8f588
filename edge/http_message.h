// The little of HTTP/1.1 that the workload API speaks: requests written, answers read.
//
// An answer is hostile until it has been read: what is not understood or exceeds the bounds is
// refused with a reason, whatever of it has arrived.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sluice::edge {

inline constexpr size_t kMaxResponseHeadBytes = 16 << 10;
inline constexpr size_t kMaxResponseBodyBytes = 512 << 10;  // some hundred certificates

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, percent-encoded
  std::string body;    // JSON; of a GET: none
};

struct HttpResponse {
  int status = 0;
  std::string body;
};

// As it goes on the wire.
std::string FormatRequest(const HttpRequest& request);

// The answer at the front of `received`. Nothing: more bytes are needed. `at_end`: no more will
// come.
absl::StatusOr<std::optional<HttpResponse>> ParseResponse(std::string_view received, bool at_end);

}  // namespace sluice::edge
