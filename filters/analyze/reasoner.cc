#include "filters/analyze/reasoner.h"

#include <re2/re2.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "filters/analyze/function_sets.h"
#include "filters/language/comparison.h"
#include "filters/language/functions.h"
#include "filters/language/operators.h"

namespace sluice::analyze {

using language::Node;
using language::NodeId;
using language::Op;
using language::Profile;
using language::StaticType;

namespace {

constexpr Kinds kOfDocument = kAnyKind & ~kNullProperty;

Kinds Opposite(Kinds truth) { return truth == kTrue ? kFalse : kTrue; }

Kinds Not(Kinds truths) {
  return static_cast<Kinds>((truths & kUndefined) | ((truths & kTrue) != 0 ? kFalse : 0) |
                            ((truths & kFalse) != 0 ? kTrue : 0));
}

// All that a joined with b can be; `decisive` outvotes everything.
Kinds Joined(Kinds a, Kinds b, Kinds decisive) {
  const Kinds other = Opposite(decisive);
  Kinds joined = static_cast<Kinds>((a | b) & decisive) | static_cast<Kinds>(a & b & other);
  const bool a_may_yield = (a & ~decisive) != 0, b_may_yield = (b & ~decisive) != 0;
  if (((a & kUndefined) != 0 && b_may_yield) || ((b & kUndefined) != 0 && a_may_yield))
    joined |= kUndefined;
  return joined;
}

Kinds DecisiveOf(Op op) { return op == Op::kOr ? kTrue : kFalse; }

bool IsComparison(Op op) { return op >= Op::kLess && op <= Op::kNotEqual; }

bool ReadsBody(const language::SyntaxTree& tree, const Node& node) {
  if (node.op == Op::kBody || node.op == Op::kPropertyOrBody) return true;
  const auto children = tree.children_of(node);
  return std::any_of(children.begin(), children.end(),
                     [&](NodeId child) { return ReadsBody(tree, tree.node(child)); });
}

const language::Function& Concat() {
  static const language::Function* const function = language::FindFunction("concat");
  return *function;
}

}  // namespace

bool IsLogic(const Node& node) {
  return node.op == Op::kAnd || node.op == Op::kOr || node.op == Op::kNot;
}

bool LeavesOpen(const Condition& condition, NodeId id, Kinds truth) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  const auto leaves_open = [&](NodeId child) { return LeavesOpen(condition, child, truth); };
  if (node.type == StaticType::kNull) return false;
  if (node.op == Op::kNot) return LeavesOpen(condition, children[0], Opposite(truth));
  if (node.op == Op::kAnd || node.op == Op::kOr) {
    // One operand that is no truth (or false) keeps an AND from being true; all must, from false.
    return truth == Opposite(DecisiveOf(node.op))
               ? std::any_of(children.begin(), children.end(), leaves_open)
               : std::all_of(children.begin(), children.end(), leaves_open);
  }
  // A member that a property may stand in for is judged as it is.
  const auto reads = [&](auto&& self, const Node& part) -> bool {
    if (part.op == Op::kBody) return true;
    const auto parts = condition.tree->children_of(part);
    return std::any_of(parts.begin(), parts.end(),
                       [&](NodeId child) { return self(self, condition.node(child)); });
  };
  return reads(reads, node);
}

ValueSet Reasoner::ValueOf(const Condition& condition, NodeId id, const Knowledge& known) {
  if (++steps_ > kMaxSteps) return {};
  const ValueSet value = Compute(condition, id, known);
  const auto entry = known.find(condition.terms[id]);
  return entry == known.end() ? value : Meet(value, entry->second);
}

Kinds Reasoner::TruthOf(const Condition& condition, NodeId id, const Knowledge& known) {
  if (++steps_ > kMaxSteps) return kTruth;
  const Node& node = condition.node(id);
  if (!IsLogic(node)) return Atom(condition, id, known);
  const Kinds truths = Logic(condition, id, known);
  const auto entry = known.find(condition.terms[id]);
  return entry == known.end() ? truths : truths & AsTruth(entry->second);
}

