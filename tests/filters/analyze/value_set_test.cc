#include "filters/analyze/value_set.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "filters/language/comparison.h"
#include "filters/language/operators.h"

namespace sluice::analyze {
namespace {

using language::Op;
using language::Profile;
using language::Value;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A value of every kind, and numbers and texts around each other.
std::vector<Value> Values() {
  return {Value::Undefined(language::Reason::kMemberMissing),
          Value::Null(),
          Value::LiteralNull(),
          Value::NullProperty(),
          Value::Object(),
          Value::Array(),
          Value::Bool(false),
          Value::Bool(true),
          Value::Number(-kInfinity),
          Value::Number(-1),
          Value::Number(-0.0),
          Value::Number(0),
          Value::Number(1),
          Value::Number(1.5),
          Value::Number(kInfinity),
          Value::String(""),
          Value::String("a"),
          Value::String("ab"),
          Value::String("b")};
}

bool Holds(const ValueSet& set, const Value& value) {
  return !Meet(set, ValueSet::Of(value)).empty();
}

// Sets of one value, and of some two.
std::vector<ValueSet> Sets() {
  std::vector<ValueSet> sets;
  const std::vector<Value> values = Values();
  for (size_t i = 0; i < values.size(); ++i) {
    sets.push_back(ValueSet::Of(values[i]));
    for (size_t j = i + 1; j < values.size(); j += 2)
      sets.push_back(Join(ValueSet::Of(values[i]), ValueSet::Of(values[j])));
  }
  sets.push_back({});
  sets.push_back(ValueSet::Number({0, 1.5, true, false}));
  sets.push_back(ValueSet::Text(Texts::BeginningWith("a")));
  return sets;
}

Kinds TruthOf(const Value& value) {
  return value.is_bool() ? (value.bool_value() ? kTrue : kFalse) : kUndefined;
}

TEST(ValueSetTest, JoinHoldsBothAndMeetWhatBothHold) {
  for (const ValueSet& a : Sets()) {
    for (const ValueSet& b : Sets()) {
      for (const Value& value : Values()) {
        const bool in_a = Holds(a, value), in_b = Holds(b, value);
        ASSERT_TRUE(Holds(Join(a, b), value) || !(in_a || in_b));
        ASSERT_EQ(Holds(Meet(a, b), value), in_a && in_b);
      }
    }
  }
}

// The evaluator's comparison of any two members is foreseen, and leaves both members in.
TEST(ValueSetTest, ComparisonsForeseeTheEvaluator) {
  const std::vector<ValueSet> sets = Sets();
  for (const Profile profile : {Profile::kDefault, Profile::kEdgeHub}) {
    for (const Op op :
         {Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual, Op::kEqual, Op::kNotEqual}) {
      for (const ValueSet& a : sets) {
        for (const ValueSet& b : sets) {
          const Kinds foreseen = Compare(op, a, b, profile);
          const ValueSet left[] = {Refine(a, op, b, kTrue, profile),
                                   Refine(a, op, b, kFalse, profile)};
          for (const Value& x : Values()) {
            if (!Holds(a, x)) continue;
            for (const Value& y : Values()) {
              if (!Holds(b, y)) continue;
              const Kinds truth = TruthOf(language::Compare(op, x, y, profile));
              ASSERT_TRUE((foreseen & truth) != 0);
              ASSERT_TRUE(truth != kTrue || Holds(left[0], x));
              ASSERT_TRUE(truth != kFalse || Holds(left[1], x));
              ASSERT_EQ(language::Compare(op, x, y, profile).kind(),
                        language::Compare(language::Mirrored(op), y, x, profile).kind());
            }
          }
        }
      }
    }
  }
}

TEST(ValueSetTest, ComparisonsAreAsNarrowAsCanBe) {
  const ValueSet hot = ValueSet::Number({80, kInfinity, true, false});
  const ValueSet ten = ValueSet::Of(Value::Number(10));
  EXPECT_EQ(Compare(Op::kLess, hot, ten, Profile::kDefault), kFalse);
  EXPECT_EQ(Compare(Op::kGreater, hot, ten, Profile::kDefault), kTrue);
  EXPECT_EQ(Compare(Op::kGreater, hot, ValueSet::Of(Value::Number(80)), Profile::kDefault), kTrue);
  const ValueSet text = ValueSet::Of(Value::String("x"));
  EXPECT_EQ(Compare(Op::kEqual, hot, text, Profile::kDefault), kFalse);
  EXPECT_EQ(Compare(Op::kLess, hot, text, Profile::kDefault), kUndefined);
  EXPECT_EQ(Compare(Op::kLess, hot, text, Profile::kEdgeHub), kTrue);
}

}  // namespace
}  // namespace sluice::analyze
