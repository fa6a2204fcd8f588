#include "filters/language/json_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "filters/json/utf8.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

using Verdict = JsonReader::Verdict;

// A reader of some paths, and one of none: both must come to the same verdict. The text stands in a
// block of exactly its size, so that AddressSanitizer sees a read past its end.
class Document {
 public:
  Document(std::initializer_list<std::string_view> paths) {
    for (std::string_view path : paths) paths_.Intern(*ParsePath(path, nullptr));
    reader_ = std::make_unique<JsonReader>(paths_);
  }

  Verdict Read(std::string_view text) {
    block_.assign(text.begin(), text.end());
    block_.shrink_to_fit();
    const std::string_view view(block_.data(), block_.size());
    const JsonPaths none;
    const Verdict verdict = JsonReader(none).Read(view);
    EXPECT_EQ(reader_->Read(view), verdict);
    return verdict;
  }

  std::string At(JsonPaths::Slot slot) const {
    const Value& value = reader_->value(slot);
    switch (value.kind()) {
      case Value::Kind::kString:
        return "'" + std::string(value.string()) + "'";
      case Value::Kind::kNumber:
        return std::to_string(value.number());
      case Value::Kind::kBool:
        return value.bool_value() ? "true" : "false";
      case Value::Kind::kNull:
        return "null";
      case Value::Kind::kObject:
        return "object";
      case Value::Kind::kArray:
        return "array";
      default:
        return "undefined";
    }
  }

  const JsonReader& reader() const { return *reader_; }

 private:
  JsonPaths paths_;
  std::vector<char> block_;
  std::unique_ptr<JsonReader> reader_;
};

TEST(JsonReaderTest, AcceptsWhatRfc8259Accepts) {
  for (std::string_view text : {"{}",
                                " { } ",
                                "{\"a\":1}",
                                "\t\r\n{\"a\" : [ 1 , 2 ] , \"b\" : { } }\n",
                                "{\"\":0}",
                                "{\"a\":{\"b\":[{}]}}",
                                "{\"a\":-0}",
                                "{\"a\":-0.0e-0}",
                                "{\"a\":1E+2}",
                                "{\"a\":1e400}",
                                "{\"a\":-1e400}",
                                "{\"a\":1e-400}",
                                "{\"a\":123456789}",
                                "{\"a\":1732480000123}",
                                "{\"a\":1234567890123456,\"b\":-1234567890123456}",
                                "{\"a\":12345678901234567}",
                                "{\"a\":123456789012345678901234567890}",
                                "{\"a\":0.1234567890123456789012345678901234567890}",
                                "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"}",
                                "{\"a\":\"\\ud83d\\ude00\"}",
                                "{\"a\":\"\\u0000\"}",
                                "{\"a\":\"\x7f\"}",
                                "{\"a\":\"é中😀\"}",
                                "{\"a\":\"\xef\xbb\xbf\"}",
                                "{\"a\":true,\"b\":false,\"c\":null}",
                                "{\"a\":1,\"a\":2}",
                                "{\"\\u0061\":1}",
                                "{\"a\":\"//\"}",
                                "{\"a\":\"[{,:\"}"}) {
    EXPECT_EQ(Document({"a"}).Read(text), Verdict::kObject) << text;
  }
  for (std::string_view text :
       {"[]", "[1]", "1", "-1.5e3", "\"x\"", "\"\"", "true", "false", "null", " 0 ", "[[[]]]"}) {
    EXPECT_EQ(Document({"a"}).Read(text), Verdict::kNotObject) << text;
  }
}

