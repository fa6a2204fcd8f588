#include "filters/compile/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "filters/compile/output_names.h"
#include "filters/compile/reduction_compiler.h"
#include "filters/compile/rule_index.h"
#include "filters/language/route.h"

namespace sluice::compile {

using language::Diagnostics;
using language::ExpressionOptions;

namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Property names that are the hub's or the gateway's own: a rule must not write them.
constexpr std::string_view kReservedPrefixes[] = {"$.", "iothub-", "origin-", "mqtt-"};

std::string_view ReservedPrefix(std::string_view lower_name) {
  for (const std::string_view prefix : kReservedPrefixes) {
    if (lower_name.starts_with(prefix)) return prefix;
  }
  return {};
}

bool IsUpstream(std::string_view name) { return Lower(name) == "$upstream"; }

}  // namespace

class Compiler {
 public:
  Compiler(const RuleSetSpec& spec, std::span<const OutputSpec> outputs,
           std::vector<Problem>* problems)
      : spec_(spec),
        outputs_(outputs),
        names_(outputs),
        problems_(*problems),
        program_(new Program) {}

  std::shared_ptr<const Program> Run();

 private:
  ExpressionOptions Options(const Rule& rule);

  void CheckDeliveries(ProblemSink& sink);
  void CompileRule(const RuleSpec& spec);
  void CheckName(const RuleSpec& spec, ProblemSink& sink);
  void CompileSource(const RuleSpec& spec, Rule* rule, ProblemSink& sink);
  void CompileRoute(const Located& text, Rule* rule, ProblemSink& sink);
  void CompileSet(const RuleSpec& spec, Rule* rule, ProblemSink& sink);
  void CompileValue(const Located& value, const Rule& rule, SetField* field, ProblemSink& sink);
  void CompileShape(const RuleSpec& spec, Rule* rule, ProblemSink& sink);
  void AddPaths(const std::vector<Located>& texts, PathTree* paths, std::string* key,
                ProblemSink& sink);
  void ResolveOutputs(const RuleSpec& spec, Rule* rule, ProblemSink& sink);
  void AddOutput(std::optional<uint16_t> output, const Located& at, std::string message, Rule* rule,
                 ProblemSink& sink);

  const RuleSetSpec& spec_;
  std::span<const OutputSpec> outputs_;
  OutputNames names_;
  std::vector<Problem>& problems_;
  std::shared_ptr<Program> program_;
  std::map<std::string, const Located*> rule_names_;
  std::map<std::string, std::shared_ptr<const TopicPattern>> patterns_;  // by how they are written
  std::map<std::string, uint16_t> shapes_;
};

std::shared_ptr<const Program> Compiler::Run() {
  ProblemSink sink("", &problems_);
  const size_t before = problems_.size();
  if (spec_.rules.size() > kMaxRules)
    sink.Error(spec_.rules[kMaxRules].name, "more than 65535 rules");
  if (outputs_.size() > kMaxOutputs) sink.Error({}, "more than 255 outputs");
  if (problems_.size() != before) return nullptr;

  for (const OutputSpec& output : outputs_) program_->outputs_.push_back(output.name);
  program_->body_options_.profile = spec_.profile;
  program_->body_options_.assume_json = spec_.assume_json;
  program_->max_state_ = spec_.max_state;
  if (spec_.forward_by_default) {
    program_->default_output_ = names_.Default();
    if (!program_->default_output_) {
      sink.Error(
          spec_.default_action, "default: forward has no output to go to",
          "name an output hub, or have exactly one of type iothub; there is: " + names_.List());
    }
  }
  program_->rules_.reserve(spec_.rules.size());
  for (const RuleSpec& rule : spec_.rules) CompileRule(rule);
  CheckDeliveries(sink);
  for (size_t i = before; i < problems_.size(); ++i) {
    if (problems_[i].severity == Problem::Severity::kError) return nullptr;
  }
  program_->index_ = BuildRuleIndex(program_->rules_);
  return std::move(program_);
}

