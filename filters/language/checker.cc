// Parse tree to syntax tree: static types and all that is refused before any message is seen
// (azure/routing-query.md sections 3, 5, 6 and 12).
#include "filters/language/checker.h"

#include <re2/re2.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filters/language/functions.h"
#include "filters/language/json_paths.h"
#include "filters/language/literals.h"
#include "filters/language/references.h"
#include "filters/language/suggest.h"
#include "filters/language/tree_builder.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

constexpr StaticType kNumber = StaticType::kNumber;
constexpr StaticType kString = StaticType::kString;
constexpr StaticType kBool = StaticType::kBool;
constexpr StaticType kNull = StaticType::kNull;
constexpr StaticType kUndefined = StaticType::kUndefined;
constexpr StaticType kDynamic = StaticType::kDynamic;

std::string TypeText(StaticType type) {
  switch (type) {
    case kNumber:
      return "a number";
    case kString:
      return "a string";
    case kBool:
      return "a boolean";
    case kNull:
      return "null";
    case kUndefined:
      return "undefined";
    case kDynamic:
      return "a value from the body";
  }
  return "";
}

class CheckPass {
 public:
  CheckPass(const ParseTree& tree, const ExpressionOptions& options, Diagnostics* diagnostics)
      : tree_(tree), builder_(options, diagnostics) {}

  TreeBuilder& builder() { return builder_; }

  // The depth of the tree is bounded by kMaxExpressionDepth.
  NodeId Check(uint32_t id) {
    const SyntaxNode& node = tree_.nodes[id];
    switch (node.kind) {
      case SyntaxKind::kName:
      case SyntaxKind::kSystem:
      case SyntaxKind::kBracedSystem:
        return ResolveReference(node, builder_);
      case SyntaxKind::kCall:
        return CheckCall(node);
      case SyntaxKind::kOperator:
        return CheckOperator(node);
      default:
        return AddLiteral(node, builder_);
    }
  }

 private:
  StaticType TypeOf(NodeId id) { return builder_.at(id).type; }
  std::string Written(const SyntaxNode& node) const {
    if (node.kind == SyntaxKind::kOperator) return std::string(OperatorText(node.op));
    return node.kind == SyntaxKind::kString && node.text.empty() ? "''" : node.text;
  }
  const SyntaxNode& Child(const SyntaxNode& node, size_t i) const {
    return tree_.nodes[node.children[i]];
  }

  std::vector<NodeId> CheckChildren(const SyntaxNode& node) {
    std::vector<NodeId> children;
    children.reserve(node.children.size());
    for (uint32_t child : node.children) children.push_back(Check(child));
    return children;
  }

  static bool Fits(StaticType type, StaticType wanted) {
    return type == wanted || type == kDynamic;
  }

  bool IsProperty(NodeId id) {
    const Op op = builder_.at(id).op;
    return op == Op::kProperty || op == Op::kSystem || op == Op::kSystemOrProperty ||
           op == Op::kPropertyOrSystem;
  }

  NodeId CheckOperator(const SyntaxNode& node) {
    switch (node.op) {
      case Op::kNegate:
        return CheckNegate(node);
      case Op::kNot:
        return CheckNot(node);
      case Op::kMultiply:
      case Op::kDivide:
      case Op::kModulo:
      case Op::kAdd:
      case Op::kSubtract:
        return CheckArithmetic(node);
      case Op::kConcatenate:
        return CheckConcatenate(node);
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual:
      case Op::kEqual:
      case Op::kNotEqual:
        return CheckComparison(node);
      case Op::kAnd:
      case Op::kOr:
        return CheckLogic(node);
      case Op::kCoalesce:
        return CheckCoalesce(node);
      default:
        assert(false);
        return builder_.Fail(node, "an operator of no kind");
    }
  }

  NodeId CheckNegate(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    const StaticType type = TypeOf(children[0]);
    if (!Fits(type, kNumber)) return FailNumber(node, children[0], Child(node, 0));
    return builder_.Add(node, Op::kNegate, builder_.edgehub() ? type : kNumber, children);
  }