Kinds Reasoner::Atom(const Condition& condition, NodeId id, const Knowledge& known) {
  if (messages_.body_is_bad && ReadsBody(*condition.tree, condition.node(id))) return kTruth;
  return AsTruth(ValueOf(condition, id, known));
}

ValueSet Reasoner::Compute(const Condition& condition, NodeId id, const Knowledge& known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  const auto child = [&](size_t i) { return ValueOf(condition, children[i], known); };
  switch (node.op) {
    case Op::kConstant:
      return ValueSet::Of(node.constant);
    case Op::kProperty:
    case Op::kSystem:
    case Op::kSystemOrProperty:
    case Op::kPropertyOrSystem:
      return ValueSet::Text({}, kUndefined | kNullProperty);
    case Op::kBody:
    case Op::kTwin:
      return ValueSet::Of(kOfDocument);
    case Op::kPropertyOrBody:
      return {};
    case Op::kTopic:
      return TopicText();
    case Op::kTopicLevel:
      return TopicLevel(node.slot);
    case Op::kDevice:
      return ValueSet::Text({});
    case Op::kNow:
      return ValueSet::Number({});
    case Op::kRegexMatch: {
      const ValueSet text = child(0);
      Kinds truths = text.may_be(~kString) ? kUndefined : 0;
      if (!text.may_be(kString)) return ValueSet::Of(truths);
      if (!text.texts.is_few) return ValueSet::Of(truths | kBool);
      for (const std::string& one : text.texts.few)
        truths |= re2::RE2::PartialMatch(one, *node.regex()) ? kTrue : kFalse;
      return ValueSet::Of(truths);
    }
    case Op::kNegate:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo:
    case Op::kAdd:
    case Op::kSubtract:
      return Arithmetic(condition, id, known);
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
    case Op::kEqual:
    case Op::kNotEqual:
      return ValueSet::Of(Compare(node.op, child(0), child(1), messages_.profile));
    case Op::kCoalesce: {
      ValueSet left = child(0);
      const bool falls_through = left.may_be(kUndefined | kContainer);
      left.kinds &= ~(kUndefined | kContainer);
      return falls_through ? Join(left, child(1)) : left;
    }
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
      if (node.type == StaticType::kNull) return ValueSet::Of(kNull);
      return ValueSet::Of(Logic(condition, id, known));
    case Op::kConcatenate:
    case Op::kCall:
      return CallOf(condition, id, known);
  }
  return {};
}

ValueSet Reasoner::Arithmetic(const Condition& condition, NodeId id, const Knowledge& known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  std::vector<ValueSet> operands;
  Kinds more = 0;
  bool all_single = true;
  for (const NodeId child : children) {
    const ValueSet& operand = operands.emplace_back(ValueOf(condition, child, known));
    if (!operand.may_be(kNumber)) return ValueSet::Of(kUndefined);
    if (!operand.is_only(kNumber)) more = kUndefined;
    // Of 0, the sign is not known.
    all_single = all_single && operand.is_only(kNumber) && operand.numbers.is_single() &&
                 operand.numbers.low != 0;
  }
  if (node.op == Op::kNegate) {
    const Interval& of = operands[0].numbers;
    return ValueSet::Number({-of.high, -of.low, of.high_open, of.low_open}, more);
  }
  if (!all_single) return ValueSet::Number({}, kUndefined);
  return ValueSet::Of(language::Arithmetic(node.op,
                                           language::Value::Number(operands[0].numbers.low),
                                           language::Value::Number(operands[1].numbers.low)));
}

ValueSet Reasoner::CallOf(const Condition& condition, NodeId id, const Knowledge& known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  std::vector<ValueSet> arguments;
  arguments.reserve(children.size());
  for (const NodeId child : children) arguments.push_back(ValueOf(condition, child, known));
  const language::Function& function = node.op == Op::kConcatenate ? Concat() : *node.function();
  const bool is_dynamic = condition.node(children[0]).type == StaticType::kDynamic;
  return Call(function, arguments, is_dynamic, messages_.profile, &scratch_);
}

