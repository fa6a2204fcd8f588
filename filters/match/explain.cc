#include "filters/match/explain.h"

#include <fmt/format.h>

#include <utility>

#include "filters/language/route.h"
#include "filters/match/explain_condition.h"
#include "filters/match/value_text.h"

namespace sluice::match {

using language::Truth;
using Outcome = ExplainedRule::Outcome;

namespace {

// Why a topic is none of `from`, level by level; nothing if only the rule about dollars is left.
struct Mismatch {
  std::string reason;
  language::SourceSpan span;
};

Mismatch CompareLevels(std::string_view from, const std::vector<std::string_view>& topic) {
  std::vector<std::string_view> levels;
  language::SplitTopic(from, &levels);
  const auto place = [&](std::string_view level) {
    return language::SourceSpan{static_cast<size_t>(level.data() - from.data()), level.size()};
  };
  const bool and_below = levels.back() == "#";
  if ((levels[0] == "#" || levels[0] == "+" || levels[0].starts_with('{')) &&
      topic[0].starts_with('$')) {
    return {"a wildcard at the start takes no topic that begins with $", place(levels[0])};
  }
  const size_t wanted = levels.size() - (and_below ? 1 : 0);
  for (size_t i = 0; i < wanted && i < topic.size(); ++i) {
    if (levels[i] == "+" || levels[i].starts_with('{') || levels[i] == topic[i]) continue;
    return {fmt::format("level {} of the topic is '{}', not '{}'", i + 1, Printable(topic[i]),
                        Printable(levels[i])),
            place(levels[i])};
  }
  const auto plural = [](size_t count) { return count == 1 ? "" : "s"; };
  return {fmt::format("the topic has {} level{}, not {}{}", topic.size(), plural(topic.size()),
                      wanted, and_below ? " or more" : ""),
          topic.size() < levels.size() ? place(levels[topic.size()]) : place(levels.back())};
}

// What decided, in a few words.
std::string Summary(const ExplainedRule& explained) {
  for (const ExplainedPredicate& predicate : explained.predicates) {
    if (!predicate.decided) continue;
    return predicate.reason.empty()
               ? fmt::format("{} is {}", predicate.text, TruthText(predicate.value))
               : predicate.reason;
  }
  return "the condition is not true";
}

}  // namespace

std::string_view TruthText(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return "true";
    case Truth::kFalse:
      return "false";
    case Truth::kUndefined:
      break;
  }
  return "undefined";
}

Explainer::Explainer(std::shared_ptr<const compile::Program> program,
                     const compile::RuleSetSpec& spec)
    : program_(std::move(program)),
      body_(program_->paths().body, program_->body_options()),
      evaluator_(program_->paths()) {
  for (const compile::RuleSpec& rule : spec.rules) {
    Source& source = sources_.emplace_back();
    if (rule.from) source.from = rule.from->text;
    if (rule.where) source.condition = std::make_unique<language::SourceText>(rule.where->text);
    if (!rule.route) continue;
    language::Diagnostics none;  // it has been compiled
    const auto route = language::ParseRoute(rule.route->text, &none);
    if (route && !route->condition.empty())
      source.condition = std::make_unique<language::SourceText>(route->condition);
  }
}

std::vector<ExplainedRule> Explainer::Explain(const language::MessageView& message) {
  language::SplitTopic(message.topic, &levels_);
  body_.Reset();
  input_ = {&message, &body_};
  std::vector<ExplainedRule> explained(program_->rules().size());
  std::string ended;
  for (size_t i = 0; i < explained.size(); ++i) {
    explained[i].from = sources_[i].from;
    if (sources_[i].condition) explained[i].condition = sources_[i].condition->text();
    if (!ended.empty()) {
      explained[i].outcome = Outcome::kNotReached;
      explained[i].reason = ended;
      continue;
    }
    ExplainRule(i, &explained[i]);
    const compile::Rule& rule = program_->rules()[i];
    if (explained[i].matched() && (rule.drop || rule.final_rule))
      ended = fmt::format("rule '{}' ended judging ({})", rule.name, rule.drop ? "drop" : "final");
  }
  return explained;
}

void Explainer::ExplainRule(size_t index, ExplainedRule* explained) {
  const compile::Rule& rule = program_->rules()[index];
  ExplainFrom(rule, explained);
  if (!explained->from_matches) {
    explained->reason = explained->from_reason;
    return;
  }
  explained->outcome = Outcome::kMatched;
  if (rule.where) {
    if (rule.where->reads_body() && body_.state() == language::BodyReader::State::kUnread)
      body_.Read(*input_.message);
    const ConditionExplainer condition(*rule.where, *sources_[index].condition, input_, evaluator_);
    explained->where = condition.Truth();
    explained->predicates = condition.Predicates();
    if (*explained->where != Truth::kTrue) {
      explained->outcome = condition.MightMatch() ? Outcome::kBodyError : Outcome::kNotMatched;
      explained->reason = condition.MightMatch() ? condition.BodyReason() : Summary(*explained);
      return;
    }
  }
  ExplainSet(rule, explained);
}

void Explainer::ExplainFrom(const compile::Rule& rule, ExplainedRule* explained) {
  if (!rule.takes_devices) {
    explained->from_matches = false;
    explained->from_reason = "the route's source takes no messages of devices";
    return;
  }
  if (!rule.from || rule.from->Matches(levels_)) return;
  Mismatch mismatch = CompareLevels(explained->from, levels_);
  explained->from_matches = false;
  explained->from_reason = std::move(mismatch.reason);
  explained->from_span = mismatch.span;
}

void Explainer::ExplainSet(const compile::Rule& rule, ExplainedRule* explained) {
  for (const compile::SetField& field : rule.set) {
    ExplainedValue value;
    value.text = field.name;
    if (!field.expression) {
      value.value = ValueText(language::Value::String(field.literal));
      explained->set.push_back(std::move(value));
      continue;
    }
    if (field.expression->reads_body() && body_.state() == language::BodyReader::State::kUnread)
      body_.Read(*input_.message);
    evaluator_.Start(input_);
    const language::Value result = evaluator_.Evaluate(*field.expression);
    language::NumberText buffer;
    value.value = ValueText(result);
    if (!language::PropertyText(result, &buffer)) {
      value.reason = result.is_undefined() ? std::string(language::ReasonText(result.reason()))
                                           : "only texts, numbers and booleans are set";
      value.reason += "; the property is left out";
    }
    explained->set.push_back(std::move(value));
  }
}

}  // namespace sluice::match
