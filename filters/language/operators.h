// What the operators make of values at run time (azure/routing-query.md sections 4 and 5).
#pragma once

#include <string_view>

#include "filters/language/profile.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::language {

// kMultiply to kSubtract. Other operands than numbers make it undefined.
Value Arithmetic(Op op, const Value& left, const Value& right);

// kLess to kNotEqual.
Value Compare(Op op, const Value& left, const Value& right, Profile profile);

// As an operand of AND, OR and NOT: a boolean is itself, all else is undefined.
Value AsOperand(const Value& value);

// Why a value that is defined cannot be used where another type is wanted; of an undefined one its
// own reason.
Value Unusable(const Value& value);

// Whether edgeHub takes this text for a date: yyyy-MM-ddTHH:mm:ss, a fraction, Z or an offset.
bool IsDateText(std::string_view text);

}  // namespace sluice::language
