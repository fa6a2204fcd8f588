#include "gateway/operate/http_server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "gateway/operate/log.h"

namespace sluice::operate {

struct HttpServer::Impl {
  httplib::Server server;
  uint16_t port = 0;
  std::atomic<bool> stopping{false};  // written by the destructor
  std::atomic<bool> ended{false};     // written by the thread
  std::thread thread;

  void Serve() {
    server.listen_after_bind();
    if (!stopping.load()) {
      Log(LogLevel::kError, "http_failed",
          "operate.http accepts no more requests: restart the gateway to have metrics again");
    }
    ended.store(true);
  }
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& host,
                                                              uint16_t port,
                                                              const HttpRoutes& routes) {
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  server.set_socket_options([](socket_t socket) {
    // Its default adds SO_REUSEPORT, by which two gateways would share a port without a word.
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  server.set_payload_max_length(4096);
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  server.set_keep_alive_timeout(5);
  for (const auto& [path, handler] : routes) {
    server.Get(path, [handler = handler](const httplib::Request&, httplib::Response& response) {
      HttpResponse made = handler();
      response.status = made.status;
      response.set_header("Cache-Control", "no-store");
      response.set_content(made.body, made.content_type);
    });
  }
  const std::string bind_host = host.empty() ? "0.0.0.0" : host;
  const int bound = port == 0                              ? server.bind_to_any_port(bind_host)
                    : server.bind_to_port(bind_host, port) ? port
                                                           : -1;
  if (bound <= 0) {
    return absl::UnavailableError(fmt::format(
        "operate.http: cannot listen on {}:{}: address in use, or not one of this machine", host,
        port));
  }
  impl->port = static_cast<uint16_t>(bound);
  impl->thread = std::thread([raw = impl.get()] { raw->Serve(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->stopping.store(true);
  // stop() before the listener runs would be lost; and it may have ended by itself.
  while (!impl_->server.is_running() && !impl_->ended.load()) std::this_thread::yield();
  impl_->server.stop();
  impl_->thread.join();
}

uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace sluice::operate
