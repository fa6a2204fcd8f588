#include "filters/language/operators.h"

#include <cmath>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

using Kind = Value::Kind;

template <typename T>
int Order(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// Of two values of one plain type.
int OrderOf(const Value& left, const Value& right) {
  switch (left.kind()) {
    case Kind::kBool:
      return Order<int>(left.bool_value(), right.bool_value());
    case Kind::kNumber:
      return Order(left.number(), right.number());
    case Kind::kString:
      return CompareUtf16(left.string(), right.string());
    default:
      return 0;  // null and null
  }
}

// edgeHub orders values of different types by type.
int Rank(Kind kind) {
  return kind == Kind::kBool ? 0 : kind == Kind::kNumber ? 1 : kind == Kind::kString ? 2 : 3;
}

bool Holds(Op op, int order) {
  switch (op) {
    case Op::kLess:
      return order < 0;
    case Op::kLessEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    case Op::kGreaterEqual:
      return order >= 0;
    case Op::kEqual:
      return order == 0;
    default:
      return order != 0;
  }
}

bool IsComparable(const Value& value) {
  return value.kind() == Kind::kNull || value.is_bool() || value.is_number() || value.is_string();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Two digits at `at`, or -1.
int TwoDigits(std::string_view text, size_t at) {
  if (at + 2 > text.size() || !IsDigit(text[at]) || !IsDigit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + text[at + 1] - '0';
}

int DaysOf(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap);
}

// What may stand behind the seconds.
bool IsDateTail(std::string_view tail) {
  if (!tail.empty() && tail[0] == '.') {
    size_t digits = 1;
    while (digits < tail.size() && IsDigit(tail[digits])) ++digits;
    if (digits == 1) return false;
    tail.remove_prefix(digits);
  }
  if (tail.empty() || tail == "Z") return true;
  if (tail[0] != '+' && tail[0] != '-') return false;
  const int hours = TwoDigits(tail, 1);
  if (hours < 0 || hours > 23) return false;
  if (tail.size() == 3) return true;
  const size_t at = tail[3] == ':' ? 4 : 3;
  const int minutes = TwoDigits(tail, at);
  return minutes >= 0 && minutes < 60 && tail.size() == at + 2;
}

}  // namespace

Value Unusable(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return value;
    case Kind::kNullProperty:
      return Value::Undefined(Reason::kNullProperty);
    case Kind::kObject:
    case Kind::kArray:
      return Value::Undefined(Reason::kContainer);
    default:
      return Value::Undefined(Reason::kWrongType);
  }
}

Value Arithmetic(Op op, const Value& left, const Value& right) {
  if (!left.is_number()) return Unusable(left);
  if (!right.is_number()) return Unusable(right);
  const double a = left.number();
  const double b = right.number();
  switch (op) {
    case Op::kMultiply:
      return Value::Number(a * b);
    case Op::kDivide:
      return Value::Number(a / b);
    case Op::kModulo:
      return Value::Number(std::fmod(a, b));
    case Op::kAdd:
      return Value::Number(a + b);
    default:
      return Value::Number(a - b);
  }
}

Value Compare(Op op, const Value& left, const Value& right, Profile profile) {
  if (!IsComparable(left)) return Unusable(left);
  if (!IsComparable(right)) return Unusable(right);
  if (left.kind() == right.kind()) {
    if (left.is_string() && op == Op::kEqual) return Value::Bool(left.string() == right.string());
    return Value::Bool(Holds(op, OrderOf(left, right)));
  }
  if (op == Op::kEqual) return Value::Bool(false);
  if (op == Op::kNotEqual) return Value::Bool(true);
  if (profile != Profile::kEdgeHub) return Value::Undefined(Reason::kTypesDiffer);
  return Value::Bool(Holds(op, Order(Rank(left.kind()), Rank(right.kind()))));
}

Value AsOperand(const Value& value) { return value.is_bool() ? value : Unusable(value); }

bool IsDateText(std::string_view text) {
  constexpr size_t kUpToSeconds = 19;
  if (text.size() < kUpToSeconds || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return false;
  }
  const int century = TwoDigits(text, 0);
  const int in_century = TwoDigits(text, 2);
  const int month = TwoDigits(text, 5);
  const int day = TwoDigits(text, 8);
  const int hour = TwoDigits(text, 11);
  const int minute = TwoDigits(text, 14);
  const int second = TwoDigits(text, 17);
  const int year = century * 100 + in_century;
  if (century < 0 || in_century < 0 || year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return false;
  }
  return day <= DaysOf(year, month) && IsDateTail(text.substr(kUpToSeconds));
}

}  // namespace sluice::language
