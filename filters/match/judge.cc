#include "filters/match/judge.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "filters/match/names.h"

namespace sluice::match {

using compile::Rule;
using language::BodyReader;
using language::Expression;
using language::Node;
using language::NodeId;
using language::Op;
using language::Truth;

namespace {

// Sets of truths, as bits.
constexpr uint8_t kFalse = 1, kTrue = 2, kUndefined = 4, kAny = 7;

uint8_t Only(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return kFalse;
    case Truth::kTrue:
      return kTrue;
    case Truth::kUndefined:
      break;
  }
  return kUndefined;
}

uint8_t Not(uint8_t set) {
  return static_cast<uint8_t>((set & kUndefined) | ((set & kFalse) != 0 ? kTrue : 0) |
                              ((set & kTrue) != 0 ? kFalse : 0));
}

// All that a AND b can be: false if one can be, true if both can be, undefined if one can be and
// the other is not bound to be false.
uint8_t And(uint8_t a, uint8_t b) {
  uint8_t set = (a | b) & kFalse;
  set |= a & b & kTrue;
  if (((a & kUndefined) != 0 && b != kFalse) || ((b & kUndefined) != 0 && a != kFalse))
    set |= kUndefined;
  return set;
}

bool ReadsBody(const language::SyntaxTree& tree, const Node& node) {
  if (node.op == Op::kBody) return true;
  const auto children = tree.children_of(node);
  return std::any_of(children.begin(), children.end(),
                     [&](NodeId child) { return ReadsBody(tree, tree.node(child)); });
}

}  // namespace

Judge::Judge(std::shared_ptr<const compile::Program> program, Method method)
    : program_(std::move(program)),
      method_(method),
      body_(program_->paths().body, program_->body_options()),
      evaluator_(program_->paths()),
      finder_(*program_, evaluator_),
      numbers_(program_->set_fields()) {}

const Verdict& Judge::Run(const language::MessageView& message) {
  message_ = &message;
  language::SplitTopic(message.topic, &levels_);
  body_.Reset();
  language::EvaluationInput input;
  input.message = &message;
  input.body = &body_;
  input.topic_levels = levels_;
  evaluator_.Start(input);
  CollectMatches();
  ResolveSets();
  DraftDeliveries();
  Publish();
  return verdict_;
}

void Judge::CollectMatches() {
  matches_.clear();
  errors_.clear();
  if (method_ == Method::kPlain) return AddMatchesPlainly(0);
  finder_.Start(levels_);
  const auto end = static_cast<uint32_t>(program_->rules().size());
  const uint32_t body_rule = finder_.first_body_rule();
  if (body_rule == compile::RuleIndex::kNone) {
    AddMatches(0, end, false);
    return;
  }
  // A rule before the first that reads the body may spare the message from being read.
  uint32_t begin = 0;
  if (finder_.first_ending_rule() < body_rule) {
    if (AddMatches(0, body_rule, false)) return;
    begin = body_rule;
  }
  body_.Read(*message_);
  if (body_.is_error()) return AddMatchesOfBadBody(begin);
  AddMatches(begin, end, true);
}

// Whether a match ended judging.
bool Judge::AddMatches(uint32_t begin, uint32_t end, bool body_read) {
  for (const uint16_t rule : finder_.Find(begin, end, body_read)) {
    if (finder_.IsMatch(rule) && Add(rule, Outcome::kMatch)) return true;
  }
  return false;
}

void Judge::AddMatchesPlainly(uint32_t begin) {
  const std::vector<Rule>& rules = program_->rules();
  for (size_t i = begin; i < rules.size(); ++i) {
    if (Add(static_cast<uint16_t>(i), JudgeRule(rules[i]))) return;
  }
}

// Each rule is asked whether it needed the body; most are known to have.
void Judge::AddMatchesOfBadBody(uint32_t begin) {
  const std::vector<Rule>& rules = program_->rules();
  for (size_t i = begin; i < rules.size(); ++i) {
    const auto rule = static_cast<uint16_t>(i);
    const bool known = program_->index().is_all_of_body(rule) && TakesTopic(rules[i]);
    if (Add(rule, known ? Outcome::kBodyError : JudgeRule(rules[i]))) return;
  }
}

// Whether the rule ended judging.
bool Judge::Add(uint16_t rule, Outcome outcome) {
  if (outcome == Outcome::kBodyError) errors_.push_back(rule);
  if (outcome != Outcome::kMatch) return false;
  matches_.push_back(rule);
  return program_->rules()[rule].drop || program_->rules()[rule].final_rule;
}

bool Judge::TakesTopic(const Rule& rule) const {
  return rule.takes_devices && (!rule.from || rule.from->Matches(levels_));
}

Judge::Outcome Judge::JudgeRule(const Rule& rule) {
  if (!TakesTopic(rule)) return Outcome::kNoMatch;
  if (!rule.where) return Outcome::kMatch;
  if (rule.where->reads_body()) {
    if (body_.state() == BodyReader::State::kUnread) body_.Read(*message_);
    if (body_.is_error()) return JudgeWithoutBody(*rule.where);
  }
  return evaluator_.Judge(*rule.where) == Truth::kTrue ? Outcome::kMatch : Outcome::kNoMatch;
}

