#include "filters/json/writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>

namespace sluice::json {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendString(text, &out);
  return out;
}

std::string Number(double number) {
  std::string out;
  AppendNumber(number, &out);
  return out;
}

TEST(AppendStringTest, Escapes) {
  using namespace std::string_view_literals;
  struct {
    std::string_view text;
    std::string_view json;
  } const kCases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\b\f\n\r\t", R"("\b\f\n\r\t")"},
      {"\0\x01\x1f\x7f"sv, "\"\\u0000\\u0001\\u001f\x7f\""},
      {"grüße, 日本 😀", R"("grüße, 日本 😀")"},
      {"/ stays", R"("/ stays")"},
      {"0123456\"", R"("0123456\"")"},
      {"01234567\"", R"("01234567\"")"},
      {"\xff is no UTF-8", "\"\xff is no UTF-8\""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Quoted(c.text), c.json);
}

TEST(AppendStringTest, FindsASpecialByteAtEveryPlace) {
  for (const char special : {'"', '\\', '\n', '\0', '\x1f'}) {
    for (size_t size = 1; size < 40; ++size) {
      for (size_t place = 0; place < size; ++place) {
        std::string text(size, '!');
        text[place] = special;
        const std::string out = Quoted(text);
        EXPECT_EQ(out.substr(0, place + 2), "\"" + std::string(place, '!') + "\\")
            << size << ' ' << place;
      }
    }
  }
}

TEST(AppendStringTest, AppendsBehindWhatIsThere) {
  std::string out = "x";
  AppendString("y", &out);
  EXPECT_EQ(out, "x\"y\"");
}

TEST(AppendNumberTest, WritesTheShortest) {
  struct {
    double number;
    std::string_view text;
  } const kCases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {21.5, "21.5"},
      {80, "80"},
      {-1, "-1"},
      {0.1, "0.1"},
      {1e5, "100000"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e-6, "0.000001"},
      {1e-7, "1e-07"},
      {9007199254740993.0, "9007199254740992"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "null"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Number(c.number), c.text);
}

TEST(AppendNumberTest, ReadsBackAsTheSameNumber) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    double number = std::bit_cast<double>(random());
    if (i % 2 == 0) number = static_cast<double>(static_cast<int64_t>(random() >> 20)) / 1000;
    if (!std::isfinite(number)) continue;
    const std::string text = Number(number);
    double back = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(result.ptr, text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(number)) << text;
  }
}

}  // namespace
}  // namespace sluice::json
