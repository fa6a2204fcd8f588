#include "filters/language/expression.h"

#include <cassert>
#include <utility>

#include "filters/language/checker.h"
#include "filters/language/parser.h"

namespace sluice::language {
namespace {

std::optional<Expression> Compile(std::string_view text, const ExpressionOptions& options,
                                  bool is_condition, Diagnostics* diagnostics) {
  assert(options.paths != nullptr);
  const std::optional<ParseTree> parsed = Parse(text, diagnostics);
  if (!parsed) return std::nullopt;
  std::optional<SyntaxTree> tree = Check(*parsed, text, options, is_condition, diagnostics);
  if (!tree) return std::nullopt;
  return Expression(std::move(*tree), options.profile);
}

}  // namespace

Expression::Expression(SyntaxTree tree, Profile profile)
    : tree_(std::move(tree)), profile_(profile) {
  for (const Node& node : tree_.nodes) {
    switch (node.op) {
      case Op::kProperty:
      case Op::kSystem:
      case Op::kSystemOrProperty:
      case Op::kPropertyOrSystem:
        reads_properties_ = true;
        break;
      case Op::kPropertyOrBody:
        reads_properties_ = true;
        reads_body_ = true;
        break;
      case Op::kBody:
        reads_body_ = true;
        break;
      case Op::kTwin:
        reads_twin_ = true;
        break;
      case Op::kTopic:
      case Op::kTopicLevel:
        reads_topic_ = true;
        break;
      case Op::kDevice:
        reads_device_ = true;
        break;
      case Op::kNow:
        reads_now_ = true;
        break;
      default:
        break;
    }
  }
}

std::optional<Expression> CompileCondition(std::string_view text, const ExpressionOptions& options,
                                           Diagnostics* diagnostics) {
  return Compile(text, options, true, diagnostics);
}

std::optional<Expression> CompileValue(std::string_view text, const ExpressionOptions& options,
                                       Diagnostics* diagnostics) {
  return Compile(text, options, false, diagnostics);
}

}  // namespace sluice::language
