#include "filters/language/op.h"

#include <cassert>

namespace sluice::language {

std::string_view OperatorText(Op op) {
  switch (op) {
    case Op::kNegate:
    case Op::kSubtract:
      return "-";
    case Op::kNot:
      return "NOT";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kModulo:
      return "%";
    case Op::kAdd:
      return "+";
    case Op::kConcatenate:
      return "||";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kEqual:
      return "=";
    case Op::kNotEqual:
      return "!=";
    case Op::kAnd:
      return "AND";
    case Op::kOr:
      return "OR";
    case Op::kCoalesce:
      return "??";
    default:
      assert(false);
      return "";
  }
}

}  // namespace sluice::language
