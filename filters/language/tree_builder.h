// Builds a SyntaxTree bottom up, collecting what is wrong on the way: what the checker's passes
// share.
#pragma once

#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/language/diagnostic.h"
#include "filters/language/expression.h"
#include "filters/language/parse_tree.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::language {

class TreeBuilder {
 public:
  TreeBuilder(const ExpressionOptions& options, Diagnostics* diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  const ExpressionOptions& options() const { return options_; }
  bool edgehub() const { return options_.profile == Profile::kEdgeHub; }
  bool extensions() const { return options_.extensions && !edgehub(); }

  // A node written where `written` is; the caller fills in what its operator needs.
  NodeId Add(const SyntaxNode& written, Op op, StaticType type,
             const std::vector<NodeId>& children = {}) {
    Node& node = tree_.nodes.emplace_back();
    node.op = op;
    node.type = type;
    node.offset = static_cast<uint16_t>(written.offset);  // at most kMaxExpressionBytes
    node.length = static_cast<uint16_t>(written.length);
    node.first_child = static_cast<uint32_t>(tree_.children.size());
    node.child_count = static_cast<uint16_t>(children.size());
    tree_.children.insert(tree_.children.end(), children.begin(), children.end());
    return tree_.root_id();
  }

  NodeId AddConstant(const SyntaxNode& written, StaticType type, Value value) {
    const NodeId id = Add(written, Op::kConstant, type);
    at(id).constant = value;
    return id;
  }

  Node& at(NodeId id) { return tree_.nodes[id]; }

  void SetText(NodeId id, std::string text) {
    at(id).constant = Value::String(texts_.emplace_back(std::move(text)));
  }

  void OwnRegex(NodeId id, std::unique_ptr<RE2> regex) {
    at(id).target = regex.get();
    tree_.regexes.push_back(std::move(regex));
  }

  // Reports an error and stands in for the node that could not be made: of any type, so that one
  // mistake is one error.
  NodeId Fail(const SyntaxNode& written, std::string message, std::string hint = {}) {
    Report(Diagnostic::Severity::kError, written, std::move(message), std::move(hint));
    return AddConstant(written, StaticType::kDynamic, Value());
  }

  void Warn(const SyntaxNode& written, std::string message, std::string hint = {}) {
    Report(Diagnostic::Severity::kWarning, written, std::move(message), std::move(hint));
  }

  bool failed() const { return failed_; }
  // In as little memory as it needs: there may be ten thousand of them.
  SyntaxTree TakeTree() {
    size_t size = 0;
    for (const Node& node : tree_.nodes) size += node.text().size();
    tree_.texts = std::make_unique<char[]>(size);
    char* end = tree_.texts.get();
    for (Node& node : tree_.nodes) {
      if (!node.constant.is_string()) continue;
      const std::string_view text = node.text();
      node.constant = Value::String({end, text.size()});
      end = std::copy(text.begin(), text.end(), end);
    }
    tree_.nodes.shrink_to_fit();
    tree_.children.shrink_to_fit();
    return std::move(tree_);
  }

 private:
  void Report(Diagnostic::Severity severity, const SyntaxNode& written, std::string message,
              std::string hint) {
    failed_ = failed_ || severity == Diagnostic::Severity::kError;
    diagnostics_->push_back({severity, std::move(message), std::move(hint), written.offset,
                             written.length == 0 ? 1 : size_t{written.length}});
  }

  const ExpressionOptions& options_;
  Diagnostics* const diagnostics_;
  SyntaxTree tree_;
  std::deque<std::string> texts_;  // until the tree is whole
  bool failed_ = false;
};

}  // namespace sluice::language
