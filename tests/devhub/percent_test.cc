#include "tests/devhub/percent.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

TEST(PercentTest, EncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(PercentEncode("Hall 7/B"), "Hall%207%2FB");
  EXPECT_EQ(PercentEncode("50 °C"), "50%20%C2%B0C");
  EXPECT_EQ(PercentEncode("a+b=c&d$"), "a%2Bb%3Dc%26d%24");
}

TEST(PercentTest, Decodes) {
  struct {
    std::string_view encoded;
    bool ok;
    std::string_view text;
  } const kCases[] = {
      {"", true, ""},
      {"a+b", true, "a+b"},
      {"%2F%2f", true, "//"},
      {"%00", true, {"\0", 1}},
      {"50%20%C2%B0C", true, "50 °C"},
      {"%", false, ""},
      {"%2", false, ""},
      {"%2G", false, ""},
      {"%%41", false, ""},
      {"a%", false, ""},
      {"% 1", false, ""},
      {"%-1", false, ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.encoded);
    std::string text;
    EXPECT_EQ(PercentDecode(c.encoded, &text), c.ok);
    if (c.ok) {
      EXPECT_EQ(text, c.text);
    }
  }
}

TEST(PercentTest, DecodesWhatItEncodes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string text;
  ASSERT_TRUE(PercentDecode(PercentEncode(all), &text));
  EXPECT_EQ(text, all);
}

}  // namespace
}  // namespace sluice::devhub
