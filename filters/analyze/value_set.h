// What a value can be, over all messages: kinds, of numbers an interval, of texts a few or a
// prefix.
//
// A set may hold more than can happen, never less: what it leaves out is impossible. NaN is
// undefined, as everywhere in the language.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/op.h"
#include "filters/language/profile.h"
#include "filters/language/value.h"

namespace sluice::analyze {

// Bits. Of booleans, each value is a kind of its own, so that sets of truths are sets of kinds.
using Kinds = uint16_t;
inline constexpr Kinds kUndefined = 1, kNull = 2, kNullProperty = 4, kFalse = 8, kTrue = 16,
                       kNumber = 32, kString = 64, kObject = 128, kArray = 256;
inline constexpr Kinds kBool = kFalse | kTrue, kContainer = kObject | kArray;
inline constexpr Kinds kTruth = kBool | kUndefined;  // what comparisons come to
inline constexpr Kinds kAnyKind = 511;

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  static Interval Of(double value) { return {value, value, false, false}; }
  bool empty() const { return low > high || (low == high && (low_open || high_open)); }
  bool is_single() const { return low == high && !low_open && !high_open; }
  bool may_be_infinite() const;
  bool may_be_finite() const;
};
Interval Meet(const Interval& a, const Interval& b);
Interval Join(const Interval& a, const Interval& b);

// `few`: these and no others, sorted; else all that begin with `prefix`.
struct Texts {
  bool is_few = false;
  std::vector<std::string> few;
  std::string prefix;

  static Texts Of(std::string_view text) { return {true, {std::string(text)}, ""}; }
  static Texts BeginningWith(std::string_view prefix) { return {false, {}, std::string(prefix)}; }
  bool empty() const { return is_few && few.empty(); }
  bool is_single() const { return is_few && few.size() == 1; }
};
Texts Meet(const Texts& a, const Texts& b);
Texts Join(const Texts& a, const Texts& b);

struct ValueSet {
  Kinds kinds = kAnyKind;
  Interval numbers;  // meaningless without kNumber
  Texts texts;       // meaningless without kString

  static ValueSet Of(Kinds kinds) { return {kinds, {}, {}}; }
  static ValueSet Of(const language::Value& value);
  static ValueSet Number(Interval numbers, Kinds more = 0);
  static ValueSet Text(Texts texts, Kinds more = 0);

  bool empty() const { return kinds == 0; }
  bool may_be(Kinds any) const { return (kinds & any) != 0; }
  bool is_only(Kinds all) const { return kinds != 0 && (kinds & ~all) == 0; }
};
ValueSet Meet(const ValueSet& a, const ValueSet& b);
ValueSet Join(const ValueSet& a, const ValueSet& b);

// As a condition's operand sees it: true and false as they are, anything else is undefined.
Kinds AsTruth(const ValueSet& value);

// All that `a op b` can come to: of kTruth.
Kinds Compare(language::Op op, const ValueSet& a, const ValueSet& b, language::Profile profile);
// What is left of `a` where `a op b` came to `truth` (one kind of kTruth).
ValueSet Refine(const ValueSet& a, language::Op op, const ValueSet& b, Kinds truth,
                language::Profile profile);

}  // namespace sluice::analyze
