#include "filters/analyze/function_sets.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

namespace sluice::analyze {

using language::Argument;
using language::Function;
using language::Profile;
using language::StaticType;
using language::TextScratch;
using language::Value;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The is_… family: for which kinds each answers true.
struct KindTest {
  std::string_view name;
  Kinds kinds;
};
constexpr KindTest kKindTests[] = {
    {"is_bool", kBool},
    {"is_number", kNumber},  // but for infinity
    {"is_string", kString},
    {"is_null", kNull | kNullProperty},
    {"is_defined", kAnyKind & ~(kUndefined | kContainer)},
    {"is_primitive", kAnyKind & ~(kUndefined | kContainer)},
    {"is_array", kArray},
    {"is_object", kObject},
};

const KindTest* FindKindTest(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kKindTests), std::end(kKindTests),
                   [name](const KindTest& test) { return test.name == name; });
  return found == std::end(kKindTests) ? nullptr : found;
}

// edgeHub's answers to these two depend on more than the kind.
bool IsOdd(const KindTest& test, Profile profile) {
  return profile == Profile::kEdgeHub && (test.name == "is_bool" || test.name == "is_null");
}

Kinds Test(const KindTest& test, const ValueSet& value, Profile profile) {
  if (IsOdd(test, profile)) return kTruth;
  Kinds truths = value.may_be(test.kinds) ? kTrue : 0;
  if (value.may_be(~test.kinds)) truths |= kFalse;
  if (test.kinds == kNumber && value.may_be(kNumber)) {
    if (value.numbers.may_be_infinite()) truths |= kFalse;
    if (!value.numbers.may_be_finite()) truths &= ~kTrue;
  }
  return truths;
}

// What numbers come out, where nothing more is known.
struct Range {
  std::string_view name;
  double low;
  double high;
};
constexpr Range kRanges[] = {
    {"abs", 0, kInfinity},  {"exp", 0, kInfinity},    {"square", 0, kInfinity},
    {"sqrt", 0, kInfinity}, {"length", 0, kInfinity}, {"index_of", -1, kInfinity},
    {"sign", -1, 1},
};

Interval RangeOf(std::string_view name) {
  for (const Range& range : kRanges) {
    if (range.name == name) return {range.low, range.high, false, false};
  }
  return {};
}

// Defined whenever its arguments are of the right kinds. The others may fail to convert, leave
// their range or grow too long.
bool IsTotal(std::string_view name) {
  constexpr std::string_view kTotal[] = {"abs",       "exp",      "square",  "ceiling",
                                         "floor",     "sign",     "length",  "starts_with",
                                         "ends_with", "contains", "index_of"};
  return std::find(std::begin(kTotal), std::end(kTotal), name) != std::end(kTotal);
}

// Of the functions of two texts that answer true or false: what starts_with answers is known where
// the beginning of the text is.
Kinds Begins(const Function& function, std::span<const ValueSet> arguments) {
  if (function.name != "starts_with" || !arguments[1].texts.is_single()) return kBool;
  const Texts beginning = Texts::BeginningWith(arguments[1].texts.few[0]);
  if (Meet(arguments[0].texts, beginning).empty()) return kFalse;
  const bool surely =
      !arguments[0].texts.is_few && arguments[0].texts.prefix.starts_with(beginning.prefix);
  return surely ? kTrue : kBool;
}

bool MakesText(std::string_view name) {
  return name == "concat" || name == "lower" || name == "upper";
}

// The one value of a set, of what functions take: 0 and -0 are two, and so are none.
std::optional<Value> SingleOf(const ValueSet& set) {
  switch (set.kinds) {
    case kTrue:
      return Value::Bool(true);
    case kFalse:
      return Value::Bool(false);
    case kNumber:
      if (!set.numbers.is_single() || set.numbers.low == 0) return std::nullopt;
      return Value::Number(set.numbers.low);
    case kString:
      if (!set.texts.is_single()) return std::nullopt;
      return Value::String(set.texts.few[0]);
    default:
      return std::nullopt;
  }
}

