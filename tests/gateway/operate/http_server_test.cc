#include "gateway/operate/http_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

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

}  // namespace
}  // namespace sluice::operate
