#include "gateway/uplink/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::uplink {
namespace {

TEST(JsonTextTest, EscapesStrings) {
  struct {
    std::string_view text;
    std::string_view json;
  } const kCases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {std::string_view("\0\x1f", 2), "\"\\u0000\\u001f\""},
      {"50 \xc2\xb0", "\"50 \xc2\xb0\""},
      {"\xff", R"("\ufffd")"},
      {"a\xc2", R"("a\ufffd")"},
      {"\xc2\xb0\x80\"", "\"\xc2\xb0\\ufffd\\\"\""},
      {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},  // a surrogate is no UTF-8
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendJsonString(c.text, &out);
    EXPECT_EQ(out, c.json);
  }
}

// RFC 4648 section 10.
TEST(JsonTextTest, EncodesBase64) {
  struct {
    std::string_view text;
    std::string_view encoded;
  } const kCases[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"},
                      {"\xff\xfe\xfd", "//79"}};
  for (const auto& c : kCases) {
    std::string out;
    AppendBase64(c.text, &out);
    EXPECT_EQ(out, c.encoded);
  }
}

TEST(JsonTextTest, WritesTimesAsRfc3339) {
  struct {
    int64_t time_us;
    std::string_view text;
  } const kCases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1'893'456'000'000'000, "2030-01-01T00:00:00.000Z"},
      {1'893'456'000'123'999, "2030-01-01T00:00:00.123Z"},  // the same second again
      {1'709'164'799'999'999, "2024-02-28T23:59:59.999Z"},
      {1'709'164'800'007'000, "2024-02-29T00:00:00.007Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
  };
  TimeText text;
  for (const auto& c : kCases) EXPECT_EQ(text.Format(c.time_us), c.text);
}

}  // namespace
}  // namespace sluice::uplink
