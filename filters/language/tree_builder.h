// Builds a SyntaxTree bottom up, collecting what is wrong on the way: what the checker's passes
// share.
#pragma once

#include <re2/re2.h>

#include <cstddef>
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
    auto node = std::make_unique<Node>();
    node->op = op;
    node->type = type;
    node->offset = written.offset;
    node->length = written.length;
    node->first_child = static_cast<uint32_t>(tree_.children.size());
    node->child_count = static_cast<uint32_t>(children.size());
    tree_.children.insert(tree_.children.end(), children.begin(), children.end());
    tree_.nodes.push_back(std::move(node));
    return tree_.root_id();
  }

  NodeId AddConstant(const SyntaxNode& written, StaticType type, Value value) {
    const NodeId id = Add(written, Op::kConstant, type);
    at(id).constant = value;
    return id;
  }

  Node& at(NodeId id) { return *tree_.nodes[id]; }

  void OwnRegex(NodeId id, std::unique_ptr<RE2> regex) {
    at(id).regex = regex.get();
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
  SyntaxTree TakeTree() { return std::move(tree_); }

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
  bool failed_ = false;
};

}  // namespace sluice::language
