// The agent with its thread, between a hub and a gateway that the test plays.
#include "gateway/cloud/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace sluice::cloud {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class AgentTest : public testing::Test {
 protected:
  struct Applying {
    Desired desired;
    std::function<void(ApplyResult)> done;
  };

  void StartAgent() {
    MethodTable methods;
    methods.allowed["echo"] = [](std::string_view payload, const Reply& reply) {
      reply({200, std::string(payload)});
    };
    methods.allowed["later"] = [this](std::string_view, const Reply& reply) {
      const std::lock_guard lock(mutex_);
      replies_.push_back(reply);
      changed_.notify_all();
    };
    TwinHost host;
    host.facts = [] { return Facts{"1", "t", 0, "h", {}}; };
    host.apply = [this](const Desired& desired, std::function<void(ApplyResult)> done) {
      const std::lock_guard lock(mutex_);
      applying_.push_back({desired, std::move(done)});
      changed_.notify_all();
    };
    options_.twin.report_spacing = 0ms;
    options_.twin.read_spacing = 0ms;
    agent_.emplace(
        options_, std::move(methods), std::move(host), clock_, [] { return 0.5; }, bell_);
    agent_->Start();
    agent_->OnUp();
  }

  // The next message that the agent has for the hub.
  uplink::DownlinkMessage Said() {
    uplink::DownlinkMessage message;
    const auto end = clock_.Now() + 60s;
    while (!agent_->Next(&message)) {
      if (clock_.Now() >= end) {
        ADD_FAILURE() << "nothing was said";
        return {};
      }
      bell_.WaitUntil(end);
    }
    return message;
  }
  // The next one, which asks for the twin: answers it.
  void TwinIs(uint64_t version, const std::string& section) {
    const uplink::DownlinkMessage read = Said();
    ASSERT_TRUE(read.topic.starts_with("$iothub/twin/GET/")) << read.topic;
    agent_->OnMessage({"$iothub/twin/res/200/?$rid=" + IdOf(read),
                       R"({"desired":{"sluice":)" + section + R"(,"$version":)" +
                           std::to_string(version) + R"(},"reported":{"$version":1}})"});
  }
  void Tell(uint64_t version) {
    agent_->OnMessage(
        {"$iothub/twin/PATCH/properties/desired/?$version=" + std::to_string(version), "{}"});
  }
  // The next one, which reports: its part about desired properties.
  json Reported() {
    const uplink::DownlinkMessage report = Said();
    EXPECT_TRUE(report.topic.starts_with("$iothub/twin/PATCH/properties/reported/"))
        << report.topic;
    agent_->OnMessage({"$iothub/twin/res/204/?$rid=" + IdOf(report) + "&$version=2", ""});
    return json::parse(report.payload)["sluice"]["desired"];
  }
  static std::string IdOf(const uplink::DownlinkMessage& message) {
    return message.topic.substr(message.topic.rfind('=') + 1);
  }
  Applying NextApply() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return !applying_.empty(); }));
    Applying first = std::move(applying_.front());
    applying_.erase(applying_.begin());
    return first;
  }
  Reply NextReply() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return !replies_.empty(); }));
    return std::exchange(replies_, {}).front();
  }
  size_t applies_waiting() {
    const std::lock_guard lock(mutex_);
    return applying_.size();
  }

  uplink::RealClock clock_;
  spool::Doorbell bell_;
  Agent::Options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Applying> applying_;
  std::vector<Reply> replies_;
  std::optional<Agent> agent_;
};

TEST_F(AgentTest, TakesOverWhatIsDesiredAndReportsIt) {
  StartAgent();
  TwinIs(3, R"({"rules":"x"})");
  Applying apply = NextApply();
  EXPECT_EQ(apply.desired.version, 3u);
  EXPECT_EQ(apply.desired.section, R"({"rules":"x"})");
  EXPECT_EQ(Reported()["status"], "none") << "the first report does not wait for it";
  apply.done({{}, {"rules"}});
  json reported = Reported();
  EXPECT_EQ(reported["status"], "applied");
  EXPECT_EQ(reported["inForce"], 3);
  EXPECT_EQ(reported["sections"], json({"rules"}));

  Tell(4);
  TwinIs(4, R"({"rules":"y"})");
  NextApply().done({{{"rules", 2, 5, "rules", "wrong"}}, {}});
  reported = Reported();
  EXPECT_EQ(reported["status"], "refused");
  EXPECT_EQ(reported["version"], 4);
  EXPECT_EQ(reported["inForce"], 3);
  EXPECT_EQ(reported["errors"][0]["line"], 2);

  // Back to what is in force: nothing to take over, but to be said.
  Tell(5);
  TwinIs(5, R"({"rules":"x"})");
  reported = Reported();
  EXPECT_EQ(reported["status"], "applied");
  EXPECT_EQ(reported["inForce"], 5);
  EXPECT_EQ(reported["errors"], nullptr);
  EXPECT_EQ(applies_waiting(), 0u);
}

