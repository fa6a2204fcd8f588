// The little of HTTP/1.1 that the workload API needs (edge-module.md, section 2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::devhub {

struct HttpRequest {
  std::string_view method;
  std::string_view path;   // percent-encoded, as sent
  std::string_view query;  // what follows the question mark
  std::string_view body;
  bool closes = false;  // Connection: close, or HTTP/1.0
};

// The request at the front of `input`, whose bytes it points into, and its size; 0: it is not whole
// yet. What is no HTTP, or too large, is kBadHttp: the rest of the input is lost with it.
inline constexpr size_t kBadHttp = static_cast<size_t>(-1);
size_t ParseHttp(std::string_view input, HttpRequest* request);

std::string HttpAnswer(int status, std::string_view json);

}  // namespace sluice::devhub
