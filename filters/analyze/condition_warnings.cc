#include "filters/analyze/condition_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/language/diagnostic.h"
#include "filters/language/functions.h"

namespace sluice::analyze {

using language::Node;
using language::NodeId;
using language::Op;
using language::StaticType;

namespace {

constexpr size_t kMaxPaired = 64;  // operands of which each two are compared
constexpr size_t kLongest = 60;    // bytes of a part that is quoted

// The operands of which each must be true.
void AddOperands(const Condition& condition, NodeId id, std::vector<NodeId>* operands) {
  const Node& node = condition.node(id);
  if (node.op != Op::kAnd || node.type == StaticType::kNull) {
    operands->push_back(id);
    return;
  }
  for (const NodeId child : condition.tree->children_of(node))
    AddOperands(condition, child, operands);
}

}  // namespace

void ConditionWarnings::Warn(NodeId at, std::string message, std::string hint) {
  const language::SourceSpan span = written_.source->SpanOf(*condition_.tree, at);
  language::Diagnostic diagnostic;
  diagnostic.severity = language::Diagnostic::Severity::kWarning;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.offset = span.offset;
  diagnostic.length = std::max<size_t>(1, span.length);
  sink_.Take(*written_.at, {diagnostic}, written_.skipped);
}

// On one line, and not for ever.
std::string ConditionWarnings::Text(NodeId id) const {
  std::string text;
  for (const char c : written_.source->TextOf(written_.source->SpanOf(*condition_.tree, id))) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!is_blank || !text.ends_with(' ')) text += is_blank ? ' ' : c;
  }
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

bool ConditionWarnings::CanBeTrue(std::initializer_list<NodeId> parts) const {
  Reasoner reasoner(messages_);
  Knowledge known;
  for (int pass = 0; pass < 2; ++pass) {
    for (const NodeId part : parts) {
      if (!reasoner.Assume(condition_, part, kTrue, &known)) return false;
    }
  }
  return true;
}

std::string ConditionWarnings::MissingLevel(NodeId id) const {
  const Node& node = condition_.node(id);
  if (node.op == Op::kTopicLevel && messages_.from != nullptr && !messages_.from->and_below() &&
      node.slot >= messages_.from->levels().size()) {
    const size_t levels = messages_.from->levels().size();
    return fmt::format(
        "{} is never defined: the topics of this rule have {} level{}, and the first is [0]",
        Text(id), levels, levels == 1 ? "" : "s");
  }
  for (const NodeId child : condition_.tree->children_of(node)) {
    if (std::string reason = MissingLevel(child); !reason.empty()) return reason;
  }
  return "";
}

std::string ConditionWarnings::WhyNever(NodeId id) const {
  Reasoner reasoner(messages_);
  const Kinds truths = reasoner.TruthOf(condition_, id, {});
  if (truths == kUndefined) {
    const std::string reason = MissingLevel(id);
    return reason.empty() ? Text(id) + " is always undefined" : reason;
  }
  return Text(id) + (truths == kFalse ? " is always false" : " is never true");
}

// lower(x) = 'ABC': the commonest way to write what nothing equals.
std::string ConditionWarnings::HintOf(NodeId id) const {
  const Node& node = condition_.node(id);
  if (node.op != Op::kEqual) return "";
  for (const NodeId child : condition_.tree->children_of(node)) {
    const Node& operand = condition_.node(child);
    if (operand.op != Op::kCall) continue;
    if (operand.function()->name == "lower") return "what lower gives has no capitals";
    if (operand.function()->name == "upper") return "what upper gives is all capitals";
  }
  return "";
}

void ConditionWarnings::WarnOfNever() {
  std::vector<NodeId> operands;
  AddOperands(condition_, condition_.root(), &operands);
  for (const NodeId operand : operands) {
    if (CanBeTrue({operand})) continue;
    return Warn(operand, "never matches: " + WhyNever(operand), HintOf(operand));
  }
  for (size_t second = 1; second < std::min(operands.size(), kMaxPaired); ++second) {
    for (size_t first = 0; first < second; ++first) {
      if (CanBeTrue({operands[first], operands[second]})) continue;
      return Warn(operands[second], fmt::format("never matches: {} cannot be true where {} is",
                                                Text(operands[second]), Text(operands[first])));
    }
  }
  Warn(condition_.root(), "never matches: its parts cannot be true together");
}

void ConditionWarnings::WarnOfAlways() {
  if (condition_.node(condition_.root()).op == Op::kConstant) return;  // `true`: meant so
  Warn(condition_.root(), "always true: the condition leaves nothing out",
       "leave `where` out if that is meant");
}

void ConditionWarnings::WarnOfIdleParts() {
  Knowledge known;
  Reasoner reasoner(messages_);
  if (!reasoner.Assume(condition_, condition_.root(), kTrue, &known)) return;
  WarnOfIdleOperands(condition_.root(), known);
  WarnOfMissingLevels(condition_.root());
}

void ConditionWarnings::WarnOfMissingLevels(NodeId id) {
  const Node& node = condition_.node(id);
  if (node.op == Op::kTopicLevel) {
    if (const std::string reason = MissingLevel(id); !reason.empty()) Warn(id, reason);
  }
  for (const NodeId child : condition_.tree->children_of(node)) WarnOfMissingLevels(child);
}

// Along AND and OR alone: below NOT, what never holds may be what is meant.
void ConditionWarnings::WarnOfIdleOperands(NodeId id, const Knowledge& known) {
  const Node& node = condition_.node(id);
  if ((node.op != Op::kAnd && node.op != Op::kOr) || node.type == StaticType::kNull) return;
  for (const NodeId child : condition_.tree->children_of(node)) {
    if (condition_.node(child).op == Op::kConstant) continue;
    Reasoner reasoner(messages_);
    Knowledge with_rest = known;
    if (node.op == Op::kAnd && reasoner.TruthOf(condition_, child, {}) == kTrue) {
      Warn(child, fmt::format("{} is always true: it leaves nothing out", Text(child)));
    } else if (node.op == Op::kOr && !CanBeTrue({child})) {
      if (MissingLevel(child).empty())  // which is said anyway
        Warn(child, fmt::format("this alternative never counts: {}", WhyNever(child)),
             HintOf(child));
    } else if (node.op == Op::kOr && !reasoner.Assume(condition_, child, kTrue, &with_rest)) {
      Warn(child, fmt::format("this alternative never counts: {} cannot be true where the rest of "
                              "the condition is",
                              Text(child)));
    } else {
      WarnOfIdleOperands(child, known);
    }
  }
}

void ConditionWarnings::WarnOfNoChange() {
  Reasoner reasoner(messages_);
  if (!reasoner.ValueOf(condition_, condition_.root(), {}).is_only(kUndefined)) return;
  const std::string reason = MissingLevel(condition_.root());
  Warn(condition_.root(),
       "on_change holds every message: " +
           (reason.empty() ? Text(condition_.root()) + " is always undefined" : reason));
}

bool ConditionWarnings::WarnOfNothingToSet(const std::string& name, const Knowledge& known) {
  Reasoner reasoner(messages_);
  const ValueSet value = reasoner.ValueOf(condition_, condition_.root(), known);
  if (value.may_be(kBool | kNumber | kString)) return false;
  const std::string reason = MissingLevel(condition_.root());
  Warn(condition_.root(),
       fmt::format(
           "'{}' is never set: {}", name,
           reason.empty() ? Text(condition_.root()) + " has no value that could be" : reason));
  return true;
}

}  // namespace sluice::analyze
