#include "filters/compile/canonical.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace sluice::compile {
namespace {

using namespace std::chrono_literals;

RuleSetSpec Rules() {
  RuleSetSpec set;
  RuleSpec rule;
  rule.name = {"hot", 3, 5};
  rule.where = Located{"$body.t > 80", 4, 6};
  set.rules = {rule, rule};
  return set;
}

TEST(CanonicalTextTest, DoesNotDependOnTheLayout) {
  RuleSetSpec moved = Rules();
  moved.rules[0].name.line = 30;
  moved.rules[0].where->verbatim = false;
  EXPECT_EQ(CanonicalText(Rules()), CanonicalText(moved));
}

TEST(CanonicalTextTest, DiffersWithEachMember) {
  const std::vector<std::function<void(RuleSetSpec&)>> changes = {
      [](RuleSetSpec& s) { s.forward_by_default = true; },
      [](RuleSetSpec& s) { s.default_action.text = "x"; },
      [](RuleSetSpec& s) { s.assume_json = false; },
      [](RuleSetSpec& s) { s.profile = language::Profile::kEdgeHub; },
      [](RuleSetSpec& s) { ++s.max_state; },
      [](RuleSetSpec& s) { s.rules.pop_back(); },
      [](RuleSetSpec& s) { s.rules[0].name.text = "h"; },
      [](RuleSetSpec& s) { s.rules[0].from = Located{"a"}; },
      [](RuleSetSpec& s) { s.rules[0].where.reset(); },
      [](RuleSetSpec& s) { s.rules[0].route = Located{"a"}; },
      [](RuleSetSpec& s) { s.rules[0].drop = true; },
      [](RuleSetSpec& s) { s.rules[0].final_rule = true; },
      [](RuleSetSpec& s) { s.rules[0].priority = 4; },
      [](RuleSetSpec& s) {
        s.rules[0].set = {{{"a"}, {"b"}}};
      },
      [](RuleSetSpec& s) {
        s.rules[0].set = {{{"ab"}, {""}}};
      },
      [](RuleSetSpec& s) { s.rules[0].select = {{"a"}}; },
      [](RuleSetSpec& s) {
        s.rules[0].select = {{"a"}, {"b"}};
      },
      [](RuleSetSpec& s) { s.rules[0].redact = {{"a"}}; },
      [](RuleSetSpec& s) { s.rules[0].into = {{"a"}}; },
      [](RuleSetSpec& s) { s.rules[0].dedup = 1ms; },
      [](RuleSetSpec& s) {
        s.rules[0].on_change = OnChangeSpec{{"a"}, {}, 0ms};
      },
      [](RuleSetSpec& s) {
        s.rules[0].on_change = OnChangeSpec{{"a"}, {}, 1ms};
      },
      [](RuleSetSpec& s) {
        s.rules[0].on_change = OnChangeSpec{{"a"}, Located{"1"}, 0ms};
      },
      [](RuleSetSpec& s) { s.rules[0].sample = 2; },
      [](RuleSetSpec& s) { s.rules[0].rate = Located{"5/s"}; },
      [](RuleSetSpec& s) {
        s.rules[0].window = WindowSpec{1ms, {}};
      },
      [](RuleSetSpec& s) {
        s.rules[0].window = WindowSpec{1ms, {{{"a"}, {"b"}}}};
      },
      [](RuleSetSpec& s) { s.rules[0].per = {{"a"}}; },
  };
  std::vector<std::string> texts = {CanonicalText(Rules())};
  for (const auto& change : changes) {
    RuleSetSpec changed = Rules();
    change(changed);
    texts.push_back(CanonicalText(changed));
    for (size_t i = 0; i + 1 < texts.size(); ++i) EXPECT_NE(texts[i], texts.back());
  }
}

}  // namespace
}  // namespace sluice::compile
