#include "gateway/commands/filter_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "filters/json/writer.h"
#include "filters/match/value_text.h"

namespace sluice::commands {

using match::DropReason;

namespace {

// "on_change 12, rate 3"; those that are none are left out.
std::string ByReason(const std::array<uint64_t, match::kDropReasons>& counts) {
  std::string text;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        match::DropReasonText(static_cast<DropReason>(i)), counts[i]);
  }
  return text;
}

}  // namespace

void FilterSummary::Count(const match::Verdict& verdict,
                          std::span<const reduce::RuleEngine::Held> held,
                          const match::Shaper::Result& shaped) {
  for (const uint16_t rule : verdict.rules) ++rules_[rule].matched;
  for (const uint16_t rule : verdict.errors) ++rules_[rule].errors;
  for (const uint16_t rule : shaped.errors) ++rules_[rule].errors;
  for (const auto& [rule, reason] : held) ++rules_[rule].held[static_cast<size_t>(reason)];
  CountSent(shaped);
  if (!shaped.deliveries.empty()) {
    ++forwarded_;
    return;
  }
  const DropReason reason = verdict.forwards() ? DropReason::kRule : verdict.reason;
  ++dropped_[static_cast<size_t>(reason)];
}

void FilterSummary::CountWindow(uint16_t rule, const match::Shaper::Result& shaped) {
  ++rules_[rule].windows;
  CountSent(shaped);
}

void FilterSummary::CountSent(const match::Shaper::Result& shaped) {
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    for (const uint16_t rule : delivery.delivery->rules) ++rules_[rule].sent;
  }
}

uint64_t FilterSummary::dropped() const {
  return std::accumulate(dropped_.begin(), dropped_.end(), bad_topics_);
}

std::string FilterSummary::AsJson() const {
  std::string text =
      fmt::format(R"({{"messages":{},"forwarded":{},"dropped":{},"malformed":{},"rules":{{)",
                  forwarded_ + dropped(), forwarded_, dropped(), malformed_);
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (i > 0) text += ',';
    json::AppendString(program_.rules()[i].name, &text);
    text += fmt::format(R"(:{{"matched":{},"errors":{}}})", rules_[i].matched, rules_[i].errors);
  }
  return text + "}}\n";
}

std::string FilterSummary::Reasons() const {
  std::string text = ByReason(dropped_);
  if (bad_topics_ > 0) text += fmt::format("{}bad topic {}", text.empty() ? "" : ", ", bad_topics_);
  return text.empty() ? "" : " (" + text + ")";
}

std::string FilterSummary::AsTable() const {
  std::string text = fmt::format("{} messages: {} forwarded, {} dropped{}\n",
                                 forwarded_ + dropped(), forwarded_, dropped(), Reasons());
  if (malformed_ > 0) text += fmt::format("lines that are no messages: {}\n", malformed_);
  std::vector<std::string> names;
  size_t width = 4;
  for (const compile::Rule& rule : program_.rules()) {
    names.push_back(match::Printable(rule.name));
    width = std::max(width, names.back().size());
  }
  const auto append = [&](std::string_view name, auto matched, auto errors, auto windows, auto sent,
                          std::string_view held) {
    text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>10}  {}", name, width, matched, errors,
                        windows, sent, held);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  text += '\n';
  append("rule", "matched", "errors", "windows", "sent", "held by");
  for (size_t i = 0; i < rules_.size(); ++i) {
    const RuleCounts& rule = rules_[i];
    append(names[i], rule.matched, rule.errors, rule.windows, rule.sent, ByReason(rule.held));
  }
  return text;
}

}  // namespace sluice::commands