TEST(JsonReaderTest, RefusesWhatRfc8259Refuses) {
  using std::string_view_literals::operator""sv;
  for (std::string_view text : {""sv,
                                " "sv,
                                "\0"sv,
                                "{"sv,
                                "}"sv,
                                "["sv,
                                "]"sv,
                                "{}}"sv,
                                "{}{}"sv,
                                "{} x"sv,
                                "{}1"sv,
                                "[1,]"sv,
                                "[,1]"sv,
                                "[1 2]"sv,
                                "[1,,2]"sv,
                                "[}"sv,
                                "{]"sv,
                                "{\"a\"}"sv,
                                "{\"a\":}"sv,
                                "{\"a\":1,}"sv,
                                "{,\"a\":1}"sv,
                                "{\"a\" 1}"sv,
                                "{\"a\":1 \"b\":2}"sv,
                                "{\"a\"::1}"sv,
                                "{\"a\":1:2}"sv,
                                "{1:2}"sv,
                                "{a:1}"sv,
                                "{'a':1}"sv,
                                "{true:1}"sv,
                                "{[]:1}"sv,
                                "{\"a\":'x'}"sv,
                                "{\"a\":01}"sv,
                                "{\"a\":01732480000123}"sv,
                                "{\"a\":17324800x0123}"sv,
                                "{\"a\":1732480000123:}"sv,
                                "{\"a\":17324800:00123}"sv,
                                "{\"a\":+1}"sv,
                                "{\"a\":.5}"sv,
                                "{\"a\":1.}"sv,
                                "{\"a\":1.e5}"sv,
                                "{\"a\":1e}"sv,
                                "{\"a\":1e+}"sv,
                                "{\"a\":-}"sv,
                                "{\"a\":--1}"sv,
                                "{\"a\":0x10}"sv,
                                "{\"a\":1a}"sv,
                                "{\"a\":1\"b\"}"sv,
                                "{\"a\":\"b\"1}"sv,
                                "{\"a\":\"b\"\"c\"}"sv,
                                "{\"a\":NaN}"sv,
                                "{\"a\":Infinity}"sv,
                                "{\"a\":-Infinity}"sv,
                                "{\"a\":True}"sv,
                                "{\"a\":tru}"sv,
                                "{\"a\":truee}"sv,
                                "{\"a\":nul}"sv,
                                "{\"a\":undefined}"sv,
                                "{\"a\":1 /* c */}"sv,
                                "{\"a\":1 // c\n}"sv,
                                "{\"a\":\"b}"sv,
                                "{\"a\":\"b\\\"}"sv,
                                "{\"a\":\"\\x41\"}"sv,
                                "{\"a\":\"\\u004\"}"sv,
                                "{\"a\":\"\\u00zz\"}"sv,
                                "{\"a\":\"\\ud800\"}"sv,
                                "{\"a\":\"\\udc00\"}"sv,
                                "{\"a\":\"\\ud800\\u0041\"}"sv,
                                "{\"a\":\"\\ud800x\"}"sv,
                                "{\"a\":\"\\ud800\\ud800\"}"sv,
                                "{\"\\ud800\":1}"sv,
                                "{\"\\x\":1}"sv,
                                "{\"a\":\"\n\"}"sv,
                                "{\"a\":\"\x01\"}"sv,
                                "{\"a\":\"\x1f\"}"sv,
                                "{\"a\tb\":1}"sv,
                                "\xef\xbb\xbf{}"sv,
                                "{\"a\":\"\xff\"}"sv,
                                "{\"a\":\"\xc0\xaf\"}"sv,
                                "{\"a\":\"\xed\xa0\x80\"}"sv,
                                "{\"a\":\"\xf4\x90\x80\x80\"}"sv,
                                "{\"a\":\"\xe2\x84\"}"sv,
                                "{\"a\":\"\x80\"}"sv,
                                "{\xc3\xa9:1}"sv,
                                "{}\0"sv,
                                "{\"a\":1}\f"sv,
                                "\v{}"sv,
                                "{\"a\":1\xc2\xa0}"sv,
                                "nan"sv,
                                "tru"sv,
                                "1 2"sv,
                                "\"a\" \"b\""sv,
                                "[1]]"sv,
                                "[\"a\" \"b\"]"sv}) {
    EXPECT_EQ(Document({"a", "b"}).Read(text), Verdict::kBad) << text;
  }
}

TEST(JsonReaderTest, RefusesEveryTruncation) {
  const std::string text = R"({"a":{"b":[1,-2.5e3,"x\"\u00e9",true,null,{}],"c":"z"},"d":[]})";
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(Document({"a.b[2]"}).Read(text.substr(0, size)), Verdict::kBad) << size;
  }
  EXPECT_EQ(Document({"a.b[2]"}).Read(text), Verdict::kObject);
}

