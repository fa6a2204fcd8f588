#include "filters/analyze/function_sets.h"

#include <gtest/gtest.h>

#include "filters/language/utf8.h"

namespace sluice::analyze {
namespace {

using language::Value;

// What lets a text with capitals be ruled out as a result of lower.
TEST(FunctionSetsTest, MappingCaseTwiceChangesNothing) {
  for (uint32_t c = 0; c <= 0x10ffff; ++c) {
    ASSERT_EQ(language::ToLower(language::ToLower(c)), language::ToLower(c)) << c;
    ASSERT_EQ(language::ToUpper(language::ToUpper(c)), language::ToUpper(c)) << c;
  }
}

TEST(FunctionSetsTest, FoldsWhatIsKnown) {
  language::TextScratch scratch;
  const ValueSet text = ValueSet::Of(Value::String("abc"));
  const auto call = [&](const char* name, std::initializer_list<ValueSet> arguments) {
    return Call(*language::FindFunction(name), std::vector<ValueSet>(arguments), false,
                language::Profile::kDefault, &scratch);
  };
  EXPECT_EQ(call("length", {text}).numbers.low, 3);
  EXPECT_EQ(call("contains", {text, ValueSet::Of(Value::String("x"))}).kinds, kFalse);
  EXPECT_EQ(call("length", {ValueSet::Of(kNumber | kUndefined)}).kinds, kUndefined);
  EXPECT_EQ(call("length", {ValueSet::Text({})}).kinds, kNumber);
  EXPECT_EQ(call("is_number", {ValueSet::Number({1, 2, false, false})}).kinds, kTrue);
  EXPECT_EQ(call("is_number", {ValueSet::Number({})}).kinds, kBool);  // infinity is none
  EXPECT_EQ(call("as_number", {text}).kinds, kUndefined);
}

}  // namespace
}  // namespace sluice::analyze
