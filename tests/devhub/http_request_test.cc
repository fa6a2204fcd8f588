#include "tests/devhub/http_request.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

constexpr std::string_view kSign =
    "POST /modules/a%20b/genid/7/sign?api-version=2018-06-28 HTTP/1.1\r\nHost: localhost\r\n"
    "content-length:  2\r\nConnection: Close\r\n\r\n{}";

TEST(ParseHttpTest, ReadsARequest) {
  HttpRequest request;
  const std::string text = std::string(kSign) + "GET /";
  EXPECT_EQ(ParseHttp(text, &request), kSign.size());
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/modules/a%20b/genid/7/sign");
  EXPECT_EQ(request.query, "api-version=2018-06-28");
  EXPECT_EQ(request.body, "{}");
  EXPECT_TRUE(request.closes);
}

TEST(ParseHttpTest, WaitsForTheWhole) {
  for (size_t size = 0; size < kSign.size(); ++size) {
    HttpRequest request;
    EXPECT_EQ(ParseHttp(kSign.substr(0, size), &request), 0u) << size;
  }
}

TEST(ParseHttpTest, RefusesWhatIsNone) {
  for (const std::string& text : {
           std::string("\r\n\r\n"),
           std::string("GET / HTTP/2\r\n\r\n"),
           std::string("GET x HTTP/1.1\r\n\r\n"),
           std::string("GET  / HTTP/1.1\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nContent-Length: 262145\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
           "GET /" + std::string(16 << 10, 'x'),
       }) {
    HttpRequest request;
    EXPECT_EQ(ParseHttp(text, &request), kBadHttp) << text.substr(0, 80);
  }
}

TEST(HttpAnswerTest, SaysItsLength) {
  EXPECT_EQ(
      HttpAnswer(201, "{}"),
      "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

}  // namespace
}  // namespace sluice::devhub
