// sluice diff: what another configuration would make of the same messages.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/match/shaper.h"
#include "filters/match/value_text.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/line_messages.h"

namespace sluice::commands {
namespace {

constexpr size_t kExamples = 3;  // shown of each change

// One configuration's view of a message: all that a person would call its verdict.
struct Judgement {
  bool forwards = false;
  std::set<std::string> rules;          // that matched
  std::multiset<std::string> messages;  // each as "output", NUL, priority, body, properties
  std::set<std::string> outputs;
};

class Side {
 public:
  explicit Side(std::shared_ptr<const compile::Program> program)
      : program_(std::move(program)), engine_(program_) {}

  const compile::Program& program() const { return *program_; }
  Judgement Judge(const language::MessageView& message);

 private:
  std::shared_ptr<const compile::Program> program_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
};

// Bytes that tell two messages to an output apart: nothing in them can be mistaken for another
// part.
std::string Fingerprint(const compile::Program& program, const match::ShapedDelivery& shaped) {
  std::string text;
  const auto add = [&](std::string_view part) {
    text += std::to_string(part.size()) + ':';
    text += part;
  };
  add(program.outputs()[shaped.delivery->output]);
  add(std::to_string(shaped.delivery->priority));
  add(shaped.body);
  std::map<std::string_view, std::string_view> set;  // in whatever order rules stand
  for (const match::SetProperty& property : shaped.delivery->set)
    set[property.name] = property.value;
  for (const auto& [name, value] : set) {
    add(name);
    add(value);
  }
  return text;
}

Judgement Side::Judge(const language::MessageView& message) {
  const match::Verdict& verdict = engine_.Run(message);
  const match::Shaper::Result& shaped = shaper_.Apply(program_->shapes(), verdict, message.payload);
  Judgement judgement;
  judgement.forwards = !shaped.deliveries.empty();
  for (const uint16_t rule : verdict.rules) judgement.rules.insert(program_->rules()[rule].name);
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    judgement.outputs.insert(program_->outputs()[delivery.delivery->output]);
    judgement.messages.insert(Fingerprint(*program_, delivery));
  }
  return judgement;
}

// How often something changed, and where first.
struct Change {
  uint64_t count = 0;
  std::vector<std::string> examples;

  void Add(const std::string& example) {
    if (++count <= kExamples) examples.push_back(example);
  }
};

struct RuleChanges {
  Change gained, lost;  // messages that it matches now, or no longer
};

std::string Joined(const std::set<std::string>& names) {
  return names.empty() ? "nowhere" : fmt::format("{}", fmt::join(names, ", "));
}

class Differ {
 public:
  Differ(std::shared_ptr<const compile::Program> old_program,
         std::shared_ptr<const compile::Program> new_program)
      : old_(std::move(old_program)), new_(std::move(new_program)) {}

  // Whether the line is a message; if not, why is on stderr.
  bool Take(std::string_view line, uint64_t number);
  // Whether nothing changed. To stdout.
  bool Report() const;

 private:
  void Compare(const Judgement& before, const Judgement& after, const std::string& example);
  void ReportRules() const;
  std::vector<std::string> RuleNames() const;
  const char* Mark(const std::string& rule) const;

