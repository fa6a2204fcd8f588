#include "filters/analyze/analyze.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "filters/analyze/condition_warnings.h"
#include "filters/analyze/exclusions.h"
#include "filters/analyze/pattern_warnings.h"
#include "filters/analyze/reasoner.h"
#include "filters/analyze/rule_facts.h"
#include "filters/language/route.h"

namespace sluice::analyze {

using compile::Located;
using compile::OutputSpec;
using compile::Problem;
using compile::ProblemSink;
using compile::Program;
using compile::Rule;
using compile::RuleSpec;

namespace {

const Located& PlaceOf(const RuleSpec& spec) {
  if (spec.route) return *spec.route;
  if (spec.where) return *spec.where;
  if (spec.from) return *spec.from;
  return spec.name;
}

bool Meets(const Rule& rule, const Rule& other) {
  return !rule.from || !other.from || rule.from->Meets(*other.from);
}

class RuleWarnings {
 public:
  RuleWarnings(const compile::RuleSetSpec& spec, std::span<const OutputSpec> outputs,
               const Program& program, const std::vector<RuleFacts>& facts,
               const Exclusions& exclusions, size_t index, std::vector<Problem>* problems)
      : rules_(spec),
        outputs_(outputs),
        program_(program),
        facts_(facts),
        exclusions_(exclusions),
        index_(index),
        spec_(spec.rules[index]),
        rule_(program.rules()[index]),
        messages_{rule_.from ? &*rule_.from : nullptr, spec.profile, false},
        problems_(*problems),
        sink_(rule_.name, problems) {}

  void Run() {
    if (!rule_.takes_devices) {
      sink_.Warning(*spec_.route, "never matches: no device's messages have this source",
                    "FROM /messages/*");
      return;
    }
    if (rule_.where) CheckCondition();
    if (facts_[index_].never_matches) return;
    if (facts_[index_].hidden_by) return WarnOfHidden(*facts_[index_].hidden_by);
    CheckSet();
    CheckOnChange();
    if (index_ < kMaxCompared) WarnOfSecondShape();
    WarnOfBrokenPacks();
  }

 private:
  static constexpr size_t kMaxCompared = 1000;  // rules of which each two are
  static constexpr int kMaxProofs = 32;         // that a rule and an earlier one exclude each other

  void CheckCondition();
  void CheckPatterns(const Condition& condition, const Written& written);
  void CheckSet();
  void CheckOnChange();
  void WarnOfHidden(size_t earlier);
  void WarnOfSecondShape();
  const std::string* SharedHub(const Rule& other) const;
  void WarnOfBrokenPacks();
  bool IsSaid(std::string_view what) const;

  const compile::RuleSetSpec& rules_;
  const std::span<const OutputSpec> outputs_;
  const Program& program_;
  const std::vector<RuleFacts>& facts_;
  const Exclusions& exclusions_;
  const size_t index_;
  const RuleSpec& spec_;
  const Rule& rule_;
  const Messages messages_;
  std::vector<Problem>& problems_;
  ProblemSink sink_;
};

// The language may have said it already, and better.
bool RuleWarnings::IsSaid(std::string_view what) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    return problem.rule == rule_.name && problem.message.find(what) != std::string::npos;
  });
}

void RuleWarnings::CheckCondition() {
  std::optional<language::Route> route;
  if (spec_.route) {
    language::Diagnostics none;  // it has been compiled
    route = language::ParseRoute(spec_.route->text, &none);
    if (!route) return;
  }
  const language::SourceText source(route ? route->condition : spec_.where->text);
  const Written written{route ? &*spec_.route : &*spec_.where, route ? route->condition_offset : 0,
                        &source};
  Terms terms;
  const Condition condition = terms.Number(rule_.where->tree());
  ConditionWarnings warnings(condition, messages_, written, sink_);
  if (facts_[index_].never_matches) {
    if (!IsSaid("never matches")) warnings.WarnOfNever();
    return;
  }
  if (facts_[index_].always_matches) warnings.WarnOfAlways();
  warnings.WarnOfIdleParts();
  CheckPatterns(condition, written);
}

void RuleWarnings::CheckPatterns(const Condition& condition, const Written& written) {
  ConditionWarnings warnings(condition, messages_, written, sink_);
  for (language::NodeId id = 0; id < condition.terms.size(); ++id) {
    if (condition.node(id).op != language::Op::kRegexMatch) continue;
    if (PatternWarning warning = WarnOfPattern(condition.node(id)); !warning.message.empty())
      warnings.Warn(id, std::move(warning.message), std::move(warning.hint));
  }
}