TEST_F(AgentTest, OfChangesMeanwhileOnlyTheLastIsTakenOver) {
  StartAgent();
  TwinIs(3, "1");
  Applying first = NextApply();
  Reported();
  for (const uint64_t version : {4, 5}) {
    Tell(version);
    TwinIs(version, std::to_string(version));
  }
  EXPECT_EQ(applies_waiting(), 0u);
  first.done({});
  EXPECT_EQ(Reported()["inForce"], 3);
  Applying last = NextApply();
  EXPECT_EQ(last.desired.section, "5");
}

TEST_F(AgentTest, WhatOutlivedARestartIsNotTakenOverAgain) {
  options_.version_in_force = 7;
  options_.section_in_force = R"({"rules":"x"})";
  options_.sections_in_force = {"rules"};
  StartAgent();
  TwinIs(7, R"({"rules":"x"})");
  const json reported = Reported();
  EXPECT_EQ(reported["status"], "applied");
  EXPECT_EQ(reported["inForce"], 7);
  EXPECT_EQ(reported["sections"], json({"rules"}));
  EXPECT_EQ(applies_waiting(), 0u);
}

TEST_F(AgentTest, WhatWasRefusedIsTriedAgainAfterAReloadOnly) {
  StartAgent();
  TwinIs(3, "1");
  Reported();
  NextApply().done({{{"rules", 0, 0, "", "there is no output 'x'"}}, {}});
  EXPECT_EQ(Reported()["status"], "refused");
  agent_->OnDown();
  agent_->OnUp();
  TwinIs(3, "1");
  agent_->OnReloaded();
  Applying again = NextApply();
  EXPECT_EQ(applies_waiting(), 0u);
  EXPECT_EQ(Reported()["status"], "refused");
  again.done({});
  EXPECT_EQ(Reported()["status"], "applied");
}

TEST_F(AgentTest, WhatWasRefusedAndIsWithdrawnIsNoLongerSaid) {
  StartAgent();
  TwinIs(3, "1");
  Reported();
  NextApply().done({{{"rules", 0, 0, "", "there is no output 'x'"}}, {}});
  EXPECT_EQ(Reported()["status"], "refused");
  Tell(4);
  TwinIs(4, "null");
  EXPECT_EQ(Reported()["status"], "none");
  EXPECT_EQ(applies_waiting(), 0u);
}

TEST_F(AgentTest, ThatNothingIsDesiredCanBeRefusedAndTriedAgain) {
  options_.version_in_force = 7;
  options_.section_in_force = "1";
  StartAgent();
  TwinIs(8, "null");
  Reported();
  NextApply().done({{{"", 0, 0, "", "the certificate cannot be read"}}, {}});
  EXPECT_EQ(Reported()["status"], "refused");
  agent_->OnReloaded();
  NextApply().done({});
  EXPECT_EQ(Reported()["status"], "refused") << "the reload's report";
  EXPECT_EQ(Reported()["status"], "none");
}

TEST_F(AgentTest, AnswersMethodsNowAndLater) {
  StartAgent();
  TwinIs(1, "null");
  Reported();
  agent_->OnMessage({"$iothub/methods/POST/echo/?$rid=a", "[1]"});
  uplink::DownlinkMessage answer = Said();
  EXPECT_EQ(answer.topic, "$iothub/methods/res/200/?$rid=a");
  EXPECT_EQ(answer.payload, "[1]");
  agent_->OnMessage({"$iothub/methods/POST/later/?$rid=b", ""});
  NextReply()({202, "{}"});
  EXPECT_EQ(Said().topic, "$iothub/methods/res/202/?$rid=b");
  agent_->OnMessage({"$iothub/methods/POST/none/?$rid=c", ""});
  EXPECT_EQ(Said().topic, "$iothub/methods/res/404/?$rid=c");
}

TEST_F(AgentTest, WhatIsAnsweredBeforeTheEndIsStillSaid) {
  StartAgent();
  TwinIs(1, "null");
  Reported();
  agent_->OnMessage({"$iothub/methods/POST/later/?$rid=b", ""});
  const Reply reply = NextReply();
  reply({200, "{}"});
  agent_->Stop();
  EXPECT_EQ(Said().topic, "$iothub/methods/res/200/?$rid=b");
  agent_.reset();
  reply({200, "{}"});  // nobody is there
}

TEST_F(AgentTest, WhatComesFasterThanItIsTakenIsBounded) {
  StartAgent();
  TwinIs(1, "null");
  Reported();
  // Meanwhile the agent's thread is held up in a method, by the lock.
  {
    const std::lock_guard lock(mutex_);
    agent_->OnMessage({"$iothub/methods/POST/later/?$rid=b", ""});
    for (int i = 0; i < 1000; ++i)
      agent_->OnMessage({"$iothub/methods/POST/echo/?$rid=" + std::to_string(i), "1"});
  }
  NextReply()({200, ""});
  // What was dropped may have told of a change.
  int answers = 0;
  for (;;) {
    const uplink::DownlinkMessage said = Said();
    if (said.topic.starts_with("$iothub/twin/GET/")) break;
    ++answers;
    ASSERT_LE(answers, 200);
  }
}

}  // namespace
}  // namespace sluice::cloud
