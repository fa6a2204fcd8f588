#include "filters/json/unescape.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

std::optional<std::string> Text(std::string_view raw) {
  std::string out(raw.size(), '\0');
  const std::optional<size_t> size = Unescape(raw, out.data());
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

TEST(UnescapeTest, SaysWhatIsMeant) {
  using namespace std::string_literals;
  struct {
    std::string_view raw;
    std::string text;
  } const kCases[] = {
      {"", ""},
      {"plain", "plain"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(\u0000)", "\0"s},
      {R"(a\u0041\u00e4\u20AC\ud83d\ude00z)", "aAä€😀z"},
      {R"(\uFFFF)", "\xef\xbf\xbf"},
      {R"(\uDBFF\uDFFF)", "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.raw);
    EXPECT_EQ(Text(c.raw), c.text);
    EXPECT_TRUE(UnescapedEquals(c.raw, c.text));
    EXPECT_FALSE(UnescapedEquals(c.raw, c.text + "x"));
    EXPECT_EQ(UnescapedEquals(c.raw, c.text.substr(0, c.text.size() / 2)), c.text.empty());
  }
}

TEST(UnescapeTest, RefusesHalfAPair) {
  for (const std::string_view raw : {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\ud800\n)",
                                     R"(\ud800\u0041)", R"(\ud800\ud800)", R"(\udc00\ud800)"}) {
    EXPECT_EQ(Text(raw), std::nullopt) << raw;
    EXPECT_FALSE(UnescapedEquals(raw, raw)) << raw;
  }
}

TEST(UnescapeTest, RefusesWhatIsNoEscape) {
  for (const std::string_view raw :
       {R"(a\)", R"(\x)", R"(\u)", R"(\u004)", R"(\u004g)", R"(\u+041)", R"(\ud83d\)",
        R"(\ud83d\u)", R"(\ud83d\ude0)", R"(\U0041)"}) {
    EXPECT_EQ(Text(raw), std::nullopt) << raw;
    EXPECT_FALSE(UnescapedEquals(raw, raw)) << raw;
  }
}

TEST(UnescapeTest, WorksInPlace) {
  std::string text = R"(a\nb\u0041c)";
  const std::optional<size_t> size = Unescape(text, text.data());
  ASSERT_TRUE(size);
  EXPECT_EQ(text.substr(0, *size), "a\nbAc");
}

}  // namespace
}  // namespace sluice::json
