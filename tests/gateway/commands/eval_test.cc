// sluice eval: the cases of both dialects, and one condition on one message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/commands/commands.h"
#include "gateway/commands/routing_cases.h"

namespace sluice::commands {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

const char kCases[] = SLUICE_TEST_DATA "/azure/routing-cases.json";

class EvalTest : public testing::Test {
 protected:
  EvalTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("sluice-eval-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~EvalTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // Runs it and keeps what it printed.
  int Run(const EvalOptions& options) {
    CaptureStdout();
    CaptureStderr();
    const int exit_code = Eval(options);
    std::fflush(stdout);
    out_ = GetCapturedStdout();
    err_ = GetCapturedStderr();
    return exit_code;
  }

  int RunQuery(const std::string& query, const std::string& line = "",
               language::Profile profile = language::Profile::kDefault) {
    EvalOptions options;
    options.query = query;
    options.has_query = true;
    options.profile = profile;
    if (!line.empty()) options.message = Write("message.jsonl", line);
    return Run(options);
  }

  std::filesystem::path folder_;
  std::string out_;
  std::string err_;
};

TEST_F(EvalTest, AllCasesPassInBothDialects) {
  EvalOptions options;
  options.cases = kCases;
  EXPECT_EQ(Run(options), kExitFine) << out_;
  EXPECT_EQ(out_, "127 passed, 0 failed\n");
  options.profile = language::Profile::kEdgeHub;
  EXPECT_EQ(Run(options), kExitFine) << out_;
  EXPECT_EQ(out_, "121 passed, 0 failed\n");
}

TEST_F(EvalTest, DocumentedCasesPassByDefault) {
  const auto cases = LoadRoutingCases(kCases);
  ASSERT_TRUE(cases.ok()) << cases.status();
  size_t judged = 0;
  for (const RoutingCase& routing_case : *cases) {
    if (!routing_case.IsOf("documented")) continue;
    ++judged;
    EXPECT_EQ(JudgeCase(routing_case, language::Profile::kDefault), routing_case.value)
        << routing_case.id << ": " << routing_case.query;
  }
  EXPECT_EQ(judged, 106u);
}

TEST_F(EvalTest, FailedCasesAreNamed) {
  const std::string message =
      R"j("message":{"bodyRaw":"{}","contentType":null,"contentEncoding":null,)j"
      R"j("appProperties":{"a":null},"systemProperties":{}}},)j";
  const std::string last = message.substr(0, message.size() - 1);
  EvalOptions options;
  options.cases = Write(
      "cases.json",
      R"j([{"id":"x-1","query":"true","value":"false","profiles":["default"],)j" + message +
          R"j({"id":"x-2","query":"is_null(a)","value":"true","profiles":["default"],)j" + message +
          R"j({"id":"x-3","query":"(","value":"true","profiles":["edgehub"],)j" + last + "]");
  EXPECT_EQ(Run(options), kExitNo);
  EXPECT_THAT(out_, HasSubstr("x-1: true is true, not false"));
  EXPECT_THAT(out_, HasSubstr("1 passed, 1 failed\n"));
  for (const std::string& broken : {std::string("{"), std::string("[{}]"), std::string("[1]")}) {
    options.cases = Write("broken.json", broken);
    EXPECT_EQ(Run(options), kExitNo) << broken;
    EXPECT_THAT(err_, HasSubstr("broken.json"));
    EXPECT_EQ(out_, "");
  }
  options.cases = folder_ / "absent.json";
  EXPECT_EQ(Run(options), kExitNo);
  EXPECT_THAT(err_, HasSubstr("absent.json"));
}

TEST_F(EvalTest, PrintsTruth) {
  const std::string line =
      R"({"device":"d","topic":"a/b","payload":{"temp":81},"properties":{"level":"x"}})";
  EXPECT_EQ(RunQuery("$body.temp > 80 AND level = 'x' AND $topic[1] = 'b' AND $device = 'd'", line),
            kExitFine);
  EXPECT_EQ(out_, "true\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(RunQuery("$body.temp > 90", line), kExitFine);
  EXPECT_EQ(out_, "false\n");
  EXPECT_EQ(RunQuery("$body.ghost > 90", line), kExitFine);
  EXPECT_EQ(out_, "undefined\n");
  EXPECT_EQ(RunQuery("$body.ghost > 90", line, language::Profile::kEdgeHub), kExitFine);
  EXPECT_EQ(out_, "true\n");
  EXPECT_EQ(RunQuery("null"), kExitFine);
  EXPECT_EQ(out_, "false\n");
  EXPECT_EQ(RunQuery(""), kExitFine);
  EXPECT_EQ(out_, "undefined\n");
}

TEST_F(EvalTest, PointsAtWhatDoesNotCompile) {
  EXPECT_EQ(RunQuery("level = 'a' AND\ncount = 12"), kExitNo);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr("2:7: error:"));
  EXPECT_THAT(err_, HasSubstr("AS_NUMBER(count)"));
  EXPECT_THAT(err_, HasSubstr("  count = 12\n        ^\n"));
}

TEST_F(EvalTest, WarnsAndGoesOn) {
  EXPECT_EQ(RunQuery("a!='x'"), kExitFine);
  EXPECT_EQ(out_, "undefined\n");
  EXPECT_THAT(err_, HasSubstr("1:1: warning:"));
}

TEST_F(EvalTest, RefusesWhatIsNoMessage) {
  EXPECT_EQ(RunQuery("true", "nonsense"), kExitNo);
  EXPECT_THAT(err_, HasSubstr("message.jsonl"));
  EXPECT_EQ(RunQuery("true", "\n  \n"), kExitNo);
  EXPECT_THAT(err_, HasSubstr("no message line"));
  EvalOptions options;
  options.query = "true";
  options.has_query = true;
  options.message = folder_ / "absent";
  EXPECT_EQ(Run(options), kExitNo);
  EXPECT_THAT(err_, HasSubstr("absent"));
}

}  // namespace
}  // namespace sluice::commands