  Side old_;
  Side new_;
  LineMessages messages_;
  uint64_t taken_ = 0;
  uint64_t changed_ = 0;
  Change forwarded_;  // and was dropped
  Change dropped_;    // and was forwarded
  Change rerouted_;   // to other outputs
  Change altered_;    // the same outputs, another body, property or priority
  Change renamed_;    // all as it was, by other rules
  std::map<std::string, RuleChanges> rules_;
};

bool Differ::Take(std::string_view line, uint64_t number) {
  if (const absl::Status status = messages_.Parse(line); !status.ok()) {
    fmt::print(stderr, "sluice: line {}: no message: {}\n", number, std::string(status.message()));
    return false;
  }
  ++taken_;
  if (!messages_.topic_is_valid()) return true;  // a drop, whatever the rules
  const language::MessageView& message = messages_.view();
  const Judgement before = old_.Judge(message);
  const Judgement after = new_.Judge(message);
  std::string example = fmt::format("line {}: {}", number, match::Printable(message.topic));
  if (!message.device.empty()) example += fmt::format(" from {}", match::Printable(message.device));
  Compare(before, after, example);
  return true;
}

void Differ::Compare(const Judgement& before, const Judgement& after, const std::string& example) {
  std::vector<std::string> gained, lost;
  std::set_difference(after.rules.begin(), after.rules.end(), before.rules.begin(),
                      before.rules.end(), std::back_inserter(gained));
  std::set_difference(before.rules.begin(), before.rules.end(), after.rules.begin(),
                      after.rules.end(), std::back_inserter(lost));
  for (const std::string& rule : gained) rules_[rule].gained.Add(example);
  for (const std::string& rule : lost) rules_[rule].lost.Add(example);
  if (gained.empty() && lost.empty() && before.messages == after.messages) return;
  ++changed_;
  const std::string route =
      fmt::format("{}: {} -> {}", example, Joined(before.outputs), Joined(after.outputs));
  if (before.forwards != after.forwards) {
    (after.forwards ? forwarded_ : dropped_).Add(example);
  } else if (before.outputs != after.outputs) {
    rerouted_.Add(route);
  } else if (before.messages != after.messages) {
    altered_.Add(example);
  } else {
    renamed_.Add(example);
  }
}

std::vector<std::string> Differ::RuleNames() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (rules_.contains(name) && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  };
  for (const compile::Rule& rule : new_.program().rules()) add(rule.name);
  for (const compile::Rule& rule : old_.program().rules()) add(rule.name);
  return names;
}

// Whether only one side has a rule of this name.
const char* Differ::Mark(const std::string& rule) const {
  const auto has = [&](const Side& side) {
    const auto& rules = side.program().rules();
    return std::any_of(rules.begin(), rules.end(),
                       [&](const compile::Rule& other) { return other.name == rule; });
  };
  return !has(old_) ? " (new)" : !has(new_) ? " (removed)" : "";
}

void PrintExamples(const Change& change, const char* indent) {
  for (const std::string& example : change.examples) fmt::print("{}{}\n", indent, example);
  if (change.count > change.examples.size())
    fmt::print("{}and {} more\n", indent, change.count - change.examples.size());
}

void Differ::ReportRules() const {
  const std::vector<std::string> names = RuleNames();
  if (!names.empty()) fmt::print("\nBy rule\n");
  for (const std::string& name : names) {
    const RuleChanges& changes = rules_.at(name);
    fmt::print("  {}{}\n", match::Printable(name), Mark(name));
    if (changes.gained.count > 0) {
      fmt::print("    now matches      {:>8}\n", changes.gained.count);
      PrintExamples(changes.gained, "      ");
    }
    if (changes.lost.count > 0) {
      fmt::print("    no longer matches{:>8}\n", changes.lost.count);
      PrintExamples(changes.lost, "      ");
    }
  }
}

bool Differ::Report() const {
  fmt::print("{} of {} messages change\n", changed_, taken_);
  if (changed_ == 0) return true;
  const std::pair<const char*, const Change&> kKinds[] = {
      {"now forwarded", forwarded_},           {"now dropped", dropped_},
      {"to other outputs", rerouted_},         {"other content or priority", altered_},
      {"other rules, same outcome", renamed_},
  };
  fmt::print("\nBy verdict\n");
  for (const auto& [what, change] : kKinds) {
    if (change.count == 0) continue;
    fmt::print("  {:<26} {:>8}\n", what, change.count);
    PrintExamples(change, "    ");
  }
  ReportRules();
  return false;
}

// The rules of a file; what is wrong with it is on stderr.
std::shared_ptr<const compile::Program> Load(const std::string& path) {
  config::Diagnostics diagnostics;
  std::shared_ptr<const compile::Program> program = LoadProgram(path, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  return program;
}

}  // namespace

int Diff(const DiffOptions& options) {
  std::shared_ptr<const compile::Program> old_program = Load(options.old_config);
  std::shared_ptr<const compile::Program> new_program = Load(options.new_config);
  if (old_program == nullptr || new_program == nullptr) return kExitNo;
  Differ differ(std::move(old_program), std::move(new_program));
  bool all_fine = true;
  const bool read = ForEachLine(options.messages, [&](std::string_view line, uint64_t number) {
    all_fine = differ.Take(line, number) && all_fine;
  });
  const bool same = differ.Report();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  return same && read && all_fine ? kExitFine : kExitNo;
}

}  // namespace sluice::commands
