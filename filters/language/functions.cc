#include "filters/language/functions.h"

#include <cmath>
#include <cstring>
#include <iterator>
#include <optional>

#include "filters/language/numbers.h"
#include "filters/language/text_scratch.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

using Arguments = std::span<const Value>;
using Kind = Value::Kind;

constexpr size_t kNoLimit = SIZE_MAX;

template <double (*F)(double)>
Value Math(Arguments arguments, const CallContext&) {
  return Value::Number(F(arguments[0].number()));
}

double Abs(double x) { return std::fabs(x); }
double Exp(double x) { return std::exp(x); }
double Square(double x) { return x * x; }
double Ceiling(double x) { return std::ceil(x); }
double Floor(double x) { return std::floor(x); }
double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
double Sqrt(double x) { return std::sqrt(x); }

Value Power(Arguments arguments, const CallContext&) {
  return Value::Number(std::pow(arguments[0].number(), arguments[1].number()));
}

Value AsNumber(Arguments arguments, const CallContext& context) {
  if (arguments[0].is_number()) return arguments[0];
  const std::optional<double> number = ParseNumberText(arguments[0].string(), context.profile);
  return number ? Value::Number(*number) : Value::Undefined(Reason::kConversionFailed);
}

// The is_ family answers false for undefined, but for two of edgeHub's of a dynamic value.
bool IsUndefinedInEdgeHub(const Value& value, const CallContext& context) {
  return context.profile == Profile::kEdgeHub && context.is_dynamic && value.is_undefined();
}

Value IsBool(Arguments arguments, const CallContext& context) {
  if (IsUndefinedInEdgeHub(arguments[0], context)) return arguments[0];
  return Value::Bool(arguments[0].is_bool());
}

Value IsNull(Arguments arguments, const CallContext& context) {
  const Value& value = arguments[0];
  if (IsUndefinedInEdgeHub(value, context)) return value;
  const bool is_null = value.kind() == Kind::kNull || value.kind() == Kind::kNullProperty;
  if (context.profile == Profile::kEdgeHub && context.is_dynamic) {
    // Its defect: it compares with one null object, which only stands for absent members.
    return Value::Bool(!(is_null && value.reason() == Reason::kMemberMissing));
  }
  return Value::Bool(is_null);
}

Value IsNumber(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].is_number() && !std::isinf(arguments[0].number()));
}

Value IsString(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].is_string());
}

// A container is as undefined as any other value that cannot be used.
Value IsDefined(Arguments arguments, const CallContext&) {
  return Value::Bool(!arguments[0].is_undefined() && !arguments[0].is_container());
}

Value IsArray(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].kind() == Kind::kArray);
}
Value IsObject(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].kind() == Kind::kObject);
}
Value IsPrimitive(Arguments arguments, const CallContext& context) {
  return IsDefined(arguments, context);
}

Value Concat(Arguments arguments, const CallContext& context) {
  size_t size = 0;
  for (const Value& value : arguments) {
    if (value.is_string()) size += value.string().size();
  }
  char* const text = context.scratch->Allocate(size);
  if (text == nullptr) return Value::Undefined(Reason::kTooLong);
  char* end = text;
  for (const Value& value : arguments) {
    if (!value.is_string() || value.string().empty()) continue;
    std::memcpy(end, value.string().data(), value.string().size());
    end += value.string().size();
  }
  return Value::String({text, size});
}

Value Length(Arguments arguments, const CallContext&) {
  return Value::Number(static_cast<double>(Utf16Length(arguments[0].string())));
}

template <size_t (*Map)(std::string_view, char*)>
Value MapCase(Arguments arguments, const CallContext& context) {
  const std::string_view text = arguments[0].string();
  const size_t room = text.size() * kCaseGrowth;
  char* const mapped = context.scratch->Allocate(room);
  if (mapped == nullptr) return Value::Undefined(Reason::kTooLong);
  const size_t size = Map(text, mapped);
  context.scratch->GiveBack(room - size);
  return Value::String({mapped, size});
}

Value Substring(Arguments arguments, const CallContext&) {
  const Value out_of_range = Value::Undefined(Reason::kOutOfRange);
  const std::string_view text = arguments[0].string();
  const auto length = static_cast<double>(Utf16Length(text));
  const double start = arguments[1].number();
  const bool has_count = arguments.size() == 3;
  if (!(start >= 0 && (has_count ? start < length : start <= length))) return out_of_range;
  const size_t first = Utf16Offset(text, static_cast<size_t>(start));
  if (first == std::string_view::npos) return out_of_range;
  if (!has_count) return Value::String(text.substr(first));
  const double count = arguments[2].number();
  if (!(count >= 0 && count <= length - start)) return out_of_range;
  const std::string_view rest = text.substr(first);
  const size_t size = Utf16Offset(rest, static_cast<size_t>(count));
  return size == std::string_view::npos ? out_of_range : Value::String(rest.substr(0, size));
}