// Whoever waits for a message counts its settlements in a byte.
void Compiler::CheckDeliveries(ProblemSink& sink) {
  std::set<std::pair<uint16_t, uint16_t>> deliveries;
  for (const Rule& rule : program_->rules_) {
    for (const uint16_t output : rule.outputs) deliveries.emplace(output, rule.shape);
  }
  if (deliveries.size() <= kMaxDeliveries) return;
  sink.Error(spec_.rules.back().name,
             fmt::format("rules send in {} shapes and outputs, more than {}", deliveries.size(),
                         kMaxDeliveries),
             "let rules share select and redact");
}

void Compiler::CompileRule(const RuleSpec& spec) {
  ProblemSink sink(spec.name.text, &problems_);
  Rule rule;
  rule.name = spec.name.text;
  rule.drop = spec.drop;
  rule.final_rule = spec.final_rule;
  rule.priority = static_cast<uint8_t>(spec.priority);
  CheckName(spec, sink);
  if (spec.priority < 0 || spec.priority > 9)
    sink.Error(spec.name, "priority goes from 0 (first) to 9");
  CompileSource(spec, &rule, sink);
  CompileSet(spec, &rule, sink);
  CompileShape(spec, &rule, sink);
  rule.reduction = CompileReduction(spec_, spec, Options(rule), sink);
  ResolveOutputs(spec, &rule, sink);
  program_->set_fields_ += rule.set.size();
  program_->rules_.push_back(std::move(rule));
}

void Compiler::CheckName(const RuleSpec& spec, ProblemSink& sink) {
  const auto [other, is_new] = rule_names_.emplace(spec.name.text, &spec.name);
  if (is_new) return;
  sink.Error(spec.name, fmt::format("a second rule named '{}'", spec.name.text),
             fmt::format("the first one is in line {}", other->second->line));
}

ExpressionOptions Compiler::Options(const Rule& rule) {
  ExpressionOptions options;
  options.profile = spec_.profile;
  options.extensions = spec_.profile != language::Profile::kEdgeHub;
  if (rule.from) options.topic_names = rule.from->names();
  options.paths = &program_->paths_;
  return options;
}

void Compiler::CompileSource(const RuleSpec& spec, Rule* rule, ProblemSink& sink) {
  if (spec.route) {
    CompileRoute(*spec.route, rule, sink);
    return;
  }
  if (spec.from) {
    Diagnostics diagnostics;
    auto& pattern = patterns_[spec.from->text];
    if (pattern == nullptr) {
      if (auto parsed = TopicPattern::Parse(spec.from->text, &diagnostics))
        pattern = std::make_shared<const TopicPattern>(*std::move(parsed));
      sink.Take(*spec.from, diagnostics);
    }
    rule->from = pattern;
  }
  if (spec.where) {
    Diagnostics diagnostics;
    rule->where = language::CompileCondition(spec.where->text, Options(*rule), &diagnostics);
    sink.Take(*spec.where, diagnostics);
  }
}

void Compiler::CompileRoute(const Located& text, Rule* rule, ProblemSink& sink) {
  Diagnostics diagnostics;
  const std::optional<language::Route> route = language::ParseRoute(text.text, &diagnostics);
  sink.Take(text, diagnostics);
  if (!route) return;
  rule->takes_devices = language::SourceMatches(*route, "/messages/");
  if (!route->condition.empty()) {
    Diagnostics of_condition;
    rule->where = language::CompileCondition(route->condition, Options(*rule), &of_condition);
    sink.Take(text, of_condition, route->condition_offset);
  }
  if (route->sink == language::Route::Sink::kBrokeredEndpoint) {
    language::Diagnostic diagnostic;
    diagnostic.message = "BrokeredEndpoint leads to another module, which is not here";
    diagnostic.hint = "INTO $upstream";
    diagnostic.offset = route->sink_offset;
    diagnostic.length = route->sink_length;
    sink.Take(text, {diagnostic});
  }
}

