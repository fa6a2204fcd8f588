#include "filters/language/syntax_tree.h"

#include <re2/re2.h>

#include "filters/language/functions.h"
#include "filters/language/numbers.h"

namespace sluice::language {
namespace {

std::string_view OpText(Op op) {
  switch (op) {
    case Op::kConstant:
      return "constant";
    case Op::kProperty:
      return "property";
    case Op::kSystem:
      return "system";
    case Op::kSystemOrProperty:
      return "system-or-property";
    case Op::kPropertyOrSystem:
      return "property-or-system";
    case Op::kBody:
      return "body";
    case Op::kPropertyOrBody:
      return "property-or-body";
    case Op::kTwin:
      return "twin";
    case Op::kTopic:
      return "topic";
    case Op::kTopicLevel:
      return "topic-level";
    case Op::kDevice:
      return "device";
    case Op::kNow:
      return "now";
    case Op::kNegate:
      return "negate";
    case Op::kNot:
      return "not";
    case Op::kRegexMatch:
      return "regex_match";
    case Op::kAnd:
      return "and";
    case Op::kOr:
      return "or";
    case Op::kCall:
      return "call";
    default:
      return OperatorText(op);
  }
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string ConstantText(const Value& value) {
  NumberText buffer;
  switch (value.kind()) {
    case Value::Kind::kBool:
      return value.bool_value() ? "true" : "false";
    case Value::Kind::kNumber:
      return std::string(FormatNumber(value.number(), &buffer));
    case Value::Kind::kString:
      return Quoted(value.string());
    case Value::Kind::kNull:
      return "null";
    default:
      return "undefined";
  }
}

void AppendDump(const SyntaxTree& tree, const Node& node, std::string* out) {
  if (node.op == Op::kConstant) {
    *out += ConstantText(node.constant);
    return;
  }
  if (node.child_count == 0 && node.op != Op::kCall) {
    const bool has_name = !node.text().empty();
    *out += has_name ? "(" + std::string(OpText(node.op)) + " " + std::string(node.text()) + ")"
                     : std::string(OpText(node.op));
    return;
  }
  *out += "(" + std::string(node.op == Op::kCall ? node.function()->name : OpText(node.op));
  for (NodeId child : tree.children_of(node)) {
    *out += ' ';
    AppendDump(tree, tree.node(child), out);
  }
  if (node.op == Op::kRegexMatch) *out += " " + Quoted(node.text());
  *out += ')';
}

}  // namespace

SyntaxTree::SyntaxTree() = default;
SyntaxTree::~SyntaxTree() = default;
SyntaxTree::SyntaxTree(SyntaxTree&&) noexcept = default;
SyntaxTree& SyntaxTree::operator=(SyntaxTree&&) noexcept = default;

std::string Dump(const SyntaxTree& tree) {
  std::string out;
  AppendDump(tree, tree.root(), &out);
  return out;
}

}  // namespace sluice::language
