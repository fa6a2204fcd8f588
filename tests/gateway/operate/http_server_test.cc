#include "gateway/operate/http_server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>

#include <optional>

namespace sluice::operate {
namespace {

TEST(HttpServerTest, AnswersItsRoutesAndNothingElse) {
  auto server = HttpServer::Start("127.0.0.1", 0,
                                  {{"/healthz", [] { return HttpResponse{.body = "ok\n"}; }}});
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto healthy = client.Get("/healthz");
  ASSERT_TRUE(healthy);
  EXPECT_EQ(healthy->status, 200);
  EXPECT_EQ(healthy->body, "ok\n");
  EXPECT_EQ(client.Get("/nothing")->status, 404);
  EXPECT_EQ(client.Post("/healthz")->status, 404);
}

TEST(HttpServerTest, SaysWhichAddressIsTaken) {
  auto first = HttpServer::Start("127.0.0.1", 0, {});
  ASSERT_TRUE(first.ok());
  auto second = HttpServer::Start("192.0.2.1", (*first)->port(), {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find("192.0.2.1"), absl::string_view::npos);
}

// With SO_REUSEPORT two gateways would share it, and each scrape would ask one of them by chance.
TEST(HttpServerTest, RefusesAPortThatAnotherOneServes) {
  auto first = HttpServer::Start("127.0.0.1", 0, {});
  ASSERT_TRUE(first.ok());
  auto second = HttpServer::Start("127.0.0.1", (*first)->port(), {});
  EXPECT_FALSE(second.ok());
}

// The descriptor of this process that listens on `port`.
std::optional<int> ListenerOn(uint16_t port) {
  for (int fd = 0; fd < 1024; ++fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) continue;
    sockaddr_in bound{};
    size = sizeof bound;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
        ntohs(bound.sin_port) == port)
      return fd;
  }
  return std::nullopt;
}

// cpp-httplib ends its loop at any error of accept() but one.
TEST(HttpServerTest, EndsAlsoAfterItsListenerFailed) {
  auto server = HttpServer::Start("127.0.0.1", 0, {});
  ASSERT_TRUE(server.ok());
  const std::optional<int> listener = ListenerOn((*server)->port());
  ASSERT_TRUE(listener.has_value());
  ASSERT_EQ(shutdown(*listener, SHUT_RDWR), 0);
  httplib::Client client("127.0.0.1", (*server)->port());
  while (client.Get("/")) {
  }
  server->reset();  // returns
}

}  // namespace
}  // namespace sluice::operate
