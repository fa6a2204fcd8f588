#include "filters/match/judge.h"

#include <algorithm>
#include <utility>

#include "filters/match/needs_body.h"

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

}  // namespace

Judge::Judge(std::shared_ptr<const compile::Program> program, Method method)
    : program_(std::move(program)),
      method_(method),
      body_(program_->paths().body, program_->body_options()),
      evaluator_(program_->paths()),
      finder_(*program_, body_, evaluator_),
      drafter_(*program_, body_, evaluator_) {}

const Verdict& Judge::Run(const language::MessageView& message) { return Draft(Find(message)); }

std::span<const uint16_t> Judge::Find(const language::MessageView& message) {
  Start(message);
  return Find();
}

std::span<const uint16_t> Judge::Find() {
  CollectMatches();
  return matches_;
}

void Judge::Start(const language::MessageView& message) {
  message_ = &message;
  matches_.clear();
  errors_.clear();
  body_.Reset();
  evaluator_.Start({&message, &body_});
}

const Verdict& Judge::Draft(std::span<const uint16_t> passed) {
  return drafter_.Draft(*message_, matches_, errors_, passed);
}

language::Value Judge::Evaluate(const Expression& expression) {
  if (expression.reads_body() && body_.state() == BodyReader::State::kUnread) body_.Read(*message_);
  return evaluator_.Evaluate(expression);
}

std::string_view Judge::Raw(const Expression& expression) const {
  const Node& root = expression.tree().root();
  return root.op == Op::kBody ? body_.raw(root.slot) : std::string_view();
}

void Judge::CollectMatches() {
  if (method_ == Method::kPlain) return AddMatchesPlainly(0);
  finder_.Start();
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
  finder_.Find(begin, end, body_read);
  uint32_t rule;
  while ((rule = finder_.Next()) != compile::RuleIndex::kNone) {
    if (Add(static_cast<uint16_t>(rule), Outcome::kMatch)) return true;
  }
  return false;
}

void Judge::AddMatchesPlainly(uint32_t begin) {
  const std::vector<Rule>& rules = program_->rules();
  for (size_t i = begin; i < rules.size(); ++i) {
    if (Add(static_cast<uint16_t>(i), JudgeRule(rules[i]))) return;
  }
}

// Each rule of the topic is asked whether it needed the body; most are known to have.
void Judge::AddMatchesOfBadBody(uint32_t begin) {
  for (const uint16_t rule : finder_.FindWithoutBody(begin)) {
    const bool known = program_->index().is_all_of_body(rule);
    if (Add(rule, known ? Outcome::kBodyError : JudgeRule(program_->rules()[rule]))) return;
  }
}

// Whether the rule ended judging.
bool Judge::Add(uint16_t rule, Outcome outcome) {
  if (outcome == Outcome::kBodyError) errors_.push_back(rule);
  if (outcome != Outcome::kMatch) return false;
  matches_.push_back(rule);
  return program_->rules()[rule].drop || program_->rules()[rule].final_rule;
}

bool Judge::TakesTopic(const Rule& rule) {
  return rule.takes_devices && (!rule.from || rule.from->Matches(evaluator_.topic_levels()));
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
      return NeedsBody(tree, node, *message_) ? kAny : Only(evaluator_.Judge(where, id));
  }
}

}  // namespace sluice::match
