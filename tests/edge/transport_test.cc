#include "edge/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/edge/scripted_server.h"

namespace sluice::edge {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const HttpRequest kRequest{"GET", "/trust-bundle?api-version=2018-06-28", ""};

Endpoint At(const std::string& uri) {
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(uri);
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  return endpoint.value_or(Endpoint{});
}

TEST(ParseEndpointTest, KnowsBothForms) {
  const struct {
    const char* uri;
    Endpoint endpoint;
  } kCases[] = {
      {"unix:///var/run/iotedge/workload.sock", {"/var/run/iotedge/workload.sock", "", 0}},
      {"http://127.0.0.1:15581", {"", "127.0.0.1", 15581}},
      {"http://127.0.0.1:15581/", {"", "127.0.0.1", 15581}},
      {"http://[::1]:80", {"", "::1", 80}},
      {"http://edge-host:15581", {"", "edge-host", 15581}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.uri);
    const Endpoint endpoint = At(c.uri);
    EXPECT_EQ(endpoint.path, c.endpoint.path);
    EXPECT_EQ(endpoint.host, c.endpoint.host);
    EXPECT_EQ(endpoint.port, c.endpoint.port);
  }
}

TEST(ParseEndpointTest, RefusesOthers) {
  const std::string too_long = "unix:///" + std::string(120, 'x');
  for (const std::string& uri :
       {std::string(""), std::string("/var/run/workload.sock"), std::string("unix://relative"),
        std::string("unix://"), std::string("https://127.0.0.1:1"), std::string("http://127.0.0.1"),
        std::string("http://127.0.0.1:0"), std::string("http://127.0.0.1:65536"),
        std::string("http://:80"), std::string("http://a/b:80"), std::string("fd://workload"),
        too_long}) {
    SCOPED_TRACE(uri);
    EXPECT_FALSE(ParseEndpoint(uri).ok());
  }
}

TEST(SocketTransportTest, ExchangesOverAUnixSocket) {
  std::string asked;
  ScriptedServer server([&](int fd) {
    asked = ScriptedServer::ReadHead(fd);
    for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
      ScriptedServer::Write(fd, std::string(1, c));
    server.WaitForEnd(fd);  // as a peer that keeps connections alive
  });
  SocketTransport transport(At(server.uri()));
  const absl::StatusOr<HttpResponse> response = transport.Exchange(kRequest);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "abc");
  EXPECT_EQ(asked, FormatRequest(kRequest));
}

TEST(SocketTransportTest, SaysThatNobodyIsThere) {
  SocketTransport transport({"/nonexistent/workload.sock", "", 0});
  const absl::StatusOr<HttpResponse> response = transport.Exchange(kRequest);
  EXPECT_TRUE(absl::IsUnavailable(response.status()));
  EXPECT_THAT(std::string(response.status().message()),
              testing::AllOf(HasSubstr("/nonexistent/workload.sock"), HasSubstr("No such file")));
}

TEST(SocketTransportTest, TheDeadlineIsOverAllOfTheExchange) {
  // Drips for ever: each byte in time, the answer never.
  ScriptedServer server([&](int fd) {
    ScriptedServer::ReadHead(fd);
    ScriptedServer::Write(fd, "HTTP/1.1 200 OK\r\nX: ");
    pollfd polled = {fd, POLLRDHUP, 0};
    while (poll(&polled, 1, 5) == 0) ScriptedServer::Write(fd, "x");
  });
  SocketTransport transport(At(server.uri()), milliseconds(100));
  const absl::StatusOr<HttpResponse> response = transport.Exchange(kRequest);
  EXPECT_TRUE(absl::IsUnavailable(response.status())) << response.status();
  EXPECT_THAT(std::string(response.status().message()), HasSubstr("no answer within 100 ms"));
}

TEST(SocketTransportTest, RefusesAnEndlessAnswer) {
  for (const char* head : {"", "HTTP/1.1 200 OK\r\n\r\n"}) {
    ScriptedServer server([&](int fd) {
      ScriptedServer::ReadHead(fd);
      ScriptedServer::Write(fd, head);
      const std::string much(64 << 10, 'x');
      pollfd polled = {fd, POLLRDHUP, 0};
      while (poll(&polled, 1, 0) == 0) ScriptedServer::Write(fd, much);
    });
    SocketTransport transport(At(server.uri()));
    EXPECT_TRUE(absl::IsDataLoss(transport.Exchange(kRequest).status()));
  }
}

TEST(SocketTransportTest, APeerThatHangsUpGaveNoAnswer) {
  ScriptedServer server([&](int fd) { ScriptedServer::ReadHead(fd); });
  SocketTransport transport(At(server.uri()));
  EXPECT_THAT(std::string(transport.Exchange(kRequest).status().message()), HasSubstr("is empty"));
}

TEST(SocketTransportTest, CancelEndsAnExchangeUnderWay) {
  ScriptedServer server([&](int fd) { server.WaitForEnd(fd); });
  SocketTransport transport(At(server.uri()), std::chrono::minutes(10));
  std::thread other([&] { transport.Cancel(); });
  EXPECT_TRUE(absl::IsCancelled(transport.Exchange(kRequest).status()));
  other.join();
  EXPECT_TRUE(absl::IsCancelled(transport.Exchange(kRequest).status()));
}

}  // namespace
}  // namespace sluice::edge