Value IndexOf(Arguments arguments, const CallContext&) {
  const std::string_view text = arguments[0].string();
  const size_t found = text.find(arguments[1].string());
  if (found == std::string_view::npos) return Value::Number(-1);
  return Value::Number(static_cast<double>(Utf16Length(text.substr(0, found))));
}

Value StartsWith(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].string().starts_with(arguments[1].string()));
}
Value EndsWith(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].string().ends_with(arguments[1].string()));
}
Value Contains(Arguments arguments, const CallContext&) {
  return Value::Bool(arguments[0].string().find(arguments[1].string()) != std::string_view::npos);
}

// Its argument is a member of the twin change, which is the message's body. edgeHub's null stands
// for absent.
Value TwinChangeIncludes(Arguments arguments, const CallContext&) {
  if (arguments[0].is_undefined()) return arguments[0];
  return Value::Bool(arguments[0].reason() != Reason::kMemberMissing);
}

constexpr Argument kAny = Argument::kAny;
constexpr Argument kNum = Argument::kNumber;
constexpr Argument kStr = Argument::kString;
constexpr Argument kStrOrNull = Argument::kStringOrNullProperty;
constexpr Argument kStrOrNum = Argument::kStringOrNumber;
constexpr StaticType kNumber = StaticType::kNumber;
constexpr StaticType kString = StaticType::kString;
constexpr StaticType kBool = StaticType::kBool;

// name, least and most arguments, their types, result, in edgeHub, in the default dialect, code
constexpr Function kFunctions[] = {
    {"abs", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Abs>},
    {"exp", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Exp>},
    {"square", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Square>},
    {"ceiling", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Ceiling>},
    {"floor", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Floor>},
    {"sign", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Sign>},
    {"sqrt", 1, 1, {kNum, kNum, kNum}, kNumber, true, true, Math<Sqrt>},
    {"power", 2, 2, {kNum, kNum, kNum}, kNumber, true, true, Power},
    {"as_number", 1, 1, {kStrOrNum, kStrOrNum, kStrOrNum}, kNumber, true, true, AsNumber},
    {"is_bool", 1, 1, {kAny, kAny, kAny}, kBool, true, true, IsBool},
    {"is_number", 1, 1, {kAny, kAny, kAny}, kBool, true, true, IsNumber},
    {"is_string", 1, 1, {kAny, kAny, kAny}, kBool, true, true, IsString},
    {"is_null", 1, 1, {kAny, kAny, kAny}, kBool, true, true, IsNull},
    {"is_defined", 1, 1, {kAny, kAny, kAny}, kBool, true, true, IsDefined},
    {"is_array", 1, 1, {kAny, kAny, kAny}, kBool, false, true, IsArray},
    {"is_object", 1, 1, {kAny, kAny, kAny}, kBool, false, true, IsObject},
    {"is_primitive", 1, 1, {kAny, kAny, kAny}, kBool, false, true, IsPrimitive},
    {"concat", 2, kNoLimit, {kStrOrNull, kStrOrNull, kStrOrNull}, kString, true, true, Concat},
    {"length", 1, 1, {kStr, kStr, kStr}, kNumber, true, true, Length},
    {"lower", 1, 1, {kStr, kStr, kStr}, kString, true, true, MapCase<LowerUtf8>},
    {"upper", 1, 1, {kStr, kStr, kStr}, kString, true, true, MapCase<UpperUtf8>},
    {"substring", 2, 3, {kStr, kNum, kNum}, kString, true, true, Substring},
    {"index_of", 2, 2, {kStr, kStr, kStr}, kNumber, true, true, IndexOf},
    {"starts_with", 2, 2, {kStr, kStr, kStr}, kBool, true, true, StartsWith},
    {"ends_with", 2, 2, {kStr, kStr, kStr}, kBool, true, true, EndsWith},
    {"contains", 2, 2, {kStr, kStr, kStr}, kBool, true, true, Contains},
    {"twin_change_includes", 1, 1, {kAny, kAny, kAny}, kBool, true, false, TwinChangeIncludes},
    {"regex_match", 2, 2, {kStr, kStr, kStr}, kBool, false, true, nullptr},
};

}  // namespace

const Function* FindFunction(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (EqualsIgnoringCase(name, function.name)) return &function;
  }
  return nullptr;
}

std::span<const Function> AllFunctions() { return kFunctions; }

}  // namespace sluice::language
