#include "edge/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::edge {
namespace {

using testing::HasSubstr;

TEST(FormatRequestTest, IsTheSheetsByteForByte) {
  constexpr char kBody[] =
      R"({"keyId":"primary","algo":"HMACSHA256","data":"c2x1aWNlLWRlbW8uYXp1cmUtZGV2aWNlcy5uZXQlMkZkZXZpY2VzJTJGZWRnZS0wMSUyRm1vZHVsZXMlMkZzbHVpY2UKMTg5MzQ1NjAwMA=="})";
  EXPECT_EQ(
      FormatRequest(
          {"POST", "/modules/sluice/genid/638412345678901234/sign?api-version=2018-06-28", kBody}),
      "POST /modules/sluice/genid/638412345678901234/sign?api-version=2018-06-28 HTTP/1.1\r\n"
      "Host: localhost\r\n"
      "Content-Type: application/json\r\n"
      "Content-Length: 157\r\n"
      "\r\n" +
          std::string(kBody));
}

TEST(FormatRequestTest, AGetHasNoBody) {
  EXPECT_EQ(FormatRequest({"GET", "/trust-bundle?api-version=2018-06-28", ""}),
            "GET /trust-bundle?api-version=2018-06-28 HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

struct Answer {
  std::string_view bytes;
  int status;
  std::string_view body;
};
const Answer kAnswers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"},
    {"HTTP/1.1 403 Forbidden\r\ncontent-length:0\r\n\r\n", 403, ""},
    {"HTTP/1.0 200 OK\r\nServer: x\r\ncOnTeNt-LeNgTh: \t 3 \r\n\r\nabc", 200, "abc"},
    {"HTTP/1.1 201\r\nContent-Length: 1\r\n\r\n{", 201, "{"},  // no phrase
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
     200, "abcde"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n", 200,
     "0123456789"},
};

TEST(ParseResponseTest, ReadsAnswersHoweverTheyAreCut) {
  for (const Answer& answer : kAnswers) {
    SCOPED_TRACE(answer.bytes);
    bool found = false;
    for (size_t size = 0; size <= answer.bytes.size(); ++size) {
      const auto response = ParseResponse(answer.bytes.substr(0, size), false);
      ASSERT_TRUE(response.ok()) << size << ": " << response.status();
      if (!response->has_value()) {
        ASSERT_FALSE(found) << size;
        // A peer that ends there has said less than it meant to.
        EXPECT_FALSE(ParseResponse(answer.bytes.substr(0, size), true).ok()) << size;
        continue;
      }
      found = true;
      EXPECT_EQ((*response)->status, answer.status);
      EXPECT_EQ((*response)->body, answer.body);
    }
    EXPECT_TRUE(found);
  }
}

TEST(ParseResponseTest, WithoutALengthTheConnectionsEndIsTheBodys) {
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\n\r\nhello";
  const auto more = ParseResponse(kAnswer, false);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(more->has_value());
  const auto whole = ParseResponse(kAnswer, true);
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->body, "hello");
}

TEST(ParseResponseTest, RefusesWhatItDoesNotUnderstand) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const struct {
    std::string bytes;
    const char* reason;
  } kCases[] = {
      {"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"},
      {"HTTP/2 200\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 2000\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 20\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 +20 x\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "not HTTP"},
      {"\r\n\r\n", "not HTTP"},
      {head + "no colon\r\n\r\n", "without a name"},
      {head + ": 3\r\n\r\n", "without a name"},
      {head + "Content-Length: -1\r\n\r\n", "Content-Length"},
      {head + "Content-Length: 0x10\r\n\r\n", "Content-Length"},
      {head + "Content-Length: \r\n\r\n", "Content-Length"},
      {head + "Content-Length: 99999999999999999999\r\n\r\n", "Content-Length"},
      {head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "two"},
      {head + "Content-Length: 524289\r\n\r\n", "too long"},
      {head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "two lengths"},
      {head + "Transfer-Encoding: gzip\r\n\r\n", "transfer encoding"},
      {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer"},
      {head + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "compressed"},
      {head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "without a size"},
      {head + "Transfer-Encoding: chunked\r\n\r\n\r\n", "without a size"},
      {head + "Transfer-Encoding: chunked\r\n\r\n80001\r\n", "too long"},
      {head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "too long"},
      {head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", "another size"},
      {head + "Transfer-Encoding: chunked\r\n\r\n" + std::string(300, '1'), "without a size"},
      {std::string(kMaxResponseHeadBytes, 'x'), "too long a head"},
      {head + "\r\n" + std::string(kMaxResponseBodyBytes + 1, 'x'), "too long"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.bytes.substr(0, 100));
    const auto response = ParseResponse(c.bytes, false);
    ASSERT_FALSE(response.ok());
    EXPECT_TRUE(absl::IsDataLoss(response.status()));
    EXPECT_THAT(std::string(response.status().message()), HasSubstr(c.reason));
  }
}

}  // namespace
}  // namespace sluice::edge
