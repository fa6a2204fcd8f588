// A rule engine fed with lines of one word each, for tests of what reducers let through.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filters/compile/compiler.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"

namespace sluice::reduce {

inline compile::Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

inline constexpr int64_t kSecond = 1'000'000;

// A rule with reducers, put together by chained calls.
class Rule {
 public:
  explicit Rule(std::string name = "r") { spec_.name = Text(std::move(name)); }

  Rule& From(std::string from) { return spec_.from = Text(std::move(from)), *this; }
  Rule& Where(std::string where) { return spec_.where = Text(std::move(where)), *this; }
  Rule& Set(std::string name, std::string value) {
    return spec_.set.push_back({Text(std::move(name)), Text(std::move(value))}), *this;
  }
  Rule& Select(std::string path) { return spec_.select.push_back(Text(std::move(path))), *this; }
  Rule& Into(std::string output) { return spec_.into.push_back(Text(std::move(output))), *this; }
  Rule& Drop() { return spec_.drop = true, *this; }
  Rule& Final() { return spec_.final_rule = true, *this; }
  Rule& Priority(int priority) { return spec_.priority = priority, *this; }
  Rule& Dedup(int64_t ms) { return spec_.dedup = std::chrono::milliseconds(ms), *this; }
  Rule& OnChange(std::string of, std::string by = "", int64_t max_silence_ms = 0) {
    spec_.on_change = compile::OnChangeSpec{.of = Text(std::move(of)), .by = {}, .max_silence = {}};
    if (!by.empty()) spec_.on_change->by = Text(std::move(by));
    spec_.on_change->max_silence = std::chrono::milliseconds(max_silence_ms);
    return *this;
  }
  Rule& Sample(uint32_t n) { return spec_.sample = n, *this; }
  Rule& Rate(std::string rate) { return spec_.rate = Text(std::move(rate)), *this; }
  Rule& Window(int64_t every_ms, std::vector<std::pair<std::string, std::string>> select) {
    compile::WindowSpec& window = spec_.window.emplace();
    window.every = std::chrono::milliseconds(every_ms);
    for (auto& [name, value] : select)
      window.select.push_back({Text(std::move(name)), Text(std::move(value))});
    return *this;
  }
  Rule& Per(std::string value) { return spec_.per.push_back(Text(std::move(value))), *this; }

  const compile::RuleSpec& spec() const { return spec_; }

 private:
  compile::RuleSpec spec_;
};

inline std::shared_ptr<const compile::Program> Compiled(const std::vector<Rule>& rules,
                                                        compile::RuleSetSpec spec = {}) {
  for (const Rule& rule : rules) spec.rules.push_back(rule.spec());
  const compile::OutputSpec outputs[] = {{"hub", true, false}, {"log", false, false}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(spec, outputs, &problems);
  for (const compile::Problem& problem : problems) {
    if (problem.severity == compile::Problem::Severity::kError)
      ADD_FAILURE() << problem.rule << ": " << problem.message;
  }
  return program;
}

// A message that owns its bytes.
struct Message {
  double seconds = 0;
  std::string body;
  std::string device = "d";
  std::string topic = "t";
};

class EngineTest : public testing::Test {
 protected:
  void Start(const std::vector<Rule>& rules, compile::RuleSetSpec spec = {}) {
    engine_ = std::make_unique<RuleEngine>(Compiled(rules, std::move(spec)));
  }

  // "pass", or by what it was dropped.
  std::string Run(const Message& message) { return Run(*engine_, message); }
  static std::string Run(RuleEngine& engine, const Message& message) {
    const std::string payload = message.body + std::string(language::kPayloadSlack, ' ');
    language::MessageView view;
    view.device = message.device;
    view.topic = message.topic;
    view.payload = std::string_view(payload).substr(0, message.body.size());
    view.time_us = std::llround(message.seconds * static_cast<double>(kSecond));
    const match::Verdict& verdict = engine.Run(view);
    return verdict.forwards() ? "pass" : std::string(match::DropReasonText(verdict.reason));
  }

  // All windows that are over at that time, each as device topic body.
  std::vector<std::string> CloseAt(double seconds) {
    engine_->Advance(std::llround(seconds * static_cast<double>(kSecond)));
    return Closed(*engine_);
  }
  static std::vector<std::string> Closed(RuleEngine& engine) {
    std::vector<std::string> closed;
    while (const ClosedWindow* const window = engine.NextClosed()) {
      closed.push_back(
          engine.program().rules()[window->rule].name + " " + std::string(window->message.device) +
          " " + std::string(window->message.topic) + " " + std::string(window->message.payload));
    }
    return closed;
  }

  std::unique_ptr<RuleEngine> engine_;
};

}  // namespace sluice::reduce
