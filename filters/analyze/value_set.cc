#include "filters/analyze/value_set.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace sluice::analyze {
namespace {

constexpr size_t kFew = 16;  // texts of one set; more are forgotten but for their prefix

std::string_view CommonPrefix(std::string_view a, std::string_view b) {
  const auto [end, _] =
      std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin());
  return a.substr(0, static_cast<size_t>(end - a.begin()));
}

std::string_view PrefixOf(const Texts& texts) {
  if (!texts.is_few) return texts.prefix;
  if (texts.few.empty()) return {};
  return CommonPrefix(texts.few.front(), texts.few.back());  // they are sorted
}

}  // namespace

bool Interval::may_be_infinite() const {
  return (std::isinf(low) && !low_open) || (std::isinf(high) && !high_open);
}

bool Interval::may_be_finite() const { return !empty() && !(low == high && std::isinf(low)); }

Interval Meet(const Interval& a, const Interval& b) {
  Interval meet;
  meet.low = std::max(a.low, b.low);
  meet.low_open = (a.low == meet.low && a.low_open) || (b.low == meet.low && b.low_open);
  meet.high = std::min(a.high, b.high);
  meet.high_open = (a.high == meet.high && a.high_open) || (b.high == meet.high && b.high_open);
  return meet;
}

Interval Join(const Interval& a, const Interval& b) {
  Interval join;
  join.low = std::min(a.low, b.low);
  join.low_open = (a.low > join.low || a.low_open) && (b.low > join.low || b.low_open);
  join.high = std::max(a.high, b.high);
  join.high_open = (a.high < join.high || a.high_open) && (b.high < join.high || b.high_open);
  return join;
}

Texts Meet(const Texts& a, const Texts& b) {
  if (!a.is_few && !b.is_few) {
    if (a.prefix.starts_with(b.prefix)) return a;
    if (b.prefix.starts_with(a.prefix)) return b;
    return {true, {}, ""};
  }
  Texts meet{true, {}, ""};
  if (a.is_few && b.is_few) {
    std::set_intersection(a.few.begin(), a.few.end(), b.few.begin(), b.few.end(),
                          std::back_inserter(meet.few));
    return meet;
  }
  const Texts& few = a.is_few ? a : b;
  const std::string& prefix = a.is_few ? b.prefix : a.prefix;
  std::copy_if(few.few.begin(), few.few.end(), std::back_inserter(meet.few),
               [&](const std::string& text) { return text.starts_with(prefix); });
  return meet;
}

Texts Join(const Texts& a, const Texts& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  if (a.is_few && b.is_few) {
    Texts join{true, {}, ""};
    std::set_union(a.few.begin(), a.few.end(), b.few.begin(), b.few.end(),
                   std::back_inserter(join.few));
    if (join.few.size() <= kFew) return join;
  }
  return Texts::BeginningWith(CommonPrefix(PrefixOf(a), PrefixOf(b)));
}

ValueSet ValueSet::Of(const language::Value& value) {
  using Kind = language::Value::Kind;
  switch (value.kind()) {
    case Kind::kUndefined:
      return Of(kUndefined);
    case Kind::kNull:
      return Of(kNull);
    case Kind::kNullProperty:
      return Of(kNullProperty);
    case Kind::kBool:
      return Of(value.bool_value() ? kTrue : kFalse);
    case Kind::kNumber:
      return Number(Interval::Of(value.number()));
    case Kind::kString:
      return Text(Texts::Of(value.string()));
    case Kind::kObject:
      return Of(kObject);
    case Kind::kArray:
      return Of(kArray);
  }
  return {};
}

ValueSet ValueSet::Number(Interval numbers, Kinds more) {
  return {static_cast<Kinds>(kNumber | more), numbers, {}};
}

ValueSet ValueSet::Text(Texts texts, Kinds more) {
  return {static_cast<Kinds>(kString | more), {}, std::move(texts)};
}

ValueSet Meet(const ValueSet& a, const ValueSet& b) {
  ValueSet meet = ValueSet::Of(a.kinds & b.kinds);
  if (meet.may_be(kNumber)) {
    meet.numbers = Meet(a.numbers, b.numbers);
    if (meet.numbers.empty()) meet.kinds &= ~kNumber;
  }
  if (meet.may_be(kString)) {
    meet.texts = Meet(a.texts, b.texts);
    if (meet.texts.empty()) meet.kinds &= ~kString;
  }
  return meet;
}

ValueSet Join(const ValueSet& a, const ValueSet& b) {
  ValueSet join = ValueSet::Of(a.kinds | b.kinds);
  if (join.may_be(kNumber)) {
    join.numbers = !a.may_be(kNumber)   ? b.numbers
                   : !b.may_be(kNumber) ? a.numbers
                                        : Join(a.numbers, b.numbers);
  }
  if (join.may_be(kString)) {
    join.texts = !a.may_be(kString)   ? b.texts
                 : !b.may_be(kString) ? a.texts
                                      : Join(a.texts, b.texts);
  }
  return join;
}

Kinds AsTruth(const ValueSet& value) {
  return static_cast<Kinds>((value.kinds & kBool) | (value.may_be(~kBool) ? kUndefined : 0));
}

}  // namespace sluice::analyze
