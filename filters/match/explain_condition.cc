#include "filters/match/explain_condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "filters/match/needs_body.h"
#include "filters/match/value_text.h"

namespace sluice::match {

using language::BodyFormat;
using language::BodyReader;
using language::Node;
using language::NodeId;
using language::Op;
using language::Reason;
using language::Value;
using TruthValue = language::Truth;

namespace {

constexpr TruthValue kTruths[] = {TruthValue::kFalse, TruthValue::kTrue, TruthValue::kUndefined};

constexpr uint8_t Bit(TruthValue truth) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(truth));
}
constexpr uint8_t kAny =
    Bit(TruthValue::kFalse) | Bit(TruthValue::kTrue) | Bit(TruthValue::kUndefined);

TruthValue NotOf(TruthValue a) {
  if (a == TruthValue::kUndefined) return a;
  return a == TruthValue::kTrue ? TruthValue::kFalse : TruthValue::kTrue;
}

TruthValue Joined(TruthValue a, TruthValue b, TruthValue decisive) {
  if (a == decisive || b == decisive) return decisive;
  return a == TruthValue::kUndefined || b == TruthValue::kUndefined ? TruthValue::kUndefined
                                                                    : NotOf(decisive);
}

// All that can come of one from each set.
uint8_t JoinSets(uint8_t a, uint8_t b, TruthValue decisive) {
  uint8_t set = 0;
  for (const TruthValue x : kTruths) {
    for (const TruthValue y : kTruths) {
      if ((a & Bit(x)) != 0 && (b & Bit(y)) != 0) set |= Bit(Joined(x, y, decisive));
    }
  }
  return set;
}

bool IsLogic(Op op) { return op == Op::kAnd || op == Op::kOr || op == Op::kNot; }

bool IsReference(const Node& node) {
  return node.child_count == 0 && node.op < Op::kNegate && node.op != Op::kConstant;
}

// "the body has no such member" and the like, where a person can do with more than ReasonText.
std::string_view MissingText(Op op) {
  switch (op) {
    case Op::kBody:
    case Op::kPropertyOrBody:
      return "the body has no such member";
    case Op::kTwin:
      return "the twin has no such member";
    case Op::kSystem:
      return "no such system property";
    case Op::kSystemOrProperty:
    case Op::kPropertyOrSystem:
      return "no such system or application property";
    case Op::kProperty:
      return "no such application property";
    default:
      return "";
  }
}

}  // namespace

ConditionExplainer::ConditionExplainer(const language::Expression& expression,
                                       const language::SourceText& source,
                                       const language::EvaluationInput& input,
                                       language::Evaluator& evaluator)
    : expression_(expression),
      tree_(expression.tree()),
      source_(source),
      input_(input),
      message_(*input.message),
      body_(*input.body),
      evaluator_(evaluator),
      body_is_bad_(expression.reads_body() && body_.is_error()) {}

// Each time with fresh room for texts: taking a condition apart makes the same ones again and
// again.
Value ConditionExplainer::Evaluate(NodeId id) const {
  evaluator_.Start(input_);
  return evaluator_.Evaluate(expression_, id);
}

bool ConditionExplainer::LeftOpen(NodeId id) const {
  return body_is_bad_ && NeedsBody(tree_, tree_.node(id), message_);
}

uint8_t ConditionExplainer::Possible(NodeId id) const {
  const Node& node = tree_.node(id);
  const auto children = tree_.children_of(node);
  if (!IsLogic(node.op)) return LeftOpen(id) ? kAny : Bit(language::ToTruth(Evaluate(id)));
  if (node.op == Op::kNot) {
    const uint8_t operand = Possible(children[0]);
    uint8_t set = 0;
    for (const TruthValue truth : kTruths) {
      if ((operand & Bit(truth)) != 0) set |= Bit(NotOf(truth));
    }
    return set;
  }
  const TruthValue decisive = node.op == Op::kOr ? TruthValue::kTrue : TruthValue::kFalse;
  uint8_t set = Bit(NotOf(decisive));
  for (const NodeId child : children) set = JoinSets(set, Possible(child), decisive);
  return set;
}

TruthValue ConditionExplainer::TruthOf(NodeId id) const {
  if (!body_is_bad_) return language::ToTruth(Evaluate(id));
  const uint8_t possible = Possible(id);
  for (const TruthValue truth : kTruths) {
    if (possible == Bit(truth)) return truth;
  }
  return TruthValue::kUndefined;
}

bool ConditionExplainer::MightMatch() const {
  return body_is_bad_ && Truth() != TruthValue::kTrue &&
         (Possible(tree_.root_id()) & Bit(TruthValue::kTrue)) != 0;
}

std::vector<ExplainedPredicate> ConditionExplainer::Predicates() const {
  std::vector<ExplainedPredicate> found;
  Collect(tree_.root_id(), true, &found);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.span.offset < b.span.offset; });
  return found;
}