TEST(JsonReaderTest, FillsSlots) {
  Document document({"a", "a.b", "a.b[1]", "a.b[0].c", "s", "t", "n", "é", "x.y", "a.b[1].z"});
  ASSERT_EQ(
      document.Read(
          R"({"z":[9],"t":true,"a":{"q":0,"b":[{"c":"deep"},-2.5]},"s":"a\tb","n":null,"\u00e9":1e3})"),
      Verdict::kObject);
  EXPECT_EQ(document.At(0), "object");
  EXPECT_EQ(document.At(1), "array");
  EXPECT_EQ(document.At(2), "-2.500000");
  EXPECT_EQ(document.At(3), "'deep'");
  EXPECT_EQ(document.At(4), "'a\tb'");
  EXPECT_EQ(document.At(5), "true");
  EXPECT_EQ(document.At(6), "null");
  EXPECT_EQ(document.At(7), "1000.000000");
  EXPECT_EQ(document.At(8), "undefined");
  EXPECT_EQ(document.At(9), "undefined");
  EXPECT_EQ(document.reader().raw(1), "[{\"c\":\"deep\"},-2.5]");
  EXPECT_EQ(document.reader().raw(2), "-2.5");
  EXPECT_EQ(document.reader().raw(4), "\"a\\tb\"");
  EXPECT_EQ(document.reader().raw(8), "");
}

TEST(JsonReaderTest, LastOfEqualNamesCounts) {
  Document document({"v.z", "v.w", "v", "v.l[0].k", "t"});
  const struct {
    std::string_view text;
    std::string_view z, w, v;
  } kCases[] = {
      {R"({"v":{"z":1,"z":11}})", "11.000000", "undefined", "object"},
      {R"({"v":{"z":1},"v":{"w":2}})", "undefined", "2.000000", "object"},
      {R"({"v":{"z":1},"v":5})", "undefined", "undefined", "5.000000"},
      {R"({"v":5,"v":{"z":1}})", "1.000000", "undefined", "object"},
      {R"({"v":{"z":1},"\u0076":{"\u007a":2,"w":3}})", "2.000000", "3.000000", "object"},
      {R"({"v":{"z":1},"v":{"z":2},"v":{"w":3}})", "undefined", "3.000000", "object"},
      {R"({"v":{"z":1,"w":1,"l":[{"k":1}],"z":2},"t":1,"v":{"l":[]}})", "undefined", "undefined",
       "object"},
      {R"({"v":{"z":"1"},"V":{"z":"2"}})", "'1'", "undefined", "object"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.text);
    ASSERT_EQ(document.Read(c.text), Verdict::kObject);
    EXPECT_EQ(document.At(0), c.z);
    EXPECT_EQ(document.At(1), c.w);
    EXPECT_EQ(document.At(2), c.v);
    EXPECT_EQ(document.At(3), "undefined");
  }
}

TEST(JsonReaderTest, NumbersAreDoubles) {
  const struct {
    std::string_view text;
    double value;
  } kCases[] = {
      {"0", 0},
      {"-0", 0},
      {"81.5", 81.5},
      {"80.00000000000001", 80.00000000000001},
      {"9007199254740993", 9007199254740992.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"1e400", INFINITY},
      {"-1e400", -INFINITY},
      {"1e-400", 0},
      {"0e999999999999", 0},
      {"0.0000000001e400", INFINITY},
      {"1e99999999999999999999", INFINITY},
      {"1e-99999999999999999999", 0},
      {"8.0E+1", 80},
      {"4.9406564584124654e-324", 5e-324},
  };
  for (const auto& c : kCases) {
    Document document({"n"});
    ASSERT_EQ(document.Read("{\"n\":" + std::string(c.text) + "}"), Verdict::kObject) << c.text;
    EXPECT_EQ(document.reader().value(0).number(), c.value) << c.text;
  }
  Document document({"n"});
  const std::string digits(500, '9');
  ASSERT_EQ(document.Read("{\"n\":" + digits + "}"), Verdict::kObject);
  EXPECT_EQ(document.reader().value(0).number(), INFINITY);
  ASSERT_EQ(document.Read("{\"n\":0." + digits + "}"), Verdict::kObject);
  EXPECT_EQ(document.reader().value(0).number(), 1);
  ASSERT_EQ(document.Read("{\"n\":0." + std::string(500, '0') + "1}"), Verdict::kObject);
  EXPECT_EQ(document.reader().value(0).number(), 0);
}