// Up to the first level that is not fixed.
ValueSet Reasoner::TopicText() const {
  if (messages_.from == nullptr) return ValueSet::Text({});
  std::string text;
  const auto& levels = messages_.from->levels();
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].any) return ValueSet::Text(Texts::BeginningWith(text));
    text += levels[i].text;
    if (i + 1 < levels.size()) text += '/';
  }
  return ValueSet::Text(messages_.from->and_below() ? Texts::BeginningWith(text) : Texts::Of(text));
}

ValueSet Reasoner::TopicLevel(uint32_t level) const {
  if (messages_.from == nullptr) return ValueSet::Text({}, level == 0 ? 0 : kUndefined);
  const auto& levels = messages_.from->levels();
  if (level < levels.size())
    return ValueSet::Text(levels[level].any ? Texts() : Texts::Of(levels[level].text));
  if (!messages_.from->and_below()) return ValueSet::Of(kUndefined);
  return ValueSet::Text({}, level == 0 ? 0 : kUndefined);  // a topic has at least one
}

Kinds Reasoner::Logic(const Condition& condition, NodeId id, const Knowledge& known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  if (node.type == StaticType::kNull) return kUndefined;  // of the word null, which is not true
  if (node.op == Op::kNot) {
    if (condition.node(children[0]).type == StaticType::kNull) return kTrue;
    return Not(TruthOf(condition, children[0], known));
  }
  const Kinds decisive = DecisiveOf(node.op);
  Kinds result = Opposite(decisive);
  size_t next = 0;
  if (messages_.profile == Profile::kEdgeHub &&
      condition.node(children[0]).type == StaticType::kDynamic) {
    result = StrictPair(condition, id, known);
    next = 2;
  }
  for (; next < children.size(); ++next) {
    if (condition.node(children[next]).type == StaticType::kNull) continue;
    result = Joined(result, TruthOf(condition, children[next], known), decisive);
  }
  return result;
}

// edgeHub's join of a value from the body with its right neighbour: undefined unless both are
// booleans. A bad body leaves it more open than that.
Kinds Reasoner::StrictPair(const Condition& condition, NodeId id, const Knowledge& known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  const Kinds left = TruthOf(condition, children[0], known);
  const Kinds right = TruthOf(condition, children[1], known);
  const Kinds joined = Joined(left, right, DecisiveOf(node.op));
  if (messages_.body_is_bad) return joined | kUndefined;
  const Kinds both = Joined(left & kBool, right & kBool, DecisiveOf(node.op));
  const bool any_undefined = ((left | right) & kUndefined) != 0;
  return static_cast<Kinds>(((left & kBool) != 0 && (right & kBool) != 0 ? both : 0) |
                            (any_undefined ? kUndefined : 0));
}

bool Reasoner::Assume(const Condition& condition, NodeId id, Kinds truth, Knowledge* known) {
  if ((TruthOf(condition, id, *known) & truth) == 0) return false;
  if (steps_ > kMaxSteps) return true;
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  if (node.type == StaticType::kNull) return true;
  const bool is_open = messages_.body_is_bad && ReadsBody(*condition.tree, node);
  if (IsLogic(node)) {
    if (!is_open) {
      const auto [entry, is_new] = known->emplace(condition.terms[id], ValueSet::Of(truth));
      if (!is_new) entry->second = Meet(entry->second, ValueSet::Of(truth));
    }
    if (node.op == Op::kNot) {
      if (condition.node(children[0]).type == StaticType::kNull) return true;
      return Assume(condition, children[0], Opposite(truth), known);
    }
    return truth == DecisiveOf(node.op) ? AssumeAny(condition, id, truth, known)
                                        : AssumeAll(condition, id, truth, known);
  }
  if (is_open) return true;
  if (!Narrow(condition, id, ValueSet::Of(truth), known)) return false;
  if (IsComparison(node.op)) return AssumeComparison(condition, id, truth, known);
  if (node.op == Op::kCall) return AssumeCall(condition, id, truth, known);
  if (node.op == Op::kRegexMatch) return Narrow(condition, children[0], ValueSet::Text({}), known);
  return true;
}

