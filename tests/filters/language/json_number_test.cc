#include "filters/language/json_number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <random>
#include <string>

namespace sluice::language {
namespace {

// `text` at the end of a word, behind bytes that are not its own.
ShortNumber Read(const std::string& text, char before) {
  char bytes[ShortNumber::kMaxSize];
  std::memset(bytes, before, sizeof bytes);
  std::copy(text.begin(), text.end(), std::end(bytes) - text.size());
  return ShortNumber(json::LoadEight(bytes), text.size());
}

double Expected(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool IsPlainNumber(const std::string& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  return text.find_first_of("eE") == std::string::npos && json::SkipNumber(&at, end) && at == end;
}

void ExpectAsWritten(const std::string& text) {
  for (const char before : {'0', '9', '.', '-', ':', '\xff'}) {
    const ShortNumber number = Read(text, before);
    ASSERT_EQ(number.is_sound(), IsPlainNumber(text)) << text;
    if (!number.is_sound()) continue;
    ASSERT_EQ(number.value(), Expected(text)) << text;
    ASSERT_EQ(std::signbit(number.value()), text.front() == '-') << text;
  }
}

TEST(ShortNumberTest, EveryShortTextOfItsBytes) {
  constexpr std::string_view kBytes = "0179.-+e/:";
  for (size_t size = 1; size <= 5; ++size) {
    size_t texts = 1;
    for (size_t i = 0; i < size; ++i) texts *= kBytes.size();
    for (size_t number = 0; number < texts; ++number) {
      std::string text;
      for (size_t i = 0, rest = number; i < size; ++i, rest /= kBytes.size())
        text += kBytes[rest % kBytes.size()];
      ExpectAsWritten(text);
    }
  }
}

TEST(ShortNumberTest, ReadingsAreTheNearestDouble) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = std::to_string(random() % 100'000'000);
    if (const size_t point = random() % text.size(); point > 0 && text.size() < 8)
      text.insert(point, ".");
    if (text.size() < 8 && random() % 2 == 0) text.insert(0, "-");
    ExpectAsWritten(text);
  }
}

TEST(ShortNumberTest, AnyByteAmongDigits) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t at = 0; at < 8; ++at) {
      std::string text = "12345678";
      text[at] = static_cast<char>(byte);
      ExpectAsWritten(text);
    }
  }
}

}  // namespace
}  // namespace sluice::language
