#include "tests/devhub/twin.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/devhub/twin_limits.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

TEST(TwinTest, VersionsCountChanges) {
  Twin twin(Json::object());
  EXPECT_EQ(twin.ForClient(), R"({"desired":{"$version":1},"reported":{"$version":1}})");
  EXPECT_EQ(twin.ChangeDesired({{"rate", 20}, {"a", {{"b", 1}, {"c", 2}}}}, false).value(),
            R"({"$version":2,"a":{"b":1,"c":2},"rate":20})");
  EXPECT_EQ(twin.ChangeDesired({{"a", {{"b", nullptr}}}}, false).value(),
            R"({"$version":3,"a":{"b":null}})");
  ASSERT_TRUE(twin.Report(R"({"up":true,"old":1})").ok());
  ASSERT_TRUE(twin.Report(R"({"old":null})").ok());
  EXPECT_EQ(twin.reported_version(), 3u);
  EXPECT_EQ(twin.ForClient(), R"({"desired":{"$version":3,"a":{"c":2},"rate":20},)"
                              R"("reported":{"$version":3,"up":true}})");
}

TEST(TwinTest, ReplacingDesiredNotifiesOfAllOfIt) {
  Twin twin(Json::object());
  ASSERT_TRUE(twin.ChangeDesired({{"rate", 20}}, false).ok());
  EXPECT_EQ(twin.ChangeDesired({{"limit", 1}}, true).value(), R"({"$version":3,"limit":1})");
  EXPECT_EQ(twin.ForService()["properties"]["desired"], Json({{"$version", 3}, {"limit", 1}}));
}

TEST(TwinTest, TagsAreTheServicesAlone) {
  Twin twin(Json({{"site", "north"}}));
  ASSERT_TRUE(twin.ChangeTags({{"hall", 7}}).ok());
  EXPECT_EQ(twin.ForService()["tags"], Json({{"site", "north"}, {"hall", 7}}));
  EXPECT_EQ(twin.ForClient().find("north"), std::string::npos);
}

std::string Nested(int levels) {
  std::string text = "1";
  for (int i = 0; i < levels; ++i) text = R"({"a":)" + text + "}";
  return text;
}

TEST(TwinTest, RefusesWhatTheLimitsForbid) {
  const struct {
    const char* what;
    std::string patch;
    bool ok;
  } kCases[] = {
      {"no JSON", "{", false},
      {"empty", "", false},
      {"no object", "[1]", false},
      {"nothing new", "{}", true},
      {"array", R"({"a":[1,{"b":2}]})", true},
      {"dot", R"({"a.b":1})", false},
      {"dollar", R"({"$version":1})", false},
      {"space", R"({"a b":1})", false},
      {"control character", R"({"a\u0007":1})", false},
      {"control character below", R"({"a":{"\n":1}})", false},
      {"in an array", R"({"a":[{"b c":1}]})", false},
      {"empty key", R"({"":1})", false},
      {"longest key", R"({")" + std::string(1024, 'k') + R"(":1})", true},
      {"longer key", R"({")" + std::string(1025, 'k') + R"(":1})", false},
      {"longest string", R"({"a":")" + std::string(4096, 's') + R"("})", true},
      {"longer string", R"({"a":")" + std::string(4097, 's') + R"("})", false},
      {"largest integer", R"({"a":4503599627370496,"b":-4503599627370496})", true},
      {"larger integer", R"({"a":4503599627370497})", false},
      {"smaller integer", R"({"a":-4503599627370497})", false},
      {"integer beyond all", R"({"a":18446744073709551615})", false},
      {"deepest", Nested(10), true},
      {"deeper", Nested(11), false},
      {"absurdly deep", std::string(100'000, '[') + std::string(100'000, ']'), false},
      {"deep in an array", R"({"a":)" + std::string(50'000, '[') + std::string(50'000, ']') + "}",
       false},
      {"no UTF-8", "{\"a\":\"\xff\"}", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    Twin twin(Json::object());
    EXPECT_EQ(twin.Report(c.patch).ok(), c.ok);
    EXPECT_EQ(twin.reported_version(), c.ok ? 2u : 1u);
  }
}

TEST(TwinTest, AnErrorChangesNothing) {
  Twin twin(Json::object());
  const std::string value(4096, 'v');
  // A key of 1 byte each: seven pass, the eighth makes it 32 KB and 8 bytes.
  for (char key = 'a'; key < 'h'; ++key) {
    ASSERT_TRUE(twin.Report(R"({")" + std::string(1, key) + R"(":")" + value + R"("})").ok());
  }
  const std::string before = twin.ForClient();
  EXPECT_FALSE(twin.Report(R"({"h":")" + value + R"("})").ok());
  EXPECT_EQ(twin.ForClient(), before);
  EXPECT_TRUE(twin.Report(R"({"a":null,"h":")" + value + R"("})").ok());
}

TEST(TwinSizeTest, CountsKeysAndValues) {
  EXPECT_EQ(TwinSize(Json::parse(R"({"ab":"cde","n":1.5,"t":true,"l":[1,"x"],"o":{"k":null}})")),
            2u + 3 + 1 + 8 + 1 + 4 + 1 + 8 + 1 + 1 + 1);
}

}  // namespace
}  // namespace sluice::devhub
