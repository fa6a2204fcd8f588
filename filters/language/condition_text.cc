#include "filters/language/condition_text.h"

#include <cmath>
#include <string_view>

#include "filters/language/functions.h"
#include "filters/language/numbers.h"

namespace sluice::language {
namespace {

// How tightly an operator binds its operands; higher is tighter.
constexpr int kTightest = 10;

int Tightness(Op op) {
  switch (op) {
    case Op::kCoalesce:
      return 1;
    case Op::kOr:
      return 2;
    case Op::kAnd:
      return 3;
    case Op::kEqual:
    case Op::kNotEqual:
      return 4;
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return 5;
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kConcatenate:
      return 6;
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo:
      return 7;
    case Op::kNot:
      return 8;
    case Op::kNegate:
      return 9;
    default:
      return kTightest;
  }
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

void Append(const SyntaxTree& tree, const Node& node, std::string* out);

// `at_least`: what binds less gets brackets.
void AppendOperand(const SyntaxTree& tree, const Node& node, int at_least, std::string* out) {
  const bool brackets = Tightness(node.op) < at_least;
  if (brackets) *out += '(';
  Append(tree, node, out);
  if (brackets) *out += ')';
}

void AppendCall(const SyntaxTree& tree, const Node& node, std::string_view name, std::string* out) {
  *out += name;
  *out += '(';
  std::string_view separator;
  for (const NodeId child : tree.children_of(node)) {
    *out += separator;
    Append(tree, tree.node(child), out);
    separator = ", ";
  }
  if (node.op == Op::kRegexMatch) *out += ", " + Quoted(node.text());
  *out += ')';
}

void AppendOperator(const SyntaxTree& tree, const Node& node, std::string* out) {
  const auto children = tree.children_of(node);
  const int tightness = Tightness(node.op);
  if (children.size() == 1) {  // an operand in brackets, as "-x" and "NOT a = b" mean other things
    *out += OperatorText(node.op);
    if (node.op == Op::kNot) *out += ' ';
    AppendOperand(tree, tree.node(children[0]), kTightest + 1, out);
    return;
  }
  for (size_t i = 0; i < children.size(); ++i) {
    if (i > 0) *out += " " + std::string(OperatorText(node.op)) + " ";
    AppendOperand(tree, tree.node(children[i]), i == 0 ? tightness : tightness + 1, out);
  }
}

void Append(const SyntaxTree& tree, const Node& node, std::string* out) {
  switch (node.op) {
    case Op::kConstant:
      *out += LiteralText(node.constant);
      break;
    case Op::kProperty:
    case Op::kSystemOrProperty:
    case Op::kPropertyOrSystem:
    case Op::kBody:
    case Op::kPropertyOrBody:
    case Op::kTwin:
      *out += node.text();
      break;
    case Op::kSystem:
      *out += "{" + std::string(node.text()) + "}";
      break;
    case Op::kTopic:
      *out += "$topic";
      break;
    case Op::kTopicLevel:
      *out += node.text();
      break;
    case Op::kDevice:
      *out += "$device";
      break;
    case Op::kNow:
      *out += "$now";
      break;
    case Op::kRegexMatch:
      AppendCall(tree, node, "REGEX_MATCH", out);
      break;
    case Op::kCall:
      AppendCall(tree, node, node.function()->name, out);
      break;
    default:
      AppendOperator(tree, node, out);
      break;
  }
}

}  // namespace

std::string LiteralText(const Value& value) {
  NumberText buffer;
  switch (value.kind()) {
    case Value::Kind::kBool:
      return value.bool_value() ? "true" : "false";
    case Value::Kind::kNumber:
      if (std::isinf(value.number())) return value.number() > 0 ? "1e999" : "-1e999";
      return std::string(FormatNumber(value.number(), &buffer));
    case Value::Kind::kString:
      return Quoted(value.string());
    case Value::Kind::kNull:
      return "null";
    default:
      return "undefined";
  }
}

std::string ConditionText(const SyntaxTree& tree, NodeId id) {
  std::string text;
  Append(tree, tree.node(id), &text);
  return text;
}

}  // namespace sluice::language
