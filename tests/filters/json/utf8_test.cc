#include "filters/json/utf8.h"

#include <gtest/gtest.h>

namespace sluice::json {
namespace {

TEST(IsUtf8Test, TellsWellFormed) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("grüße 😀"));
  EXPECT_FALSE(IsUtf8("\xc0\x80"));      // overlong
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));  // a surrogate
  EXPECT_FALSE(IsUtf8("\xe2\x82"));      // cut off
}

TEST(EncodeUtf8Test, WritesOneToFourBytes) {
  struct {
    uint32_t code_point;
    std::string_view bytes;
  } const kCases[] = {
      {'A', "A"},
      {0x7f, "\x7f"},
      {0x80, "\xc2\x80"},
      {0x7ff, "\xdf\xbf"},
      {0x800, "\xe0\xa0\x80"},
      {0xffff, "\xef\xbf\xbf"},
      {0x10000, "\xf0\x90\x80\x80"},
      {0x10ffff, "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& c : kCases) {
    char out[4];
    EXPECT_EQ(std::string_view(out, EncodeUtf8(c.code_point, out)), c.bytes) << c.code_point;
  }
}

}  // namespace
}  // namespace sluice::json