  NodeId CheckNot(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    const StaticType type = TypeOf(children[0]);
    if (!Fits(type, kBool) && type != kNull) {
      return builder_.Fail(
          node, "NOT takes a condition, not " + TypeText(type),
          "NOT binds tighter than =: write NOT (" + Written(Child(node, 0)) + " = …)");
    }
    return builder_.Add(node, Op::kNot, kBool, children);
  }

  // A bare name is a property; whoever compares it with a number mostly means a member of the body.
  static std::string NumberHint(const std::string& name) {
    return "properties are text: write AS_NUMBER(" + name + "), or $body." + name +
           " for a member of the body";
  }

  NodeId FailNumber(const SyntaxNode& node, NodeId operand, const SyntaxNode& written) {
    std::string hint;
    if (IsProperty(operand)) {
      hint = NumberHint(written.text);
    } else if (node.op == Op::kAdd && TypeOf(operand) == kString) {
      hint = "join strings with CONCAT(a, b)";
    }
    return builder_.Fail(
        node, "'" + Written(node) + "' takes numbers, not " + TypeText(TypeOf(operand)), hint);
  }

  NodeId CheckArithmetic(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    bool dynamic = false;
    for (size_t i = 0; i < 2; ++i) {
      if (!Fits(TypeOf(children[i]), kNumber)) return FailNumber(node, children[i], Child(node, i));
      dynamic = dynamic || TypeOf(children[i]) == kDynamic;
    }
    if (builder_.edgehub() && dynamic && node.op == Op::kModulo) {
      return builder_.Fail(node, "edgeHub has no % of values from the body", "");
    }
    return builder_.Add(node, node.op, builder_.edgehub() && dynamic ? kDynamic : kNumber,
                        children);
  }

  NodeId CheckConcatenate(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    for (NodeId child : children) {
      if (Fits(TypeOf(child), kString)) continue;
      return builder_.Fail(node, "'||' joins strings, not " + TypeText(TypeOf(child)),
                           TypeOf(child) == kBool ? "the logical or is written OR" : "");
    }
    return builder_.Add(node, Op::kConcatenate, kString, children);
  }

  // Two of one type, or a dynamic one beside any that it can have.
  static bool Comparable(StaticType a, StaticType b) {
    if (a == b) return true;
    return (a == kDynamic && b != kUndefined) || (b == kDynamic && a != kUndefined);
  }

  NodeId CheckComparison(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    if (!Comparable(TypeOf(children[0]), TypeOf(children[1])))
      return FailComparison(node, children);
    return builder_.Add(node, node.op, kBool, children);
  }

  NodeId FailComparison(const SyntaxNode& node, const std::vector<NodeId>& children) {
    std::string hint;
    for (size_t i = 0; i < 2 && hint.empty(); ++i) {
      const StaticType other = TypeOf(children[1 - i]);
      const std::string& name = Child(node, i).text;
      if (Child(node, i).op == Op::kNot) {
        hint =
            "NOT binds tighter than " + Written(node) + ": write NOT (a " + Written(node) + " b)";
      } else if (IsProperty(children[i])) {
        if (other == kNumber) hint = NumberHint(name);
        if (other == kBool) hint = "properties are text: write " + name + " = 'true'";
        if (other == kNull)
          hint = "a missing property is undefined: write NOT IS_DEFINED(" + name + ")";
      }
      if (other == kUndefined && hint.empty())
        hint = "whether a value is there is asked by IS_DEFINED(…)";
    }
    const std::string left = TypeText(TypeOf(children[0]));
    const std::string right = TypeText(TypeOf(children[1]));
    return builder_.Fail(node, left + " cannot be compared with " + right, hint);
  }

  NodeId CheckLogic(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    const bool is_and = node.op == Op::kAnd;
    StaticType result = TypeOf(children[0]) == kNull ? kNull : kBool;
    for (size_t i = 0; i < children.size(); ++i) {
      const StaticType type = TypeOf(children[i]);
      // edgeHub looks at the left operand's type alone where that is dynamic, and takes no dynamic
      // right one else.
      const bool beside_dynamic = builder_.edgehub() && i == 1 && TypeOf(children[0]) == kDynamic;
      if (beside_dynamic && is_and && type == kNull) {
        return builder_.Fail(Child(node, i), "edgeHub cannot join a value from the body and null",
                             "");
      }
      const bool fits = type == kBool || type == kNull || type == kUndefined || type == kDynamic;
      if (!fits && !beside_dynamic) return FailLogic(node, children[i], Child(node, i));
      if (builder_.edgehub() && i > 0 && type == kDynamic && !beside_dynamic &&
          !builder_.failed()) {
        return builder_.Fail(
            Child(node, i),
            "edgeHub takes no bare value from the body on the right of " + Written(node),
            "write " + Child(node, i).text + " = true");
      }
      if (i > 0)
        result = is_and ? (result == kNull || type == kNull ? kNull : kBool)
                        : (result == kNull && type == kNull ? kNull : kBool);
    }
    return builder_.Add(node, node.op, result, children);
  }