// The body should be JSON and is not. A rule needed it, and so counts an error and does not match,
// if the rest of its condition leaves open whether it matches; so the order of the operands does
// not matter.
Judge::Outcome Judge::JudgeWithoutBody(const Expression& where) {
  const uint8_t truths = PossibleTruths(where, where.tree().root_id());
  if (truths == kTrue) return Outcome::kMatch;
  return (truths & kTrue) != 0 ? Outcome::kBodyError : Outcome::kNoMatch;
}

uint8_t Judge::PossibleTruths(const Expression& where, NodeId id) {
  const language::SyntaxTree& tree = where.tree();
  const Node& node = tree.node(id);
  const auto children = tree.children_of(node);
  switch (node.op) {
    case Op::kNot:
      return Not(PossibleTruths(where, children[0]));
    case Op::kAnd: {
      uint8_t set = kTrue;
      for (const NodeId child : children) set = And(set, PossibleTruths(where, child));
      return set;
    }
    case Op::kOr: {  // a OR b is NOT (NOT a AND NOT b)
      uint8_t set = kTrue;
      for (const NodeId child : children) set = And(set, Not(PossibleTruths(where, child)));
      return Not(set);
    }
    default:
      return ReadsBody(tree, node) ? kAny : Only(evaluator_.Judge(where, id));
  }
}

// Each match's values once, however many outputs it has.
void Judge::ResolveSets() {
  resolved_.clear();
  resolved_ends_.clear();
  size_t numbers = 0;
  for (const uint16_t match : matches_) {
    for (const compile::SetField& field : program_->rules()[match].set) {
      if (!field.expression) {
        resolved_.push_back({field.name, field.literal});
        continue;
      }
      if (field.expression->reads_body() && body_.state() == BodyReader::State::kUnread)
        body_.Read(*message_);
      const language::Value value = evaluator_.Evaluate(*field.expression);
      assert(numbers < numbers_.size());
      const std::optional<std::string_view> text =
          language::PropertyText(value, &numbers_[numbers]);
      if (!text) continue;
      ++numbers;
      resolved_.push_back({field.name, *text});
    }
    resolved_ends_.push_back(static_cast<uint32_t>(resolved_.size()));
  }
}

void Judge::DraftDeliveries() {
  drafts_.clear();
  delivery_rules_.clear();
  delivery_sets_.clear();
  for (const uint16_t match : matches_) {
    const Rule& rule = program_->rules()[match];
    for (const uint16_t output : rule.outputs) {
      const bool drafted = std::any_of(drafts_.begin(), drafts_.end(), [&](const Draft& draft) {
        return draft.output == output && draft.shape == rule.shape;
      });
      if (!drafted) DraftDelivery(output, rule.shape);
    }
  }
}

void Judge::DraftDelivery(uint16_t output, uint16_t shape) {
  Draft draft{output, shape, 9, 0, 0};
  const auto set_start = static_cast<uint32_t>(delivery_sets_.size());
  for (uint32_t i = 0; i < matches_.size(); ++i) {
    const Rule& rule = program_->rules()[matches_[i]];
    if (rule.shape != shape) continue;
    if (std::find(rule.outputs.begin(), rule.outputs.end(), output) == rule.outputs.end()) continue;
    draft.priority = std::min(draft.priority, rule.priority);
    delivery_rules_.push_back(matches_[i]);
    AddSet(i, set_start);
  }
  draft.rules_end = static_cast<uint32_t>(delivery_rules_.size());
  draft.set_end = static_cast<uint32_t>(delivery_sets_.size());
  drafts_.push_back(draft);
}

void Judge::AddSet(uint32_t match, uint32_t set_start) {
  for (uint32_t i = match == 0 ? 0 : resolved_ends_[match - 1]; i < resolved_ends_[match]; ++i) {
    const SetProperty& property = resolved_[i];
    const bool taken = std::any_of(
        delivery_sets_.begin() + set_start, delivery_sets_.end(),
        [&](const SetProperty& other) { return EqualsIgnoringCase(other.name, property.name); });
    if (!taken) delivery_sets_.push_back(property);
  }
}

void Judge::Publish() {
  deliveries_.clear();
  uint32_t rules_start = 0, set_start = 0;
  for (const Draft& draft : drafts_) {
    Delivery& delivery = deliveries_.emplace_back();
    delivery.output = draft.output;
    delivery.shape = draft.shape;
    delivery.priority = draft.priority;
    delivery.rules = std::span(delivery_rules_).subspan(rules_start, draft.rules_end - rules_start);
    delivery.set = std::span(delivery_sets_).subspan(set_start, draft.set_end - set_start);
    rules_start = draft.rules_end;
    set_start = draft.set_end;
  }
  const bool untaken = matches_.empty();
  if (untaken && program_->default_output()) {
    Delivery& delivery = deliveries_.emplace_back();
    delivery.output = *program_->default_output();
    delivery.shape = compile::kUnchanged;
  }
  verdict_.reason = !deliveries_.empty() ? DropReason::kNone
                    : untaken            ? DropReason::kDefault
                                         : DropReason::kRule;
  verdict_.rules = matches_;
  verdict_.errors = errors_;
  verdict_.deliveries = deliveries_;
}

}  // namespace sluice::match
