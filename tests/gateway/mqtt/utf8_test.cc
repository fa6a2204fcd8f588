#include "gateway/mqtt/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

TEST(ValidTextTest, Table) {
  struct {
    std::string text;
    bool valid;
  } const kCases[] = {
      {"", true},
      {"a", true},
      {"plant/line1/temperature", true},
      {"\x01\x1f\x7f", true},  // control characters: left open, accepted
      {"gr\xc3\xbc\xc3\x9f", true},
      {"\xe2\x82\xac\xf0\x9f\x8c\xa1", true},
      {"\xef\xbf\xbf", true},  // U+FFFF, a non-character
      {"\xef\xbb\xbf"
       "a",
       true},               // U+FEFF is no byte order mark [MQTT-1.5.4-3]
      {Bytes({0}), false},  // [MQTT-1.5.4-2]
      {"abc" + Bytes({0}) + "defghijkl", false},
      {"abcdefghijkl" + Bytes({0}), false},
      {"\xc3\xbc" + Bytes({0}), false},
      {"\xed\xa0\x80", false},      // U+D800, a surrogate [MQTT-1.5.4-1]
      {"\xed\xbf\xbf", false},      // U+DFFF
      {"\xc0\x80", false},          // overlong U+0000
      {"\xe0\x80\xaf", false},      // overlong /
      {"\xf4\x90\x80\x80", false},  // beyond U+10FFFF
      {"\x80", false},
      {"abcdefgh\xff", false},
      {"abc\xc3", false},  // cut
      {"\xf0\x9f\x8c", false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ValidText(c.text), c.valid) << testing::PrintToString(c.text);
    const bool has_nul = c.text.find('\0') != std::string::npos;
    EXPECT_EQ(ValidUtf8(c.text), c.valid || (has_nul && c.text != "\xc0\x80"))
        << testing::PrintToString(c.text);
  }
}

// The fast path looks at eight bytes a step: a bad byte is seen at every place of every length.
TEST(ValidTextTest, SeesABadByteWhereverItStands) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (const char bad : {'\0', '\x80', '\xff'}) {
        std::string text(size, 'a');
        text[at] = bad;
        ASSERT_FALSE(ValidText(text)) << size << " " << at;
      }
      std::string text(size, 'a');
      text[at] = '\x7f';
      ASSERT_TRUE(ValidText(text)) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace sluice::mqtt
