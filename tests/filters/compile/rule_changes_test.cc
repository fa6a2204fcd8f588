#include "filters/compile/rule_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filters/compile/compiler.h"

namespace sluice::compile {
namespace {

using testing::ElementsAre;

RuleSpec RuleOf(const std::string& name, const std::string& where) {
  RuleSpec rule;
  rule.name.text = name;
  rule.where = Located{where, 7, 9};
  return rule;
}

RuleSetSpec Set(std::vector<RuleSpec> rules) {
  RuleSetSpec set;
  set.rules = std::move(rules);
  return set;
}

TEST(RuleChangesTest, NamesWhatIsNewGoneAndWrittenAnew) {
  const RuleSetSpec before = Set({RuleOf("a", "$body.t > 1"), RuleOf("b", "$body.t > 2"),
                                  RuleOf("c", "$body.t > 3"), RuleOf("d", "$body.t > 4")});
  RuleSetSpec after = Set({RuleOf("a", "$body.t > 1"), RuleOf("c", "$body.t > 30"),
                           RuleOf("e", "$body.t > 5"), RuleOf("d", "$body.t > 4")});
  after.rules[2].where->line = 12;
  const RuleChanges changes = CompareRules(before, after);
  EXPECT_THAT(changes.added, ElementsAre("e"));
  EXPECT_THAT(changes.removed, ElementsAre("b"));
  EXPECT_THAT(changes.changed, ElementsAre("c"));
  EXPECT_EQ(changes.unchanged, 2U);
  EXPECT_FALSE(changes.reordered);
  EXPECT_FALSE(changes.settings);
  EXPECT_FALSE(changes.empty());
}

TEST(RuleChangesTest, WhereItStandsInTheFileIsNoChange) {
  RuleSetSpec before = Set({RuleOf("a", "true")});
  RuleSetSpec after = before;
  after.rules[0].where->line = 99;
  after.rules[0].name.column = 99;
  EXPECT_TRUE(CompareRules(before, after).empty());
}

TEST(RuleChangesTest, OrderAndSettingsAreChangesToo) {
  const RuleSetSpec before = Set({RuleOf("a", "true"), RuleOf("b", "true")});
  EXPECT_TRUE(CompareRules(before, Set({RuleOf("b", "true"), RuleOf("a", "true")})).reordered);
  EXPECT_FALSE(CompareRules(before, Set({RuleOf("b", "true")})).reordered);
  RuleSetSpec after = before;
  after.assume_json = false;
  EXPECT_TRUE(CompareRules(before, after).settings);
  after = before;
  after.profile = language::Profile::kEdgeHub;
  EXPECT_TRUE(CompareRules(before, after).settings);
  after = before;
  after.forward_by_default = true;
  EXPECT_TRUE(CompareRules(before, after).settings);
}

TEST(RuleChangesTest, PredecessorsAreFoundByName) {
  const std::vector<OutputSpec> outputs = {{"hub", true, false}};
  std::vector<Problem> problems;
  const auto before = Compile(Set({RuleOf("a", "true"), RuleOf("b", "true"), RuleOf("c", "true")}),
                              outputs, &problems);
  const auto after =
      Compile(Set({RuleOf("c", "$body.t > 1"), RuleOf("d", "true"), RuleOf("a", "true")}), outputs,
              &problems);
  ASSERT_NE(before, nullptr);
  ASSERT_NE(after, nullptr);
  EXPECT_THAT(PredecessorsByName(*before, *after), ElementsAre(2, kNoPredecessor, 0));
  EXPECT_THAT(PredecessorsByName(*after, *before), ElementsAre(2, kNoPredecessor, 0));
}

}  // namespace
}  // namespace sluice::compile
