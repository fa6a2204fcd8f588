// sluice diff: what another configuration would make of the same messages.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/compile/rule_changes.h"
#include "filters/match/value_text.h"
#include "filters/utc/rfc3339.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/diff_report.h"
#include "gateway/commands/judgement.h"
#include "gateway/commands/line_messages.h"

namespace sluice::commands {
namespace {

using OfRule = DiffReport::OfRule;
using Verdict = DiffReport::Verdict;

constexpr char kDefault[] = "rules.default";  // in a rule's place, for what no rule sends

std::string Joined(const std::set<std::string>& names) {
  return names.empty() ? "nowhere" : fmt::format("{}", fmt::join(names, ", "));
}

std::string Example(const std::string& where, std::string_view topic, std::string_view device) {
  std::string example = fmt::format("{}: {}", where, match::Printable(topic));
  if (!device.empty()) example += fmt::format(" from {}", match::Printable(device));
  return example;
}

std::string TimeText(int64_t time_us) {
  std::string text;
  utc::AppendRfc3339(time_us, &text);
  return text;
}

// Who sends what only one of the two has.
std::set<std::string> SendersOfDifference(const SentMessages& before, const SentMessages& after) {
  std::vector<std::pair<std::string, std::set<std::string>>> different;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(different),
                                [](const auto& a, const auto& b) { return a.first < b.first; });
  std::set<std::string> senders;
  for (const auto& [bytes, rules] : different) senders.insert(rules.begin(), rules.end());
  return senders;
}

bool SameMessages(const SentMessages& before, const SentMessages& after) {
  return std::equal(before.begin(), before.end(), after.begin(), after.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first; });
}

class Differ {
 public:
  Differ(const ConfigFile& old_file, const ConfigFile& new_file)
      : changes_(compile::CompareRules(old_file.file.rules, new_file.file.rules)),
        written_anew_(changes_.changed.begin(), changes_.changed.end()),
        old_(old_file.program),
        new_(new_file.program) {}

  // Whether the line is a message; if not, why is on stderr.
  bool Take(std::string_view line, uint64_t number);
  // The end of the input closes all windows.
  void Finish();
  // Whether nothing changed. To stdout.
  bool Report() const;

 private:
  void Compare(const Judgement& before, const Judgement& after, const std::string& example);
  bool CompareRules(const Judgement& before, const Judgement& after, const std::string& example);
  void CompareSenders(const Judgement& before, const Judgement& after, bool explained,
                      const std::string& example);
  void CompareWindows(const Windows& before, const Windows& after);
  void CompareWindow(const WindowId& id, const std::multiset<std::string>& before,
                     const std::multiset<std::string>& after);
  DiffReport::Order Order() const;

  const compile::RuleChanges changes_;
  const std::set<std::string> written_anew_;
  RuleSetJudge old_;
  RuleSetJudge new_;
  LineMessages messages_;
  DiffReport report_;
};

bool Differ::Take(std::string_view line, uint64_t number) {
  if (const absl::Status status = messages_.Parse(line); !status.ok()) {
    fmt::print(stderr, "sluice diff: line {}: no message: {}\n", number,
               std::string(status.message()));
    return false;
  }
  const language::MessageView& message = messages_.view();
  const Windows before = old_.Advance(message.time_us);
  CompareWindows(before, new_.Advance(message.time_us));
  if (!messages_.topic_is_valid()) {  // a drop, whatever the rules
    report_.CountMessage(false);
    return true;
  }
  const Judgement judged_before = old_.Judge(message);
  Compare(judged_before, new_.Judge(message),
          Example(fmt::format("line {}", number), message.topic, message.device));
  return true;
}

void Differ::Finish() {
  const Windows before = old_.CloseAll();
  CompareWindows(before, new_.CloseAll());
}

void Differ::Compare(const Judgement& before, const Judgement& after, const std::string& example) {
  const bool same_messages = SameMessages(before.messages, after.messages);
  const bool other_rules = CompareRules(before, after, example);
  const bool changed = other_rules || !same_messages || before.reason != after.reason;
  report_.CountMessage(changed);
  if (!changed) return;
  if (!same_messages) CompareSenders(before, after, other_rules, example);
  const bool forwarded = before.reason.empty(), forwards = after.reason.empty();
  if (forwarded != forwards) {
    report_.Add(forwards ? Verdict::kForwarded : Verdict::kDropped, example);
  } else if (before.reason != after.reason) {
    report_.Add(Verdict::kOtherReason,
                fmt::format("{}: {} -> {}", example, before.reason, after.reason));
  } else if (before.outputs != after.outputs) {
    report_.Add(Verdict::kOtherOutputs, fmt::format("{}: {} -> {}", example, Joined(before.outputs),
                                                    Joined(after.outputs)));
  } else {
    report_.Add(same_messages ? Verdict::kOtherRules : Verdict::kOtherContent, example);
  }
}

