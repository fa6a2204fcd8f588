#include "gateway/commands/diff_report.h"

#include <fmt/format.h>

#include "filters/match/value_text.h"

namespace sluice::commands {
namespace {

constexpr size_t kExamples = 3;  // shown of each change

// In the order of the enumerators.
constexpr const char* kVerdicts[] = {
    "now forwarded",
    "now dropped",
    "dropped for another reason",
    "to other outputs",
    "other content or priority",
    "other rules, same outcome",
    "windows now sent",
    "windows no longer sent",
    "windows of other content",
};
constexpr const char* kOfRule[] = {
    "now matches",       "no longer matches",       "now held",
    "no longer held",    "held otherwise",          "sends otherwise",
    "now sends windows", "no longer sends windows", "windows of other content",
};
static_assert(std::size(kVerdicts) == DiffReport::kKinds);
static_assert(std::size(kOfRule) == DiffReport::kKinds);

}  // namespace

void Change::Add(const std::string& example) {
  if (++count_ <= kExamples) examples_.push_back(example);
}

void Change::PrintExamples(const char* indent) const {
  for (const std::string& example : examples_) fmt::print("{}{}\n", indent, example);
  if (count_ > examples_.size()) fmt::print("{}and {} more\n", indent, count_ - examples_.size());
}

void DiffReport::Add(Verdict kind, const std::string& example) {
  verdicts_[static_cast<size_t>(kind)].Add(example);
}

void DiffReport::Add(const std::string& rule, OfRule kind, const std::string& example) {
  rules_[rule][static_cast<size_t>(kind)].Add(example);
}

void DiffReport::CountMessage(bool changed) {
  ++messages_;
  if (changed) ++changed_messages_;
}

void DiffReport::CountWindows(uint64_t all, uint64_t changed) {
  windows_ += all;
  changed_windows_ += changed;
}

void DiffReport::PrintSums() const {
  std::string sums = fmt::format("{} of {} messages", changed_messages_, messages_);
  if (windows_ > 0) sums += fmt::format(" and {} of {} windows", changed_windows_, windows_);
  fmt::print("{} change\n", sums);
}

void DiffReport::Print(const Order& rules) const {
  PrintSums();
  if (!changed()) return;
  fmt::print("\nBy verdict\n");
  for (size_t i = 0; i < kKinds; ++i) {
    if (verdicts_[i].count() == 0) continue;
    fmt::print("  {:<26} {:>8}\n", kVerdicts[i], verdicts_[i].count());
    verdicts_[i].PrintExamples("    ");
  }
  if (!rules_.empty()) fmt::print("\nBy rule\n");
  for (const auto& [name, remark] : rules) {
    const auto found = rules_.find(name);
    if (found == rules_.end()) continue;
    fmt::print("  {}{}\n", match::Printable(name), remark.empty() ? "" : " (" + remark + ")");
    for (size_t i = 0; i < kKinds; ++i) {
      if (found->second[i].count() == 0) continue;
      fmt::print("    {:<24} {:>8}\n", kOfRule[i], found->second[i].count());
      found->second[i].PrintExamples("      ");
    }
  }
}

}  // namespace sluice::commands