void Compiler::CompileSet(const RuleSpec& spec, Rule* rule, ProblemSink& sink) {
  std::map<std::string, bool> seen;
  for (const SetSpec& set : spec.set) {
    const std::string lower = Lower(set.name.text);
    if (lower.empty()) sink.Error(set.name, "a property needs a name");
    if (const std::string_view prefix = ReservedPrefix(lower); !prefix.empty()) {
      sink.Error(set.name, fmt::format("names that begin with {} are not a rule's to set", prefix),
                 "they are the hub's or the gateway's own");
    }
    if (!seen.emplace(lower, true).second) {
      sink.Error(set.name, fmt::format("'{}' is set twice; names ignore case", set.name.text));
    }
    SetField field;
    field.name = set.name.text;
    CompileValue(set.value, *rule, &field, sink);
    rule->set.push_back(std::move(field));
  }
}

void Compiler::CompileValue(const Located& value, const Rule& rule, SetField* field,
                            ProblemSink& sink) {
  const std::string& text = value.text;
  if (!text.starts_with('$')) {
    field->literal = text;
  } else if (text.starts_with("$$")) {
    field->literal = text.substr(1);
  } else {
    Diagnostics diagnostics;
    field->expression = language::CompileValue(text, Options(rule), &diagnostics);
    sink.Take(value, diagnostics);
  }
}

void Compiler::CompileShape(const RuleSpec& spec, Rule* rule, ProblemSink& sink) {
  if (spec.select.empty() && spec.redact.empty()) return;
  Shape shape;
  std::string key;
  AddPaths(spec.select, &shape.select, &key, sink);
  key += '|';
  AddPaths(spec.redact, &shape.redact, &key, sink);
  const auto [entry, is_new] =
      shapes_.emplace(key, static_cast<uint16_t>(program_->shapes_.size()));
  if (is_new) program_->shapes_.push_back(std::move(shape));
  rule->shape = entry->second;
}

void Compiler::AddPaths(const std::vector<Located>& texts, PathTree* paths, std::string* key,
                        ProblemSink& sink) {
  for (const Located& text : texts) {
    size_t bad = 0;
    const bool has_prefix = Lower(text.text).starts_with("$body");
    const auto path = language::ParsePath(text.text, &bad);
    if (!path || has_prefix) {
      language::Diagnostic diagnostic;
      diagnostic.message = fmt::format("'{}' is no path into a body", text.text);
      diagnostic.hint = has_prefix ? "leave $body. out" : "write it as behind $body: v_rms.z";
      diagnostic.offset = path ? 0 : bad;
      sink.Take(text, {diagnostic});
      continue;
    }
    paths->Add(*path);
    *key += text.text;
    *key += ',';
  }
}

void Compiler::AddOutput(std::optional<uint16_t> output, const Located& at, std::string message,
                         Rule* rule, ProblemSink& sink) {
  if (!output) {
    sink.Error(at, std::move(message), "outputs are: " + names_.List());
    return;
  }
  if (std::find(rule->outputs.begin(), rule->outputs.end(), *output) == rule->outputs.end()) {
    rule->outputs.push_back(*output);
  }
}

void Compiler::ResolveOutputs(const RuleSpec& spec, Rule* rule, ProblemSink& sink) {
  if (spec.drop) {
    const Located* idle = !spec.into.empty()     ? &spec.into[0]
                          : !spec.set.empty()    ? &spec.set[0].name
                          : !spec.select.empty() ? &spec.select[0]
                          : !spec.redact.empty() ? &spec.redact[0]
                                                 : FindReducer(spec);
    if (idle != nullptr)
      sink.Error(*idle, "a rule that drops sends nothing: no into, set, select, redact or reducer");
    return;
  }
  const std::string no_default =
      "no output to go to: none is named hub, and there is not exactly one of type iothub";
  if (spec.into.empty())
    AddOutput(names_.Default(), spec.route ? *spec.route : spec.name, no_default, rule, sink);
  for (const Located& name : spec.into) {
    if (IsUpstream(name.text)) {
      AddOutput(names_.Default(), name, no_default, rule, sink);
    } else {
      AddOutput(names_.Find(name.text), name, fmt::format("there is no output '{}'", name.text),
                rule, sink);
    }
  }
}

std::shared_ptr<const Program> Compile(const RuleSetSpec& spec, std::span<const OutputSpec> outputs,
                                       std::vector<Problem>* problems) {
  return Compiler(spec, outputs, problems).Run();
}

}  // namespace sluice::compile
