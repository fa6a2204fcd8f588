// The small HTTP server for operators: GET of a few fixed paths, nothing else.
//
// Handlers run on its own threads (two) and must be thread-safe. Bounded: short time-outs, no
// request bodies.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice::operate {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

using HttpRoutes = std::map<std::string, std::function<HttpResponse()>>;

class HttpServer {
 public:
  // Binds and serves from now on. Port 0 picks one.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& host, uint16_t port,
                                                           const HttpRoutes& routes);
  // Stops and joins.
  ~HttpServer();

  uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::operate
