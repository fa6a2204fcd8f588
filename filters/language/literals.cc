#include "filters/language/literals.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "filters/language/numbers.h"

namespace sluice::language {
namespace {

NodeId AddNumber(const SyntaxNode& written, double value, TreeBuilder& builder) {
  return builder.AddConstant(written, StaticType::kNumber, Value::Number(value));
}

NodeId AddUndefined(const SyntaxNode& written, TreeBuilder& builder) {
  return builder.AddConstant(written, StaticType::kUndefined, Value::Undefined(Reason::kLiteral));
}

NodeId AddHex(const SyntaxNode& written, TreeBuilder& builder) {
  std::string_view digits = std::string_view(written.text).substr(2);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
  uint64_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  if (error != std::errc()) {
    builder.Warn(written, "more than 64 bits: this is undefined", "");
    return AddUndefined(written, builder);
  }
  const auto number = static_cast<int64_t>(bits);
  if (number < 0)
    builder.Warn(written, "hexadecimal numbers are signed 64-bit ones: this is negative", "");
  return AddNumber(written, static_cast<double>(number), builder);
}

NodeId AddReal(const SyntaxNode& written, TreeBuilder& builder) {
  // e5 and -e5 go for reals, but have no digits before the exponent.
  const std::string_view mantissa =
      std::string_view(written.text).substr(0, written.text.find_first_of("eE"));
  if (mantissa.find_first_of("0123456789") == std::string_view::npos) {
    builder.Warn(written,
                 "'" + written.text + "' is read as a malformed number, which is undefined",
                 "a property of this name cannot be referred to");
    return AddUndefined(written, builder);
  }
  return AddNumber(written, DecimalValue(written.text), builder);
}

}  // namespace

NodeId AddLiteral(const SyntaxNode& written, TreeBuilder& builder) {
  switch (written.kind) {
    case SyntaxKind::kTrue:
      return builder.AddConstant(written, StaticType::kBool, Value::Bool(true));
    case SyntaxKind::kFalse:
      return builder.AddConstant(written, StaticType::kBool, Value::Bool(false));
    case SyntaxKind::kNull:
      return builder.AddConstant(written, StaticType::kNull, Value::LiteralNull());
    case SyntaxKind::kString: {
      const NodeId id = builder.AddConstant(written, StaticType::kString, Value());
      builder.SetText(id, written.text);
      return id;
    }
    case SyntaxKind::kInteger:
      return AddNumber(written, DecimalValue(written.text), builder);
    case SyntaxKind::kHex:
      return AddHex(written, builder);
    case SyntaxKind::kReal:
      return AddReal(written, builder);
    default:
      return AddUndefined(written, builder);
  }
}

}  // namespace sluice::language
