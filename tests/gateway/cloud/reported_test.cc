#include "gateway/cloud/reported.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace sluice::cloud {
namespace {

using nlohmann::json;

Facts SomeFacts() {
  return {"1.0.0", "2026-03-10T09:45:00Z", 12, "abcd", {{"received", 7}, {"dropped", 3}}};
}

TEST(ReportedPatchTest, SaysWhatRunsAndWhatBecameOfTheWish) {
  DesiredState state;
  EXPECT_EQ(json::parse(ReportedPatch(SomeFacts(), state)), json::parse(R"({"sluice":{
    "program":{"version":"1.0.0","startedAt":"2026-03-10T09:45:00Z"},
    "rules":{"count":12,"hash":"abcd"},
    "desired":{"status":"none","version":0,"inForce":0,"sections":null,"errors":null,
               "errorCount":null},
    "counters":{"received":7,"dropped":3}}})"));

  state = {
      DesiredState::Status::kRefused, 8, 7, {"rules"}, {{"rules", 3, 14, "rule 'hot'", "bad"}}};
  EXPECT_EQ(json::parse(ReportedPatch(SomeFacts(), state))["sluice"]["desired"], json::parse(R"({
    "status":"refused","version":8,"inForce":7,"sections":["rules"],"errorCount":1,
    "errors":[{"section":"rules","line":3,"column":14,"key":"rule 'hot'","message":"bad"}]})"));
}

size_t LongestString(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  size_t longest = 0;
  if (value.is_structured()) {
    for (const json& member : value) longest = std::max(longest, LongestString(member));
  }
  return longest;
}

TEST(ReportedPatchTest, StaysSmallWhateverIsWrong) {
  DesiredState state;
  for (int i = 0; i < 1000; ++i) {
    std::string text;
    for (int j = 0; j < 1000; ++j) text += "\xe2\x82\xac";
    state.faults.push_back({"rules", 1, 1, text, text + "\xff"});
  }
  Facts facts = SomeFacts();
  facts.counters = {{"received", UINT64_MAX}};
  const std::string patch = ReportedPatch(facts, state);
  EXPECT_LT(patch.size(), 16u << 10);
  const json parsed = json::parse(patch);
  EXPECT_LT(LongestString(parsed), 4096u);
  EXPECT_EQ(parsed["sluice"]["desired"]["errorCount"], 1000);
  EXPECT_EQ(parsed["sluice"]["desired"]["errors"].size(), 8u);
  EXPECT_EQ(parsed["sluice"]["counters"]["received"], 4'503'599'627'370'496);
}

}  // namespace
}  // namespace sluice::cloud
