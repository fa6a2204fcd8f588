#include "filters/reduce/aggregate.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "filters/json/writer.h"

namespace sluice::reduce {

using compile::AggregateFunction;
using language::Value;
using Kept = Accumulator::Kept;

namespace {

bool IsNull(const Value& value) {
  return value.kind() == Value::Kind::kNull || value.kind() == Value::Kind::kNullProperty;
}

void Keep(const Value& value, Accumulator* into) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
    case Value::Kind::kObject:
    case Value::Kind::kArray:
      return;
    case Value::Kind::kNull:
    case Value::Kind::kNullProperty:
      into->kept = Kept::kNull;
      break;
    case Value::Kind::kBool:
      into->kept = value.bool_value() ? Kept::kTrue : Kept::kFalse;
      break;
    case Value::Kind::kNumber:
      into->kept = Kept::kNumber;
      into->number = value.number();
      break;
    case Value::Kind::kString:
      if (value.string().size() > kMaxKeptText) return;
      into->kept = Kept::kText;
      into->text = value.string();
      break;
  }
  ++into->count;
}

void AddNumber(AggregateFunction function, double number, Accumulator* into) {
  ++into->count;
  switch (function) {
    case AggregateFunction::kSum:
    case AggregateFunction::kAvg:
      into->number += number;
      break;
    case AggregateFunction::kMin:
      into->number = into->count == 1 ? number : std::min(into->number, number);
      break;
    case AggregateFunction::kMax:
      into->number = into->count == 1 ? number : std::max(into->number, number);
      break;
    default: {  // Welford's way: sums of squares would lose all digits of a small spread
      const double distance = number - into->number;
      into->number += distance / static_cast<double>(into->count);
      into->spread += distance * (number - into->number);
    }
  }
}

std::optional<double> NumberOf(AggregateFunction function, const Accumulator& accumulator) {
  const auto count = static_cast<double>(accumulator.count);
  switch (function) {
    case AggregateFunction::kCount:
      return count;
    case AggregateFunction::kAvg:
      if (accumulator.count == 0) return std::nullopt;
      return accumulator.number / count;
    case AggregateFunction::kStddev:
      if (accumulator.count < 2) return std::nullopt;
      return std::sqrt(accumulator.spread / (count - 1));
    default:
      if (accumulator.count == 0) return std::nullopt;
      return accumulator.number;
  }
}

}  // namespace

void Accumulate(const compile::Aggregate& aggregate, const Value& value, Accumulator* into) {
  switch (aggregate.function) {
    case AggregateFunction::kCount:
      if (!aggregate.argument || !(value.is_undefined() || IsNull(value))) ++into->count;
      return;
    case AggregateFunction::kFirst:
      if (into->kept == Kept::kNothing) Keep(value, into);
      return;
    case AggregateFunction::kLast:
      return Keep(value, into);
    default:
      if (value.is_number()) AddNumber(aggregate.function, value.number(), into);
  }
}

void AppendResult(const compile::Aggregate& aggregate, const Accumulator& accumulator,
                  std::string* json) {
  const bool keeps = aggregate.function == AggregateFunction::kFirst ||
                     aggregate.function == AggregateFunction::kLast;
  std::optional<double> number;
  if (!keeps) {
    number = NumberOf(aggregate.function, accumulator);
  } else if (accumulator.kept == Kept::kNumber) {
    number = accumulator.number;
  }
  const bool is_plain = keeps && accumulator.kept != Kept::kNothing && !number;
  if (!is_plain && (!number || !std::isfinite(*number))) return;
  json->push_back(',');
  json::AppendString(aggregate.name, json);
  json->push_back(':');
  if (number) return json::AppendNumber(*number, json);
  switch (accumulator.kept) {
    case Kept::kTrue:
      json->append("true");
      break;
    case Kept::kFalse:
      json->append("false");
      break;
    case Kept::kText:
      json::AppendString(accumulator.text, json);
      break;
    default:
      json->append("null");
  }
}

}  // namespace sluice::reduce
