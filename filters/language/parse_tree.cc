#include "filters/language/parse_tree.h"

namespace sluice::language {
namespace {

void AppendString(std::string_view text, std::string* out) {
  out->push_back('\'');
  for (char c : text) {
    if (c == '\'' || c == '\\') out->push_back('\\');
    out->push_back(c);
  }
  out->push_back('\'');
}

void AppendNode(const ParseTree& tree, const SyntaxNode& node, std::string* out);

void AppendJoined(const ParseTree& tree, const SyntaxNode& node, std::string_view separator,
                  std::string* out) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out->append(separator);
    AppendNode(tree, tree.nodes[node.children[i]], out);
  }
}

// Bounded by kMaxExpressionDepth.
void AppendNode(const ParseTree& tree, const SyntaxNode& node, std::string* out) {
  switch (node.kind) {
    case SyntaxKind::kTrue:
      out->append("true");
      return;
    case SyntaxKind::kFalse:
      out->append("false");
      return;
    case SyntaxKind::kNull:
      out->append("null");
      return;
    case SyntaxKind::kUndefined:
      out->append("undefined");
      return;
    case SyntaxKind::kString:
      AppendString(node.text, out);
      return;
    case SyntaxKind::kInteger:
    case SyntaxKind::kHex:
    case SyntaxKind::kReal:
    case SyntaxKind::kName:
    case SyntaxKind::kSystem:
      out->append(node.text);
      return;
    case SyntaxKind::kBracedSystem:
      out->append("{" + node.text + "}");
      return;
    case SyntaxKind::kCall:
      out->append(node.text + "(");
      AppendJoined(tree, node, ", ", out);
      out->append(")");
      return;
    case SyntaxKind::kOperator:
      break;
  }
  out->append("(");
  const std::string operator_text(OperatorText(node.op));
  if (node.children.size() == 1) {
    out->append(operator_text + " ");
    AppendNode(tree, tree.nodes[node.children[0]], out);
  } else {
    AppendJoined(tree, node, " " + operator_text + " ", out);
  }
  out->append(")");
}

}  // namespace

std::string ToText(const ParseTree& tree) {
  std::string text;
  if (!tree.empty()) AppendNode(tree, tree.nodes[tree.root()], &text);
  return text;
}

}  // namespace sluice::language
