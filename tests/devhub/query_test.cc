#include "tests/devhub/query.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

TEST(QueryValueTest, Finds) {
  constexpr std::string_view kNone = "(none)";
  const struct {
    std::string_view text;
    std::string_view value;
  } kCases[] = {
      {"?$rid=1", "1"},
      {"?$rid=a%20b&operationId=x", "a%20b"},
      {"?operationId=x&$RID=7", "7"},
      {"?$rid=a=b", "a=b"},
      {"$rid=1", kNone},
      {"", kNone},
      {"?", kNone},
      {"?$rid", kNone},
      {"?$rid=", kNone},
      {"?$rid=%2", kNone},
      {"?$rid=%ff", kNone},
      {"?$rid=a/b", kNone},
      {"?rid=1", kNone},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(QueryValue(c.text, "$rid").value_or(kNone), c.value) << c.text;
  }
}

}  // namespace
}  // namespace sluice::devhub
