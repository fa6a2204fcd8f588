// A rule engine fed with lines of one word each, for tests of what reducers let through.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "tests/filters/match/rules_fixture.h"

namespace sluice::reduce {

using match::Compiled;
using match::Rule;

inline constexpr int64_t kSecond = 1'000'000;

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
    const std::vector<RuleEngine::Explained> explained = engine.Explain(view);
    const match::Verdict& verdict = engine.Run(view);
    ExpectExplained(engine, explained);
    return verdict.forwards() ? "pass" : std::string(match::DropReasonText(verdict.reason));
  }

  // What was said about reducers before they ran is what they did.
  static void ExpectExplained(const RuleEngine& engine,
                              const std::vector<RuleEngine::Explained>& explained) {
    std::vector<std::pair<uint16_t, std::string>> said, done;
    for (const RuleEngine::Explained& each : explained) {
      const ExplainedReducer& last = each.reduction.reducers.back();
      if (!last.passes) said.emplace_back(each.rule, last.name);
    }
    for (const RuleEngine::Held& held : engine.held())
      done.emplace_back(held.rule, match::DropReasonText(held.reason));
    EXPECT_EQ(said, done);
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