// With what the condition says of the messages.
void RuleWarnings::CheckSet() {
  Terms terms;
  Knowledge known;
  if (rule_.where) {
    const Condition condition = terms.Number(rule_.where->tree());
    Reasoner(messages_).Assume(condition, condition.root(), kTrue, &known);
  }
  for (size_t i = 0; i < rule_.set.size(); ++i) {
    if (!rule_.set[i].expression) continue;
    const language::SourceText source(spec_.set[i].value.text);
    const Written written{&spec_.set[i].value, 0, &source};
    const Condition value = terms.Number(rule_.set[i].expression->tree());
    ConditionWarnings(value, messages_, written, sink_)
        .WarnOfNothingToSet(rule_.set[i].name, known);
    CheckPatterns(value, written);
  }
}

// Undefined is held, and so is every message where it always is.
void RuleWarnings::CheckOnChange() {
  const compile::Reduction* const reduction = rule_.reduction.get();
  if (reduction == nullptr || !reduction->on_change) return;
  Terms terms;
  const Condition value = terms.Number(reduction->on_change->of.tree());
  const language::SourceText source(spec_.on_change->of.text);
  const Written written{&spec_.on_change->of, 0, &source};
  ConditionWarnings(value, messages_, written, sink_).WarnOfNoChange();
}

void RuleWarnings::WarnOfHidden(size_t earlier) {
  const Rule& other = program_.rules()[earlier];
  const Located& place = rules_.rules[earlier].name;
  const std::string line = place.line == 0 ? "" : fmt::format(" (line {})", place.line);
  sink_.Warning(
      PlaceOf(spec_),
      fmt::format("never reached: rule '{}'{} takes {}, and {} ends judging", other.name, line,
                  other.where ? "every message that this one would" : "all messages of its topics",
                  other.drop ? "drop" : "final"),
      rule_.drop && other.drop ? "it can go" : "put this rule before it");
}

bool SumsUp(const compile::Rule& rule) { return rule.reduction && rule.reduction->window; }

// Equal outputs, different shapes, topics in common: two messages to the hub. What a window sends
// is no shape of a message.
void RuleWarnings::WarnOfSecondShape() {
  if (SumsUp(rule_)) return;
  int proofs = 0;
  for (size_t i = 0; i < index_; ++i) {
    const Rule& other = program_.rules()[i];
    if (other.shape == rule_.shape || !Meets(rule_, other) || facts_[i].never_matches ||
        facts_[i].hidden_by || other.final_rule || SumsUp(other))
      continue;
    const std::string* const hub = SharedHub(other);
    if (hub == nullptr) continue;
    if (++proofs > kMaxProofs) return;
    if (exclusions_.Exclude(index_, i)) continue;
    const Located& at = !spec_.select.empty()   ? spec_.select[0]
                        : !spec_.redact.empty() ? spec_.redact[0]
                                                : PlaceOf(spec_);
    sink_.Warning(at, fmt::format("a message that rule '{}' takes, too, goes to '{}' in two "
                                  "shapes, and the hub bills both",
                                  other.name, *hub));
    return;
  }
}

// The name of a hub that both send to; null: there is none.
const std::string* RuleWarnings::SharedHub(const Rule& other) const {
  for (const uint16_t output : rule_.outputs) {
    if (outputs_[output].is_iothub &&
        std::find(other.outputs.begin(), other.outputs.end(), output) != other.outputs.end())
      return &outputs_[output].name;
  }
  return nullptr;
}

// Packs share their hub-side properties: values that differ from message to message make packs of
// one.
void RuleWarnings::WarnOfBrokenPacks() {
  const auto packed = std::find_if(rule_.outputs.begin(), rule_.outputs.end(),
                                   [&](uint16_t output) { return outputs_[output].is_packed; });
  if (packed == rule_.outputs.end()) return;
  for (size_t i = 0; i < rule_.set.size(); ++i) {
    const std::optional<language::Expression>& value = rule_.set[i].expression;
    if (!value || !(value->reads_body() || value->reads_device() || value->reads_now())) continue;
    sink_.Warning(spec_.set[i].value,
                  fmt::format("'{}' differs from message to message, so they cannot share a pack "
                              "on their way to '{}'",
                              rule_.set[i].name, outputs_[*packed].name),
                  "set what few values have, or send the output with pack: none");
  }
}

}  // namespace

void Analyze(const compile::RuleSetSpec& spec, std::span<const OutputSpec> outputs,
             const Program& program, std::vector<Problem>* problems) {
  const std::vector<RuleFacts> facts = FactsOf(program);
  const Exclusions exclusions(program);
  for (size_t i = 0; i < facts.size(); ++i)
    RuleWarnings(spec, outputs, program, facts, exclusions, i, problems).Run();
}

}  // namespace sluice::analyze