// Twice: what a later operand says may rule out an earlier one.
bool Reasoner::AssumeAll(const Condition& condition, NodeId id, Kinds truth, Knowledge* known) {
  const auto children = condition.tree->children_of(condition.node(id));
  for (int pass = 0; pass < 2; ++pass) {
    for (const NodeId child : children) {
      if (condition.node(child).type == StaticType::kNull) continue;
      if (!Assume(condition, child, truth, known)) return false;
    }
  }
  return true;
}

// What all operands that can be so have in common.
bool Reasoner::AssumeAny(const Condition& condition, NodeId id, Kinds truth, Knowledge* known) {
  bool any = false;
  Knowledge common;
  for (const NodeId child : condition.tree->children_of(condition.node(id))) {
    if (condition.node(child).type == StaticType::kNull) continue;
    steps_ += known->size();
    Knowledge branch = *known;
    if (!Assume(condition, child, truth, &branch)) continue;
    if (!any) {
      common = std::move(branch);
    } else {
      std::erase_if(common, [&](const auto& entry) { return !branch.contains(entry.first); });
      for (auto& [term, value] : common) value = Join(value, branch.at(term));
    }
    any = true;
  }
  if (any) *known = std::move(common);
  return any;
}

bool Reasoner::AssumeComparison(const Condition& condition, NodeId id, Kinds truth,
                                Knowledge* known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  const ValueSet left = ValueOf(condition, children[0], *known);
  const ValueSet right = ValueOf(condition, children[1], *known);
  return Narrow(condition, children[0], Refine(left, node.op, right, truth, messages_.profile),
                known) &&
         Narrow(condition, children[1],
                Refine(right, language::Mirrored(node.op), left, truth, messages_.profile), known);
}

bool Reasoner::AssumeCall(const Condition& condition, NodeId id, Kinds truth, Knowledge* known) {
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  if (node.function()->name == "twin_change_includes") return true;
  std::vector<ValueSet> arguments;
  for (const NodeId child : children) arguments.push_back(ValueOf(condition, child, *known));
  for (size_t i = 0; i < children.size(); ++i) {
    const ValueSet left = RefineArgument(*node.function(), i, arguments, truth, messages_.profile);
    if (!Narrow(condition, children[i], left, known)) return false;
  }
  return true;
}

bool Reasoner::Narrow(const Condition& condition, NodeId id, const ValueSet& values,
                      Knowledge* known) {
  if (++steps_ > kMaxSteps) return true;
  const Node& node = condition.node(id);
  const auto children = condition.tree->children_of(node);
  ValueSet left = Meet(ValueOf(condition, id, *known), values);
  if (node.op == Op::kCall) left = OnlyMapped(*node.function(), left, &scratch_);
  if (left.empty()) return false;
  (*known)[condition.terms[id]] = left;
  if (left.may_be(kUndefined)) return true;
  // It is defined, and so are what it takes.
  switch (node.op) {
    case Op::kNegate:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kModulo:
    case Op::kAdd:
    case Op::kSubtract:
      for (const NodeId child : children) {
        if (!Narrow(condition, child, ValueSet::Number({}), known)) return false;
      }
      return true;
    case Op::kCall:
    case Op::kConcatenate: {
      const language::Function& function = node.op == Op::kCall ? *node.function() : Concat();
      for (size_t i = 0; i < children.size(); ++i) {
        ValueSet fitting;
        fitting.kinds = KindsOf(function.argument(i));
        if (!Narrow(condition, children[i], fitting, known)) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

}  // namespace sluice::analyze
