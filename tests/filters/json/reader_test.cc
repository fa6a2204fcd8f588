#include "filters/json/reader.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::json {
namespace {

bool Accepts(std::string_view text) {
  // A copy of exactly this size, so that AddressSanitizer sees a read past its end.
  const std::string copy(text);
  Reader reader(copy);
  std::string_view raw;
  return reader.ReadValue(&raw) && reader.AtEnd();
}

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(ReaderTest, AcceptsWhatIsJson) {
  for (const std::string_view text :
       {"0", "-0", "-1.5e+30", "1E4", "10.010", "1e400", "true", "false", "null", R"("")",
        R"("\u00e4\"\\")", "{}", "[]", " [ 1 , 2 ] ", R"({"a":{"b":[{},[],{"c":null}]},"a":1})",
        "\t\r\n{ \"a\" :\n1 }\n", R"("\ud800")", "\"\x7f\""}) {
    EXPECT_TRUE(Accepts(text)) << text;
  }
}

TEST(ReaderTest, RefusesWhatIsNot) {
  using namespace std::string_view_literals;
  const std::string_view texts[] = {"",
                                    " ",
                                    "01",
                                    "-",
                                    "1.",
                                    ".5",
                                    "+1",
                                    "1e",
                                    "1e+",
                                    "0x10",
                                    "1 2",
                                    "NaN",
                                    "Infinity",
                                    "tru",
                                    "truex",
                                    "nul",
                                    "'a'",
                                    "\"",
                                    "\"a",
                                    R"("\)",
                                    R"("\x")",
                                    R"("\u12")",
                                    R"("\u12g4")",
                                    "\"\n\"",
                                    "\"\0\""sv,
                                    "{",
                                    "[",
                                    "]",
                                    "}",
                                    "[1,]",
                                    "[,1]",
                                    "[1 2]",
                                    "[1}",
                                    "{]",
                                    R"({"a"})",
                                    R"({"a":})",
                                    R"({"a":1,})",
                                    R"({,"a":1})",
                                    R"({a:1})",
                                    R"({"a":1 "b":2})",
                                    R"({"a" 1})",
                                    R"({1:1})",
                                    "[1]]",
                                    "{}{}",
                                    "// x\n1",
                                    "[1,\0]"sv,
                                    "\xef\xbb\xbf{}",
                                    "1\0"sv};
  for (const std::string_view text : texts) EXPECT_FALSE(Accepts(text)) << text;
}

TEST(ReaderTest, RefusesEveryTruncation) {
  const std::string text = R"({"a":[1.5e3,true,null,"x\u00e4\n"],"b":{"c":false}})";
  ASSERT_TRUE(Accepts(text));
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(Accepts(text.substr(0, size))) << size;
}

TEST(ReaderTest, BoundsTheDepth) {
  EXPECT_TRUE(Accepts(Nested(kMaxDepth)));
  EXPECT_FALSE(Accepts(Nested(kMaxDepth + 1)));
  EXPECT_FALSE(Accepts(std::string(1'000'000, '[')));
}

TEST(ReaderTest, HandsOutValuesAsWritten) {
  Reader reader(R"( { "a" : 1.50 , "b\u0041":[ 1, {"x":2} ],"c":"t\n" } )");
  std::string_view key, value;
  ASSERT_TRUE(reader.BeginObject());
  ASSERT_TRUE(reader.Next(&key));
  EXPECT_EQ(key, "a");
  EXPECT_EQ(reader.Peek(), Kind::kNumber);
  ASSERT_TRUE(reader.ReadValue(&value));
  EXPECT_EQ(value, "1.50");
  ASSERT_TRUE(reader.Next(&key));
  EXPECT_EQ(key, R"(b\u0041)");
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.Next(&key));
  ASSERT_TRUE(reader.ReadValue(&value));
  EXPECT_EQ(value, "1");
  ASSERT_TRUE(reader.Next(&key));
  ASSERT_TRUE(reader.ReadValue(&value));
  EXPECT_EQ(value, R"({"x":2})");
  EXPECT_FALSE(reader.Next(&key));
  EXPECT_FALSE(reader.failed());
  ASSERT_TRUE(reader.Next(&key));
  ASSERT_TRUE(reader.ReadValue(&value));
  EXPECT_EQ(value, R"("t\n")");
  EXPECT_EQ(WithoutQuotes(value), R"(t\n)");
  EXPECT_FALSE(reader.Next(&key));
  EXPECT_TRUE(reader.AtEnd());
}

TEST(ReaderTest, SaysWhatIsWrongAndWhere) {
  Reader reader(R"({"a":1,"b" 2})");
  std::string_view raw;
  EXPECT_FALSE(reader.ReadValue(&raw));
  EXPECT_STREQ(reader.error(), "expected a colon");
  EXPECT_EQ(reader.offset(), 11U);
}

}  // namespace
}  // namespace sluice::json
