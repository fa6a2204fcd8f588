#include "gateway/cloud/desired_sections.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::cloud {
namespace {

constexpr std::string_view kKnown[] = {"rules", "devices", "limits", "log_level"};

// "rules=TEXT limits=TEXT ! SECTION: MESSAGE"
std::string Read(std::string_view json,
                 const std::vector<std::string>& allowed = {"rules", "limits", "log_level"}) {
  std::vector<Fault> faults;
  std::string told;
  for (const SectionText& each : ReadSections(json, kKnown, allowed, &faults))
    told += each.name + "=" + each.text + " ";
  for (const Fault& fault : faults) told += "! " + fault.section + ": " + fault.message;
  return told;
}

TEST(ReadSectionsTest, TakesTextAndJson) {
  struct {
    std::string_view json;
    std::string_view told;
  } const kCases[] = {
      {"", ""},
      {"{}", ""},
      {R"({"rules":null})", ""},
      {R"({"rules":"rules: {default: drop}"})", "rules=rules: {default: drop} "},
      {R"({"rules":["a:\n","  b","c"]})", "rules=a:\n  b\nc\n "},
      {R"({"rules":{"list":[{"name":"hot","where":"$body.t > 8\""}]}})",
       "rules={\n  \"list\": [\n    {\n      \"name\": \"hot\",\n      \"where\": \"$body.t > "
       "8\\\"\"\n    }\n  ]\n} "},
      {R"({"log_level":"debug","limits":{"connections":5}})",
       "limits={\n  \"connections\": 5\n} log_level=debug "},
      {R"({"rules":[]})", "rules=[] "},
      {R"({"rules":["a",1]})", "rules=[\n  \"a\",\n  1\n] "},
  };
  for (const auto& c : kCases) EXPECT_EQ(Read(c.json), c.told) << c.json;
}

TEST(ReadSectionsTest, RefusesWhatIsNotAllowedOrNotKnown) {
  EXPECT_EQ(Read(R"({"devices":{}})"),
            "! devices: this gateway does not allow it: its operator can, by writing it into "
            "cloud.desired");
  EXPECT_EQ(Read(R"({"outputs":{}})"), "! outputs: is none of rules, devices, limits, log_level");
  for (const std::string json : {"[]", "1", "\"x\"", "{", "{} x"})
    EXPECT_EQ(Read(json), "! : want an object of sections") << json;
  EXPECT_EQ(Read(R"({"rules":)" + std::string(100, '[') + std::string(100, ']') + "}"),
            "! : want an object of sections");
}

}  // namespace
}  // namespace sluice::cloud