std::optional<ValueSet> Fold(const Function& function, std::span<const ValueSet> arguments,
                             bool is_dynamic, Profile profile, TextScratch* scratch) {
  std::vector<Value> values;
  for (const ValueSet& argument : arguments) {
    const std::optional<Value> value = SingleOf(argument);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  scratch->Reset();
  ValueSet result = ValueSet::Of(function.call(values, {profile, is_dynamic, scratch}));
  // There may be no room left for one more text.
  if (MakesText(function.name)) result.kinds |= kUndefined;
  return result;
}

}  // namespace

Kinds KindsOf(Argument argument) {
  switch (argument) {
    case Argument::kAny:
      return kAnyKind;
    case Argument::kNumber:
      return kNumber;
    case Argument::kString:
      return kString;
    case Argument::kStringOrNullProperty:
      return kString | kNullProperty;
    case Argument::kStringOrNumber:
      return kString | kNumber;
  }
  return kAnyKind;
}

ValueSet Call(const Function& function, std::span<const ValueSet> arguments, bool is_dynamic,
              Profile profile, TextScratch* scratch) {
  if (const KindTest* const test = FindKindTest(function.name))
    return ValueSet::Of(Test(*test, arguments[0], profile));
  bool may_fail = !IsTotal(function.name);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Kinds wanted = KindsOf(function.argument(i));
    if (!arguments[i].may_be(wanted)) return ValueSet::Of(kUndefined);
    may_fail = may_fail || !arguments[i].is_only(wanted);
  }
  const Kinds more = may_fail ? kUndefined : 0;
  if (auto folded = Fold(function, arguments, is_dynamic, profile, scratch)) return *folded;
  switch (function.result) {
    case StaticType::kNumber:
      return ValueSet::Number(RangeOf(function.name), more);
    case StaticType::kString:
      return ValueSet::Text({}, more);
    case StaticType::kBool:
      return ValueSet::Of(Begins(function, arguments) | more);
    default:
      return {};
  }
}

ValueSet RefineArgument(const Function& function, size_t index, std::span<const ValueSet> arguments,
                        Kinds truth, Profile profile) {
  ValueSet left = arguments[index];
  if (const KindTest* const test = FindKindTest(function.name)) {
    if (IsOdd(*test, profile)) return left;
    if (truth == kTrue) {
      left.kinds &= test->kinds;
      if (test->kinds != kNumber) return left;
      return Meet(left, ValueSet::Number({-kInfinity, kInfinity, true, true}));
    }
    if (test->kinds != kNumber) left.kinds &= ~test->kinds;  // infinity is a number, too
    return left;
  }
  left.kinds &= KindsOf(function.argument(index));
  if (function.name != "starts_with" || index != 0 || truth != kTrue) return left;
  const ValueSet& prefix = arguments[1];
  if (!left.may_be(kString) || !prefix.may_be(kString) || !prefix.texts.is_single()) return left;
  left.texts = Meet(left.texts, Texts::BeginningWith(prefix.texts.few[0]));
  if (left.texts.empty()) left.kinds &= ~kString;
  return left;
}

// Mapping a text a second time changes nothing: what would change is no result.
ValueSet OnlyMapped(const Function& function, const ValueSet& result, TextScratch* scratch) {
  ValueSet left = result;
  const bool maps_case = function.name == "lower" || function.name == "upper";
  if (!maps_case || !left.may_be(kString) || !left.texts.is_few) return left;
  std::erase_if(left.texts.few, [&](const std::string& text) {
    scratch->Reset();
    const Value argument = Value::String(text);
    const Value mapped = function.call({&argument, 1}, {Profile::kDefault, false, scratch});
    return mapped.is_string() && mapped.string() != text;
  });
  if (left.texts.empty()) left.kinds &= ~kString;
  return left;
}

}  // namespace sluice::analyze
