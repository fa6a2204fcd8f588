#include "filters/match/rule_finder.h"

#include <algorithm>

#include "filters/language/operators.h"

namespace sluice::match {

using language::Op;
using language::Truth;
using language::Value;

RuleFinder::RuleFinder(const compile::Program& program, language::Evaluator& evaluator)
    : program_(program),
      index_(program.index()),
      evaluator_(evaluator),
      profile_(program.body_options().profile),
      fields_(index_.fields().size()),
      truths_(index_.conjuncts().size()) {
  candidates_.reserve(program.rules().size());
  groups_.reserve(index_.groups().size());
}

void RuleFinder::Start(std::span<const std::string_view> topic_levels) {
  if (++message_number_ ==
      0) {  // numbers have come round: those of old messages would be met again
    std::fill(fields_.begin(), fields_.end(), FieldValue());
    std::fill(truths_.begin(), truths_.end(), KnownTruth());
    message_number_ = 1;
  }
  groups_.clear();
  index_.topics().Find(topic_levels, &topic_scratch_, &groups_);
  groups_.push_back(static_cast<uint32_t>(index_.groups().size() - 1));
  first_body_rule_ = first_ending_rule_ = Index::kNone;
  for (const uint32_t number : groups_) {
    const Index::Group& group = index_.groups()[number];
    first_body_rule_ = std::min(first_body_rule_, group.first_body_rule);
    first_ending_rule_ = std::min(first_ending_rule_, group.first_ending_rule);
  }
}

std::span<const uint16_t> RuleFinder::Find(uint32_t begin, uint32_t end, bool body_read) {
  begin_ = begin;
  end_ = end;
  body_read_ = body_read;
  candidates_.clear();
  for (const uint32_t number : groups_) {
    const Index::Group& group = index_.groups()[number];
    AddBucket(group.root);
    for (const Index::Column& column : index_.columns(group)) {
      if (column.reads_body && !body_read) continue;
      const FieldValue& field = Field(column.field);
      if (field.hash == 0) continue;
      const Index::Bucket* const bucket = index_.Find(column, field.value, field.hash);
      if (bucket != nullptr) AddBucket(*bucket);
    }
  }
  std::sort(candidates_.begin(), candidates_.end());
  return candidates_;
}

bool RuleFinder::IsMatch(uint16_t rule) {
  for (const uint32_t number : index_.conjuncts_of(rule)) {
    KnownTruth& known = truths_[number];
    if (known.message != message_number_) {
      const Index::Conjunct& conjunct = index_.conjuncts()[number];
      const Value value =
          evaluator_.Evaluate(*program_.rules()[conjunct.rule].where, conjunct.node);
      known = {message_number_, language::ToTruth(value) == Truth::kTrue};
    }
    if (!known.is_true) return false;
  }
  return true;
}

const RuleFinder::FieldValue& RuleFinder::Field(uint32_t field) {
  FieldValue& known = fields_[field];
  if (known.message != message_number_) {
    const Index::Field& place = index_.fields()[field];
    known.value = evaluator_.Evaluate(*program_.rules()[place.rule].where, place.node);
    known.hash = Index::HashOf(known.value);
    known.message = message_number_;
  }
  return known;
}

bool RuleFinder::Passes(const Index::Test& test) {
  const Value& value = Field(test.field).value;
  if (value.is_number() && test.literal.is_number()) {
    const double a = value.number();
    const double b = test.literal.number();
    switch (test.op) {
      case Op::kLess:
        return a < b;
      case Op::kLessEqual:
        return a <= b;
      case Op::kGreater:
        return a > b;
      case Op::kGreaterEqual:
        return a >= b;
      case Op::kEqual:
        return a == b;
      default:
        return a != b;
    }
  }
  return language::ToTruth(language::Compare(test.op, value, test.literal, profile_)) ==
         Truth::kTrue;
}

// How many of the dimension's rules may pass: those behind do not.
size_t RuleFinder::PassingPrefix(const Index::Segment& segment, const Index::Dimension& dimension) {
  const Value& value = Field(dimension.field).value;
  const std::span<const double> bounds = index_.bounds(segment, dimension);
  if (value.is_number()) {
    const double number = dimension.negated ? -value.number() : value.number();
    return static_cast<size_t>(std::upper_bound(bounds.begin(), bounds.end(), number) -
                               bounds.begin());
  }
  // Of another type it is below all numbers, above them (edgeHub orders types), or neither.
  const Op op = dimension.negated ? Op::kLess : Op::kGreater;
  const Value order = language::Compare(op, value, Value::Number(0), profile_);
  return language::ToTruth(order) == Truth::kTrue ? bounds.size() : 0;
}

void RuleFinder::AddBucket(const Index::Bucket& bucket) {
  for (const Index::Segment& segment : index_.segments(bucket)) AddSegment(segment);
}

void RuleFinder::AddSegment(const Index::Segment& segment) {
  if (segment.dimension_count == 0) {
    AddRules(index_.rules(segment.rules, segment.rule_count));
    return;
  }
  if (segment.reads_body && !body_read_) return;
  size_t shortest = SIZE_MAX;
  uint32_t first = 0;
  for (const Index::Dimension& dimension : index_.dimensions(segment)) {
    const size_t prefix = PassingPrefix(segment, dimension);
    if (prefix >= shortest) continue;
    shortest = prefix;
    first = dimension.rules;
    if (prefix == 0) return;
  }
  AddRules(index_.rules(first, shortest));
}

void RuleFinder::AddRules(std::span<const uint16_t> rules) {
  for (const uint16_t rule : rules) {
    if (rule < begin_ || rule >= end_) continue;
    const std::span<const Index::Test> tests = index_.tests(rule);
    const bool may_match = std::all_of(tests.begin(), tests.end(),
                                       [this](const Index::Test& test) { return Passes(test); });
    if (may_match) candidates_.push_back(rule);
  }
}

}  // namespace sluice::match