// `decided`: the condition is what it is because this node is what it is.
void ConditionExplainer::Collect(NodeId id, bool decided,
                                 std::vector<ExplainedPredicate>* found) const {
  const Node& node = tree_.node(id);
  const auto children = tree_.children_of(node);
  const TruthValue truth = TruthOf(id);
  if (!IsLogic(node.op)) {
    ExplainedPredicate& predicate = found->emplace_back();
    predicate.span = source_.SpanOf(tree_, id);
    predicate.text = Printable(source_.TextOf(predicate.span));
    predicate.value = truth;
    if (truth == TruthValue::kUndefined) predicate.reason = ReasonOf(id);
    predicate.decided = decided;
    CollectOperands(id, &predicate.operands);
    return;
  }
  // One operand that decides (or leaves it undefined) is enough; where none does, all had to agree.
  const TruthValue decisive = node.op == Op::kOr ? TruthValue::kTrue : TruthValue::kFalse;
  const auto decider = node.op != Op::kNot && (truth == decisive || truth == TruthValue::kUndefined)
                           ? std::find_if(children.begin(), children.end(),
                                          [&](NodeId child) { return TruthOf(child) == truth; })
                           : children.end();
  for (auto child = children.begin(); child != children.end(); ++child)
    Collect(*child, decided && (decider == children.end() || decider == child), found);
}

// What stands below a predicate and reads the message, and calls and operators that are undefined
// although what they take is not.
void ConditionExplainer::CollectOperands(NodeId id, std::vector<ExplainedValue>* found) const {
  if (IsReference(tree_.node(id))) return AddValue(id, found);
  for (const NodeId child : tree_.children_of(tree_.node(id))) {
    CollectOperands(child, found);
    const bool is_inner = tree_.node(child).child_count > 0;
    if (is_inner && !LeftOpen(child) && Evaluate(child).is_undefined() && Culprit(child) == child)
      AddValue(child, found);
  }
}

void ConditionExplainer::AddValue(NodeId id, std::vector<ExplainedValue>* found) const {
  ExplainedValue operand;
  operand.text = Printable(source_.TextOf(source_.SpanOf(tree_, id)));
  const auto same = [&](const ExplainedValue& other) { return other.text == operand.text; };
  if (std::any_of(found->begin(), found->end(), same)) return;
  const Value value = Evaluate(id);
  operand.value = ValueText(value);
  if (value.is_undefined()) {
    operand.reason = ReasonOf(id);
    const std::string prefix = operand.text + ": ";  // what stands beside it anyway
    if (operand.reason.starts_with(prefix)) operand.reason.erase(0, prefix.size());
  }
  found->push_back(std::move(operand));
}

// The innermost node that is undefined by itself and for the reason that `id` passes on.
NodeId ConditionExplainer::Culprit(NodeId id) const {
  const Reason reason = Evaluate(id).reason();
  for (const NodeId child : tree_.children_of(tree_.node(id))) {
    const Value value = Evaluate(child);
    if (value.is_undefined() && value.reason() == reason) return Culprit(child);
  }
  return id;
}

std::string ConditionExplainer::ReasonOf(NodeId id) const {
  if (LeftOpen(id)) return BodyReason();
  const Value value = Evaluate(id);
  if (!value.is_undefined())
    return fmt::format("{} is no condition: only true and false are", ValueText(value));
  const NodeId culprit = Culprit(id);
  const std::string text = Printable(source_.TextOf(source_.SpanOf(tree_, culprit)));
  switch (value.reason()) {
    case Reason::kNotJsonType:
      return NotJsonReason();
    case Reason::kBadJson:
    case Reason::kBodyLimit:
      return BodyReason();
    case Reason::kBodyNotObject:
    case Reason::kTwinMissing:
      return std::string(language::ReasonText(value.reason()));
    case Reason::kMemberMissing:
    case Reason::kPropertyMissing:
      if (const std::string_view missing = MissingText(tree_.node(culprit).op); !missing.empty())
        return fmt::format("{}: {}", text, missing);
      break;
    default:
      break;
  }
  std::string operands;
  std::vector<ExplainedValue> references;
  if (!IsReference(tree_.node(culprit))) CollectOperands(culprit, &references);
  for (const ExplainedValue& reference : references) {
    if (reference.reason.empty())
      operands +=
          fmt::format("{}{} is {}", operands.empty() ? "" : ", ", reference.text, reference.value);
  }
  return fmt::format("{}: {}{}", text, language::ReasonText(value.reason()),
                     operands.empty() ? "" : " (" + operands + ")");
}

std::string ConditionExplainer::BodyReason() const {
  if (body_.state() == BodyReader::State::kLimit) {
    return fmt::format("the body is nested deeper than {} or larger than {} MiB, at byte {}",
                       language::kMaxJsonDepth, language::kMaxJsonBytes >> 20,
                       body_.error_offset() + 1);
  }
  return fmt::format("bad JSON at byte {}", body_.error_offset() + 1);
}

std::string ConditionExplainer::NotJsonReason() const {
  const BodyFormat& format = message_.format;
  if (format.type == BodyFormat::Type::kUndeclared && message_.content_encoding.data() == nullptr)
    return "the message declares no content type, and assume_json is off";
  if (format.type == BodyFormat::Type::kOther)
    return fmt::format("content type {} is not application/json",
                       ValueText(Value::String(message_.content_type)));
  if (message_.content_encoding.data() == nullptr)
    return "the message declares no content encoding, which JSON needs: utf-8, utf-16 or utf-32";
  if (format.encoding == BodyFormat::Encoding::kOther)
    return fmt::format("content encoding {} is none of utf-8, utf-16, utf-32",
                       ValueText(Value::String(message_.content_encoding)));
  return std::string(language::ReasonText(Reason::kNotJsonType));
}

}  // namespace sluice::match
