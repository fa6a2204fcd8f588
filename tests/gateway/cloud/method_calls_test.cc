#include "gateway/cloud/method_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::cloud {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class MethodCallsTest : public testing::Test {
 protected:
  MethodCallsTest() {
    MethodTable table;
    table.allowed["echo"] = [](std::string_view payload, const Reply& reply) {
      reply({207, std::string(payload)});
    };
    table.allowed["later"] = [this](std::string_view, const Reply& reply) {
      replies_.push_back(reply);
    };
    table.forbidden = {"drain"};
    calls_.emplace(MethodCalls::Options{.patience = 25s, .most_under_way = 3}, std::move(table),
                   [this](uint64_t number, Answer answer) {
                     brought_.emplace_back(number, std::move(answer));
                   });
  }

  // "STATUS ID PAYLOAD", or "".
  static std::string Told(const std::optional<uplink::DownlinkMessage>& message) {
    if (!message) return "";
    constexpr std::string_view kPrefix = "$iothub/methods/res/";
    EXPECT_TRUE(message->topic.starts_with(kPrefix));
    const std::string rest = message->topic.substr(kPrefix.size());
    return rest.substr(0, rest.find('/')) + " " + rest.substr(rest.find('=') + 1) + " " +
           message->payload;
  }
  std::string Call(std::string_view method, std::string_view payload = "",
                   std::string_view id = "1") {
    return Told(calls_->OnCall(method, id, payload, now_));
  }
  // What has been brought so far, answered.
  std::vector<std::string> Answers() {
    std::vector<std::string> told;
    for (auto& [number, answer] : std::exchange(brought_, {}))
      told.push_back(Told(calls_->OnAnswer(number, std::move(answer))));
    return told;
  }

  MethodCalls::TimePoint now_{1h};
  std::vector<Reply> replies_;
  std::vector<std::pair<uint64_t, Answer>> brought_;
  std::optional<MethodCalls> calls_;
};

TEST_F(MethodCallsTest, AnswersWithTheCallersId) {
  EXPECT_EQ(Call("echo", R"({"a":[1]})", "f7"), "");
  EXPECT_THAT(Answers(), testing::ElementsAre(R"(207 f7 {"a":[1]})"));
  EXPECT_EQ(Call("echo"), "");
  EXPECT_THAT(Answers(), testing::ElementsAre("207 1 "));
}

TEST_F(MethodCallsTest, RefusesAtOnceWhatItCannotDo) {
  EXPECT_EQ(Call("reboot"),
            R"(404 1 {"error":"there is no method 'reboot'; there is echo, later"})");
  EXPECT_THAT(Call(std::string(10'000, 'x')),
              HasSubstr("404 1 {\"error\":\"there is no method 'xxx"));
  EXPECT_LT(Call(std::string(10'000, 'x')).size(), 200u);
  EXPECT_THAT(Call("\xff"), HasSubstr("404 1 {\"error\":\"not UTF-8\"}"));
  EXPECT_THAT(Call("drain"), HasSubstr("403 1 {\"error\":\"this gateway does not allow 'drain'"));
  for (const char* payload : {"{", "x", "{} {}", "\"\xff\"", "[1,]"})
    EXPECT_EQ(Call("echo", payload), R"(400 1 {"error":"the payload is no JSON"})") << payload;
  EXPECT_THAT(Call("echo", std::string(MethodCalls::kMaxPayload + 1, ' ')), HasSubstr("413 1"));
  EXPECT_TRUE(brought_.empty()) << "no method was called";
}

TEST_F(MethodCallsTest, AnAnswerThatIsTooLargeIsSaidToBe) {
  const std::string large = "\"" + std::string(MethodCalls::kMaxPayload, 'x') + "\"";
  EXPECT_EQ(Call("later"), "");
  replies_[0]({200, large});
  EXPECT_THAT(Answers(),
              testing::ElementsAre(HasSubstr("413 1 {\"error\":\"the answer has 131074")));
}

TEST_F(MethodCallsTest, EachCallIsAnsweredOnceAndInTime) {
  EXPECT_EQ(calls_->NextWake(), MethodCalls::TimePoint::max());
  EXPECT_EQ(Call("later", "", "a"), "");
  now_ += 1s;
  EXPECT_EQ(Call("later", "", "b"), "");
  EXPECT_EQ(calls_->NextWake(), now_ + 24s);
  EXPECT_FALSE(calls_->Expire(now_));
  now_ += 24s;
  EXPECT_THAT(Told(calls_->Expire(now_)), HasSubstr("504 a {\"error\":"));
  EXPECT_FALSE(calls_->Expire(now_));
  replies_[0]({200, "{}"});
  replies_[1]({200, "{}"});
  replies_[1]({200, "[]"});
  EXPECT_THAT(Answers(), testing::ElementsAre("", "200 b {}", ""));
}

TEST_F(MethodCallsTest, SoManyMayBeUnderWay) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Call("later"), "");
  EXPECT_THAT(Call("later"), HasSubstr("429 1"));
  replies_[0]({200, ""});
  EXPECT_THAT(Answers(), testing::ElementsAre("200 1 "));
  EXPECT_EQ(Call("later"), "");
}

TEST_F(MethodCallsTest, NobodyIsAnsweredOnAnotherConnection) {
  EXPECT_EQ(Call("later"), "");
  calls_->Forget();
  replies_[0]({200, "{}"});
  EXPECT_THAT(Answers(), testing::ElementsAre(""));
}

}  // namespace
}  // namespace sluice::cloud
