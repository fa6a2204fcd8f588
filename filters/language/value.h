// The values a condition computes with: SQL-like, with undefined beside null.
//
// A Value owns nothing. A string views the payload, a constant of the expression or the evaluator's
// scratch, and lives as long as the message is being judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::language {

// Why a value is undefined: what `explain` tells a person.
enum class Reason : uint8_t {
  kNone,
  kLiteral,          // the word undefined, or a malformed real such as e5; of a null: the word null
  kPropertyMissing,  // no such application or system property
  kMemberMissing,    // the body (or twin) is there, the member is not
  kBodyUnread,       // nobody read the body
  kNotJsonType,      // content type or encoding do not say that the body is JSON
  kBadJson,          // they do, and it is not
  kBodyLimit,        // nested too deeply or too large
  kBodyNotObject,    // sound JSON, but no object at its top
  kTwinMissing,      // the sender's twin is not known, or is no JSON object
  kTopicLevelMissing,
  kWrongType,         // an operand of a type that the operator does not take
  kTypesDiffer,       // two types that have no order between them
  kContainer,         // an object or array where only plain values count
  kNullProperty,      // a property without a value, compared
  kNotANumber,        // 0/0, x % 0, the root of a negative
  kConversionFailed,  // as_number of what is no number
  kOutOfRange,        // substring beyond the text
  kDateText,          // edgeHub takes such text for a date
  kNotSupported,      // the profile never defines it ($twin and $body[0] in edgeHub …)
  kTooLong,           // a text that would pass kMaxText
};

// A short phrase for people ("no such property"). Never empty.
std::string_view ReasonText(Reason reason);

class Value {
 public:
  enum class Kind : uint8_t {
    kUndefined,
    kNull,
    kNullProperty,  // a bare key on the wire: defined, is_null, every comparison undefined, empty
                    // in concat
    kBool,
    kNumber,
    kString,
    kObject,  // only is_object, is_array and is_primitive tell these two from undefined
    kArray,
  };

  constexpr Value() : Value(Kind::kUndefined, Reason::kNone) {}
  static constexpr Value Undefined(Reason reason) { return Value(Kind::kUndefined, reason); }
  static constexpr Value Null() { return Value(Kind::kNull, Reason::kNone); }  // of a document
  // The word in a condition: unlike a document's null, it counts as false where a condition is
  // wanted.
  static constexpr Value LiteralNull() { return Value(Kind::kNull, Reason::kLiteral); }
  // edgeHub's null for a member that is not there: `is_null` tells it from the null of the
  // document.
  static constexpr Value AbsentNull() { return Value(Kind::kNull, Reason::kMemberMissing); }
  static constexpr Value NullProperty() { return Value(Kind::kNullProperty, Reason::kNone); }
  static constexpr Value Object() { return Value(Kind::kObject, Reason::kNone); }
  static constexpr Value Array() { return Value(Kind::kArray, Reason::kNone); }
  static constexpr Value Bool(bool value) {
    Value result(Kind::kBool, Reason::kNone);
    result.bool_ = value;
    return result;
  }
  // NaN is undefined.
  static constexpr Value Number(double value) {
    if (value != value) return Undefined(Reason::kNotANumber);
    Value result(Kind::kNumber, Reason::kNone);
    result.number_ = value;
    return result;
  }
  // UTF-8, of less than 4 GiB. `value` is borrowed.
  static constexpr Value String(std::string_view value) {
    Value result(Kind::kString, Reason::kNone);
    result.data_ = value.data();
    result.size_ = static_cast<uint32_t>(value.size());
    return result;
  }

  constexpr Kind kind() const { return kind_; }
  constexpr Reason reason() const { return reason_; }  // of an undefined value, else kNone
  constexpr bool is_undefined() const { return kind_ == Kind::kUndefined; }
  constexpr bool is_bool() const { return kind_ == Kind::kBool; }
  constexpr bool is_number() const { return kind_ == Kind::kNumber; }
  constexpr bool is_string() const { return kind_ == Kind::kString; }
  constexpr bool is_container() const { return kind_ == Kind::kObject || kind_ == Kind::kArray; }

  // Each only of a value of its kind.
  constexpr bool bool_value() const { return bool_; }
  constexpr double number() const { return number_; }
  constexpr std::string_view string() const { return {data_, size_}; }

 private:
  constexpr Value(Kind kind, Reason reason) : number_(0), kind_(kind), reason_(reason) {}

  union {
    bool bool_;
    double number_;
    const char* data_;
  };
  uint32_t size_ = 0;
  Kind kind_;
  Reason reason_;
};
static_assert(sizeof(Value) == 16, "two registers: values are passed around a lot");

// What a condition comes to. Only kTrue routes a message.
enum class Truth : uint8_t { kFalse, kTrue, kUndefined };

// The word null is false. A number, a string, a container or a document's null is no condition:
// undefined.
Truth ToTruth(const Value& value);

}  // namespace sluice::language
