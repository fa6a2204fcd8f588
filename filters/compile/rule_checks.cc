#include "filters/compile/rule_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "filters/language/evaluate.h"

namespace sluice::compile {
namespace {

const Located& Place(const RuleSpec& spec) {
  if (spec.route) return *spec.route;
  if (spec.where) return *spec.where;
  if (spec.from) return *spec.from;
  return spec.name;
}

// What a condition that reads nothing of the message comes to.
std::optional<language::Truth> ConstantTruth(const Rule& rule, const Program& program) {
  if (!rule.where) return language::Truth::kTrue;
  const language::Expression& where = *rule.where;
  if (!where.is_static_of_topic_and_device() || where.reads_topic() || where.reads_device())
    return std::nullopt;
  const language::MessageView nothing;
  language::EvaluationInput input;
  input.message = &nothing;
  language::Evaluator evaluator(program.paths());
  evaluator.Start(input);
  return evaluator.Judge(where);
}

bool Covers(const Rule& rule, const Rule& other) {
  if (!rule.from) return true;
  return other.from && rule.from->Covers(*other.from);
}

bool Meets(const Rule& rule, const Rule& other) {
  return !rule.from || !other.from || rule.from->Meets(*other.from);
}

// A rule that takes every message of its topics and ends judging hides later rules of these topics.
void WarnOfHidden(size_t index, const Program& program, const std::vector<size_t>& ending,
                  const RuleSpec& spec, ProblemSink& sink) {
  const Rule& rule = program.rules()[index];
  for (const size_t earlier : ending) {
    if (!Covers(program.rules()[earlier], rule)) continue;
    sink.Warning(Place(spec),
                 fmt::format("never reached: rule '{}' ends judging for all of its topics",
                             program.rules()[earlier].name));
    return;
  }
}

bool HasProblem(const std::vector<Problem>& problems, const std::string& rule) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const Problem& problem) { return problem.rule == rule; });
}

// Equal outputs, different shapes, topics in common: two messages to the hub.
void WarnOfSecondShape(size_t index, const Program& program, std::span<const OutputSpec> outputs,
                       const RuleSpec& spec, ProblemSink& sink) {
  const Rule& rule = program.rules()[index];
  for (size_t i = 0; i < index; ++i) {
    const Rule& other = program.rules()[i];
    if (other.shape == rule.shape || !Meets(rule, other) || !other.takes_devices ||
        other.final_rule)
      continue;
    for (const uint16_t output : rule.outputs) {
      if (!outputs[output].is_iothub) continue;
      if (std::find(other.outputs.begin(), other.outputs.end(), output) == other.outputs.end())
        continue;
      const Located& at = !spec.select.empty()   ? spec.select[0]
                          : !spec.redact.empty() ? spec.redact[0]
                                                 : Place(spec);
      sink.Warning(
          at,
          fmt::format(
              "a message that rule '{}' takes, too, goes to '{}' in two shapes, and the hub bills "
              "both",
              other.name, outputs[output].name));
      return;
    }
  }
}

// Packs share their hub-side properties: values that differ from message to message make packs of
// one.
void WarnOfBrokenPacks(const Rule& rule, std::span<const OutputSpec> outputs, const RuleSpec& spec,
                       ProblemSink& sink) {
  const auto packed = std::find_if(rule.outputs.begin(), rule.outputs.end(),
                                   [&](uint16_t output) { return outputs[output].is_packed; });
  if (packed == rule.outputs.end()) return;
  for (size_t i = 0; i < rule.set.size(); ++i) {
    const std::optional<language::Expression>& value = rule.set[i].expression;
    if (!value || !(value->reads_body() || value->reads_device() || value->reads_now())) continue;
    sink.Warning(spec.set[i].value,
                 fmt::format("'{}' differs from message to message, so they cannot share a pack on "
                             "their way to '{}'",
                             rule.set[i].name, outputs[*packed].name),
                 "set what few values have, or send the output with pack: none");
  }
}

}  // namespace

void CheckRules(const RuleSetSpec& spec, std::span<const OutputSpec> outputs,
                const Program& program, std::vector<Problem>* problems) {
  // One of many rules that end judging hides little; more are not compared with every later rule.
  constexpr size_t kMaxCompared = 64;
  std::vector<size_t> ending;
  for (size_t i = 0; i < program.rules().size(); ++i) {
    const Rule& rule = program.rules()[i];
    ProblemSink sink(rule.name, problems);
    const std::optional<language::Truth> constant = ConstantTruth(rule, program);
    if (!rule.takes_devices) {
      sink.Warning(Place(spec.rules[i]), "never matches: no device's messages have this source",
                   "FROM /messages/*");
    } else if (constant && *constant != language::Truth::kTrue) {
      if (!HasProblem(*problems, rule.name)) {  // the language may have said it better
        sink.Warning(Place(spec.rules[i]),
                     "never matches: the condition is not true whatever the message");
      }
    } else {
      WarnOfHidden(i, program, ending, spec.rules[i], sink);
      if (i < 1000) WarnOfSecondShape(i, program, outputs, spec.rules[i], sink);
      WarnOfBrokenPacks(rule, outputs, spec.rules[i], sink);
      if (constant && (rule.drop || rule.final_rule) && ending.size() < kMaxCompared)
        ending.push_back(i);
    }
  }
}

}  // namespace sluice::compile
