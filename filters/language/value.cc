#include "filters/language/value.h"

#include <cassert>

namespace sluice::language {

std::string_view ReasonText(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "undefined";
    case Reason::kLiteral:
      return "written as undefined";
    case Reason::kPropertyMissing:
      return "no such property";
    case Reason::kMemberMissing:
      return "no such member";
    case Reason::kBodyUnread:
      return "the body was not read";
    case Reason::kNotJsonType:
      return "content type and encoding do not declare JSON";
    case Reason::kBadJson:
      return "the body is no valid JSON";
    case Reason::kBodyLimit:
      return "the body is nested too deeply or too large";
    case Reason::kBodyNotObject:
      return "the body is JSON, but no object";
    case Reason::kTwinMissing:
      return "no twin of the sender is known";
    case Reason::kTopicLevelMissing:
      return "the topic has no such level";
    case Reason::kWrongType:
      return "an operand has a type that does not fit";
    case Reason::kTypesDiffer:
      return "values of two types have no order";
    case Reason::kContainer:
      return "an object or array, not a plain value";
    case Reason::kNullProperty:
      return "the property has no value";
    case Reason::kNotANumber:
      return "not a number";
    case Reason::kConversionFailed:
      return "the text is no decimal number";
    case Reason::kOutOfRange:
      return "outside the text, or in the middle of a character";
    case Reason::kDateText:
      return "edgeHub takes this text for a date";
    case Reason::kNotSupported:
      return "never defined in this dialect";
    case Reason::kTooLong:
      return "the text became too long";
  }
  assert(false);
  return "undefined";
}

Truth ToTruth(const Value& value) {
  if (value.is_bool()) return value.bool_value() ? Truth::kTrue : Truth::kFalse;
  const bool is_word_null =
      value.kind() == Value::Kind::kNull && value.reason() == Reason::kLiteral;
  return is_word_null ? Truth::kFalse : Truth::kUndefined;
}

}  // namespace sluice::language