  NodeId FailLogic(const SyntaxNode& node, NodeId operand, const SyntaxNode& written) {
    std::string hint;
    if (IsProperty(operand))
      hint = "a property is text and no condition: write " + written.text + " = 'true'";
    return builder_.Fail(
        written, Written(node) + " joins conditions, not " + TypeText(TypeOf(operand)), hint);
  }

  NodeId CheckCoalesce(const SyntaxNode& node) {
    const std::vector<NodeId> children = CheckChildren(node);
    const StaticType left = TypeOf(children[0]);
    const StaticType right = TypeOf(children[1]);
    if (!Comparable(left, right)) {
      return builder_.Fail(
          node, "?? takes two of one type, not " + TypeText(left) + " and " + TypeText(right),
          "it binds loosest of all: put it in parentheses");
    }
    return builder_.Add(node, Op::kCoalesce,
                        left == kDynamic || right == kDynamic ? kDynamic : left, children);
  }

  const Function* Find(const SyntaxNode& node) {
    const Function* function = FindFunction(node.text);
    if (function == nullptr) return nullptr;
    if (function->call == nullptr && !builder_.extensions()) return nullptr;
    return (builder_.edgehub() ? function->in_edgehub : function->in_default) ? function : nullptr;
  }

  NodeId FailUnknown(const SyntaxNode& node) {
    std::vector<std::string_view> names;
    for (const Function& function : AllFunctions()) {
      if (builder_.edgehub() ? function.in_edgehub : function.in_default)
        names.push_back(function.name);
    }
    std::string hint;
    if (const std::string_view nearest = Nearest(node.text, names); !nearest.empty()) {
      hint = "did you mean " + std::string(nearest) + "?";
    }
    if (node.text == "!") hint = "write NOT (…)";
    if (FindFunction(node.text) != nullptr) hint = "the other dialect has it; see profile";
    return builder_.Fail(node, "there is no function '" + node.text + "'", hint);
  }

  NodeId CheckCall(const SyntaxNode& node) {
    const Function* function = Find(node);
    if (function == nullptr) return FailUnknown(node);
    if (function->name == "twin_change_includes") return CheckTwinChange(node, *function);
    const std::vector<NodeId> children = CheckChildren(node);
    if (children.size() < function->min_arguments || children.size() > function->max_arguments) {
      return FailCount(node, *function);
    }
    for (size_t i = 0; i < children.size(); ++i) {
      if (!FitsArgument(function->argument(i), TypeOf(children[i]))) {
        return FailArgument(node, i, function->argument(i), children[i]);
      }
    }
    if (function->call == nullptr) return CheckRegex(node, children);
    const NodeId id = builder_.Add(node, Op::kCall, function->result, children);
    builder_.at(id).target = function;
    return id;
  }

  NodeId FailCount(const SyntaxNode& node, const Function& function) {
    std::string wanted = std::to_string(function.min_arguments);
    if (function.max_arguments == SIZE_MAX) {
      wanted += " or more";
    } else if (function.max_arguments != function.min_arguments) {
      wanted += " or " + std::to_string(function.max_arguments);
    }
    return builder_.Fail(node, node.text + " takes " + wanted +
                                   (wanted == "1" ? " argument" : " arguments") + ", not " +
                                   std::to_string(node.children.size()));
  }

  static bool FitsArgument(Argument wanted, StaticType type) {
    switch (wanted) {
      case Argument::kAny:
        return true;
      case Argument::kNumber:
        return Fits(type, kNumber);
      case Argument::kString:
      case Argument::kStringOrNullProperty:
        return Fits(type, kString);
      case Argument::kStringOrNumber:
        return Fits(type, kString) || type == kNumber;
    }
    return false;
  }