TEST(JsonReaderTest, BoundsDepthAndSize) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  Document document({"a"});
  EXPECT_EQ(document.Read(nested(kMaxJsonDepth)), Verdict::kNotObject);
  EXPECT_EQ(document.Read(nested(kMaxJsonDepth + 1)), Verdict::kLimit);
  EXPECT_EQ(document.reader().error_offset(), kMaxJsonDepth);
  EXPECT_EQ(document.Read(nested(100'000)), Verdict::kLimit);
  std::string objects;
  for (size_t i = 0; i < kMaxJsonDepth; ++i) objects += "{\"a\":";
  EXPECT_EQ(document.Read(objects + "1" + std::string(kMaxJsonDepth, '}')), Verdict::kObject);
  EXPECT_EQ(document.Read("{\"a\":" + objects + "1" + std::string(kMaxJsonDepth + 1, '}')),
            Verdict::kLimit);
  EXPECT_EQ(document.Read("\"" + std::string(kMaxJsonBytes, 'x') + "\""), Verdict::kLimit);
  EXPECT_EQ(document.Read("{\"a\":\"" + std::string(300'000, 'x') + "\"}"), Verdict::kObject);
  EXPECT_EQ(document.reader().value(0).string().size(), 300'000u);
  EXPECT_EQ(document.Read("{\"a\":1}"), Verdict::kObject);
  EXPECT_EQ(document.At(0), "1.000000");
}

TEST(JsonReaderTest, TellsWhereItIsWrong) {
  const struct {
    std::string_view text;
    size_t offset;
  } kCases[] = {
      {"{\"a\":01}", 5},
      {"{\"a\":1,}", 7},
      {"{\"a\":1", 6},
      {"{\"a\" 1}", 5},
      {"{} x", 3},
      {"nope", 0},
      {"{\"a\":\"\n\"}", 6},
      {"{\"a\":\"\xff\"}", 6},
      {"{\"a\":\"\\x\"}", 5},
      {"{\"a\":\"b", 7},
  };
  for (const auto& c : kCases) {
    Document document({"a"});
    ASSERT_EQ(document.Read(c.text), Verdict::kBad) << c.text;
    EXPECT_EQ(document.reader().error_offset(), c.offset) << c.text;
  }
}

// Forgetting a name's earlier values costs what meeting them did: no document makes it quadratic.
TEST(JsonReaderTest, ManyDuplicatesAreLinear) {
  JsonPaths paths;
  for (int i = 0; i < 2000; ++i) paths.Intern(*ParsePath("a.k" + std::to_string(i), nullptr));
  JsonReader reader(paths);
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"a\":{},";
  text += "\"a\":{\"k7\":1}}";
  EXPECT_EQ(reader.Read(text), Verdict::kObject);
  EXPECT_EQ(reader.value(7).number(), 1);
}

TEST(Utf8Test, CountsUtf16Units) {
  EXPECT_EQ(Utf16Length(""), 0u);
  EXPECT_EQ(Utf16Length("aé中😀"), 5u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 0), 0u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 2), 3u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 3), 6u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 4), std::string_view::npos);
  EXPECT_EQ(Utf16Offset("aé中😀b", 5), 10u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 6), 11u);
  EXPECT_EQ(Utf16Offset("aé中😀b", 7), std::string_view::npos);
}

TEST(Utf8Test, FindsErrors) {
  EXPECT_EQ(Utf8ErrorOffset("aé中😀"), std::string_view("aé中😀").size());
  for (std::string_view bad :
       {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE4\xB8"}) {
    EXPECT_EQ(Utf8ErrorOffset("é" + std::string(bad)), 2u);
  }
}

TEST(Utf8Test, MapsCaseOneToOne) {
  size_t changed = 0;
  for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
    char bytes[8];
    EXPECT_LE(json::EncodeUtf8(ToUpper(c), bytes), kCaseGrowth * json::EncodeUtf8(c, bytes));
    EXPECT_LE(json::EncodeUtf8(ToLower(c), bytes), kCaseGrowth * json::EncodeUtf8(c, bytes));
    changed += ToUpper(c) != c;
  }
  EXPECT_GT(changed, 1300u);  // Unicode 15.0 has 1,424 simple upper-case mappings
  EXPECT_EQ(ToUpper(0x131), 0x131u);
  EXPECT_EQ(ToLower(0x130), 0x130u);
  EXPECT_EQ(ToUpper('a'), uint32_t{'A'});
  EXPECT_EQ(ToLower(0x1E9E), 0xDFu);
  EXPECT_TRUE(EqualsIgnoringCase("Straße-Ä", "sTRAße-ä"));
  EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoringCase("\xC3", "\xC4"));
}

}  // namespace
}  // namespace sluice::language