// Whether other rules match, or reducers hold it otherwise.
bool Differ::CompareRules(const Judgement& before, const Judgement& after,
                          const std::string& example) {
  bool changed = false;
  const auto add = [&](const std::string& rule, OfRule kind, std::string_view by = "") {
    report_.Add(rule, kind, by.empty() ? example : fmt::format("{}, by {}", example, by));
    changed = true;
  };
  for (const auto& [rule, held] : before.rules) {
    const auto now = after.rules.find(rule);
    if (now == after.rules.end()) {
      add(rule, OfRule::kMatchesNot);
    } else if (now->second != held) {
      add(rule,
          held.empty()          ? OfRule::kHeld
          : now->second.empty() ? OfRule::kPasses
                                : OfRule::kHeldOtherwise,
          now->second);
    }
  }
  for (const auto& [rule, held] : after.rules) {
    if (!before.rules.contains(rule)) add(rule, OfRule::kMatches);
  }
  return changed;
}

// Rules that matched and passed as before, and send something else: those that were written anew.
// Where they were not and nothing else `explained` it, whoever sends what is different.
void Differ::CompareSenders(const Judgement& before, const Judgement& after, bool explained,
                            const std::string& example) {
  const std::set<std::string> senders = SendersOfDifference(before.messages, after.messages);
  bool any = false;
  for (const std::string& rule : senders) {
    const auto was = before.rules.find(rule), is = after.rules.find(rule);
    if (was == before.rules.end() || is == after.rules.end() || was->second != is->second) continue;
    if (!written_anew_.contains(rule)) continue;
    report_.Add(rule, OfRule::kSendsOtherwise, example);
    any = true;
  }
  if (any || explained) return;
  for (const std::string& rule : senders) report_.Add(rule, OfRule::kSendsOtherwise, example);
  if (senders.empty()) report_.Add(kDefault, OfRule::kSendsOtherwise, example);
}

void Differ::CompareWindows(const Windows& before, const Windows& after) {
  if (before.empty() && after.empty()) return;
  const std::multiset<std::string> kNone;
  for (const auto& [id, sent] : before) {
    const auto now = after.find(id);
    CompareWindow(id, sent, now == after.end() ? kNone : now->second);
  }
  for (const auto& [id, sent] : after) {
    if (!before.contains(id)) CompareWindow(id, kNone, sent);
  }
}

void Differ::CompareWindow(const WindowId& id, const std::multiset<std::string>& before,
                           const std::multiset<std::string>& after) {
  std::vector<std::string> both;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(both));
  const size_t gone = before.size() - both.size(), came = after.size() - both.size();
  report_.CountWindows(std::max(before.size(), after.size()), std::max(gone, came));
  const std::string example = Example(
      fmt::format("{} to {}", TimeText(id.from_us), TimeText(id.to_us)), id.topic, id.device);
  const auto add = [&](size_t count, Verdict verdict, OfRule of_rule) {
    for (size_t i = 0; i < count; ++i) {
      report_.Add(verdict, example);
      report_.Add(id.rule, of_rule, example);
    }
  };
  const size_t altered = std::min(gone, came);
  add(altered, Verdict::kWindowContent, OfRule::kWindowContent);
  add(gone - altered, Verdict::kWindowGone, OfRule::kWindowGone);
  add(came - altered, Verdict::kWindowSent, OfRule::kWindowSent);
}

// As the new configuration has them, then those that only the old one has.
DiffReport::Order Differ::Order() const {
  const std::set<std::string> added(changes_.added.begin(), changes_.added.end());
  DiffReport::Order order;
  for (const compile::Rule& rule : new_.program().rules()) {
    order.emplace_back(rule.name, added.contains(rule.name)           ? "new"
                                  : written_anew_.contains(rule.name) ? "changed"
                                                                      : "");
  }
  for (const std::string& rule : changes_.removed) order.emplace_back(rule, "removed");
  order.emplace_back(kDefault, "");
  return order;
}

bool Differ::Report() const {
  report_.Print(Order());
  return !report_.changed();
}

// Nothing if it cannot be used; what is wrong with it is on stderr.
std::optional<ConfigFile> Load(const std::string& path) {
  config::Diagnostics diagnostics;
  std::optional<ConfigFile> loaded = LoadConfigFile(path, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (loaded && diagnostics.errors() == 0 && loaded->program != nullptr) return loaded;
  fmt::print(stderr, "sluice diff: nothing was compared: {} cannot be used\n", path);
  return std::nullopt;
}

}  // namespace

int Diff(const DiffOptions& options) {
  const std::optional<ConfigFile> old_file = Load(options.old_config);
  const std::optional<ConfigFile> new_file = Load(options.new_config);
  if (!old_file || !new_file) return kExitNo;
  Differ differ(*old_file, *new_file);
  uint64_t lines = 0, malformed = 0;
  const bool read = ForEachLine(options.messages, [&](std::string_view line, uint64_t number) {
    ++lines;
    if (!differ.Take(line, number)) ++malformed;
  });
  if (!read && lines == 0) {
    fmt::print(stderr, "sluice diff: nothing was compared: no messages\n");
    return kExitNo;
  }
  differ.Finish();
  const bool same = differ.Report();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  if (malformed > 0)
    fmt::print(stderr, "sluice diff: {} of {} lines are no messages and were left out\n", malformed,
               lines);
  return same && read && malformed == 0 ? kExitFine : kExitNo;
}

}  // namespace sluice::commands