  NodeId FailArgument(const SyntaxNode& node, size_t i, Argument wanted, NodeId argument) {
    const std::string what = wanted == Argument::kNumber           ? "a number"
                             : wanted == Argument::kStringOrNumber ? "a string or a number"
                                                                   : "a string";
    std::string hint;
    if (wanted == Argument::kNumber && IsProperty(argument)) {
      hint = NumberHint(Child(node, i).text);
    }
    return builder_.Fail(Child(node, i),
                         node.text + " takes " + what + " here, not " + TypeText(TypeOf(argument)),
                         hint);
  }

  NodeId CheckRegex(const SyntaxNode& node, const std::vector<NodeId>& children) {
    const SyntaxNode& pattern = Child(node, 1);
    if (pattern.kind != SyntaxKind::kString) {
      return builder_.Fail(pattern, "the pattern of REGEX_MATCH is a literal string", "");
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kRegexMemory);
    auto regex = std::make_unique<RE2>(pattern.text, options);
    if (!regex->ok()) {
      return builder_.Fail(pattern, "bad pattern: " + regex->error(),
                           "see https://github.com/google/re2/wiki/Syntax");
    }
    const NodeId id = builder_.Add(node, Op::kRegexMatch, kBool, {children[0]});
    builder_.SetText(id, pattern.text);
    builder_.OwnRegex(id, std::move(regex));
    return id;
  }

  NodeId CheckTwinChange(const SyntaxNode& node, const Function& function) {
    if (!builder_.options().twin_change_source) {
      return builder_.Fail(
          node, "twin_change_includes is for routes FROM /twinChangeNotifications alone", "");
    }
    if (node.children.size() != 1) return FailCount(node, function);
    const SyntaxNode& path = Child(node, 0);
    const std::optional<std::vector<PathStep>> steps =
        path.kind == SyntaxKind::kName ? ParsePath(path.text, nullptr) : std::nullopt;
    const auto begins = [&](std::string_view prefix) {
      return StartsWithIgnoringCase(path.text, prefix);
    };
    if (!steps ||
        !(begins("properties.reported.") || begins("properties.desired.") || begins("tags."))) {
      return builder_.Fail(
          path, "this is no path of a twin",
          "it begins with properties.reported., properties.desired. or tags. and has no index");
    }
    const NodeId member = builder_.Add(path, Op::kBody, kDynamic);
    builder_.at(member).slot = builder_.options().paths->body.Intern(*steps);
    builder_.SetText(member, "$body." + path.text);
    const NodeId id = builder_.Add(node, Op::kCall, kBool, {member});
    builder_.at(id).target = &function;
    return id;
  }

  static constexpr int64_t kRegexMemory =
      1 << 20;  // for a compiled pattern and its automaton's cache

  const ParseTree& tree_;
  TreeBuilder builder_;
};

SyntaxNode Whole(std::string_view text) {
  SyntaxNode node;
  node.length = static_cast<uint32_t>(text.size());
  return node;
}

}  // namespace

std::optional<SyntaxTree> Check(const ParseTree& parsed, std::string_view text,
                                const ExpressionOptions& options, bool is_condition,
                                Diagnostics* diagnostics) {
  CheckPass pass(parsed, options, diagnostics);
  TreeBuilder& builder = pass.builder();
  if (parsed.empty()) {
    if (is_condition) {
      builder.Warn(Whole(text), "an empty condition never matches", "");
      builder.AddConstant(Whole(text), kUndefined, Value::Undefined(Reason::kLiteral));
    } else {
      builder.Fail(Whole(text), "the expression is empty", "");
    }
  } else {
    const NodeId root = pass.Check(parsed.root());
    const StaticType type = builder.at(root).type;
    if (is_condition && !builder.failed() &&
        (type == kNumber || type == kString || type == kUndefined)) {
      builder.Warn(parsed.nodes[parsed.root()],
                   "this is " + TypeText(type) + ", no condition: it never matches", "");
    }
  }
  if (builder.failed()) return std::nullopt;
  return builder.TakeTree();
}

}  // namespace sluice::language
