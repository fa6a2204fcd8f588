#include "filters/compile/compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::compile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Located At(std::string text, uint32_t line = 1, uint32_t column = 1) {
  return {std::move(text), line, column, true};
}

RuleSpec Named(std::string name) {
  RuleSpec rule;
  rule.name = At(std::move(name));
  return rule;
}

RuleSpec Where(std::string name, std::string where) {
  RuleSpec rule = Named(std::move(name));
  rule.where = At(std::move(where), 7, 12);
  return rule;
}

class CompilerTest : public testing::Test {
 protected:
  CompilerTest() { outputs_ = {{"hub", true, true}, {"log", false, false}}; }

  const Program* Run() {
    problems_.clear();
    program_ = Compile(spec_, outputs_, &problems_);
    return program_.get();
  }

  const Program* RunOne(RuleSpec rule) {
    spec_.rules = {std::move(rule)};
    return Run();
  }

  // "LINE:COLUMN message (hint)" of each problem.
  std::vector<std::string> Problems() const {
    std::vector<std::string> all;
    for (const Problem& problem : problems_) {
      all.push_back(std::to_string(problem.line) + ":" + std::to_string(problem.column) +
                    (problem.severity == Problem::Severity::kWarning ? " warning: " : " ") +
                    problem.message + (problem.hint.empty() ? "" : " (" + problem.hint + ")"));
    }
    return all;
  }

  RuleSetSpec spec_;
  std::vector<OutputSpec> outputs_;
  std::vector<Problem> problems_;
  std::shared_ptr<const Program> program_;
};

TEST_F(CompilerTest, ResolvesARule) {
  RuleSpec rule =
      Where("overheating", "$body.temperature > 80 AND $body.unit = 'C' AND $topic.line = 'l1'");
  rule.from = At("plant/{line}/{unit}/telemetry");
  rule.set = {
      {At("alert"), At("overheating")}, {At("cost"), At("$$5")}, {At("line"), At("$topic.line")}};
  rule.select = {At("temperature"), At("v_rms.z")};
  rule.priority = 1;
  rule.into = {At("log"), At("$UPSTREAM"), At("log")};
  const Program* const program = RunOne(std::move(rule));
  ASSERT_THAT(Problems(), IsEmpty());
  ASSERT_NE(program, nullptr);
  const Rule& compiled = program->rules()[0];
  EXPECT_EQ(compiled.name, "overheating");
  EXPECT_TRUE(compiled.from);
  EXPECT_TRUE(compiled.where->reads_body());
  EXPECT_EQ(compiled.priority, 1);
  EXPECT_EQ(compiled.shape, 0);
  EXPECT_THAT(compiled.outputs, ElementsAre(1, 0));
  ASSERT_EQ(compiled.set.size(), 3U);
  EXPECT_EQ(compiled.set[0].literal, "overheating");
  EXPECT_EQ(compiled.set[1].literal, "$5");
  EXPECT_TRUE(compiled.set[2].expression);
  EXPECT_EQ(program->set_fields(), 3U);
  EXPECT_THAT(program->outputs(), ElementsAre("hub", "log"));
  EXPECT_FALSE(program->default_output());
}

TEST_F(CompilerTest, EqualShapesAreOne) {
  for (const char* name : {"a", "b", "c"}) spec_.rules.push_back(Named(name));
  spec_.rules[0].select = {At("x")};
  spec_.rules[1].select = {At("x")};
  spec_.rules[2].redact = {At("x")};
  const Program* const program = Run();
  ASSERT_NE(program, nullptr);
  EXPECT_EQ(program->rules()[0].shape, program->rules()[1].shape);
  EXPECT_NE(program->rules()[0].shape, program->rules()[2].shape);
  EXPECT_EQ(program->shapes().size(), 2U);
}

TEST_F(CompilerTest, FindsTheDefaultOutput) {
  struct {
    std::vector<OutputSpec> outputs;
    int expected;  // -1: an error
  } const kCases[] = {
      {{{"hub", true}, {"log"}}, 0},
      {{{"log"}, {"hub"}}, 1},                   // a file may be called hub
      {{{"log"}, {"azure", true}}, 1},           // the only iothub output
      {{{"azure", true}, {"other", true}}, -1},  // two of them
      {{{"azure", true}, {"other", true}, {"hub"}}, 2},
      {{{"log"}}, -1},
      {{}, -1},
  };
  for (const auto& c : kCases) {
    outputs_ = c.outputs;
    const Program* const program = RunOne(Named("r"));
    if (c.expected < 0) {
      EXPECT_EQ(program, nullptr);
      EXPECT_THAT(Problems(), ElementsAre(HasSubstr("no output to go to")));
    } else {
      ASSERT_NE(program, nullptr);
      EXPECT_THAT(program->rules()[0].outputs, ElementsAre(c.expected));
    }
  }
}

TEST_F(CompilerTest, ForwardByDefaultGoesWhereRulesGo) {
  spec_.forward_by_default = true;
  ASSERT_NE(Run(), nullptr);
  EXPECT_EQ(program_->default_output(), 0);
  outputs_ = {{"log"}};
  EXPECT_EQ(Run(), nullptr);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("default: forward has no output to go to")));
}

TEST_F(CompilerTest, TakesIotEdgeRoutes) {
  RuleSpec rule = Named("edge");
  rule.route = At("FROM /messages/* WHERE $body.level > 3 INTO $upstream");
  const Program* const program = RunOne(rule);
  ASSERT_THAT(Problems(), IsEmpty());
  EXPECT_TRUE(program->rules()[0].takes_devices);
  EXPECT_TRUE(program->rules()[0].where->reads_body());
  EXPECT_THAT(program->rules()[0].outputs, ElementsAre(0));

  rule.route = At("FROM /* INTO $upstream");
  ASSERT_NE(RunOne(rule), nullptr);
  EXPECT_FALSE(program_->rules()[0].where);

  rule.route = At("FROM /messages/modules/m/* INTO $upstream", 3, 14);
  ASSERT_NE(RunOne(rule), nullptr);
  EXPECT_FALSE(program_->rules()[0].takes_devices);
}

TEST_F(CompilerTest, PointsIntoTheFile) {
  EXPECT_EQ(RunOne(Where("r", "$body.a > 1 AND nosuch(1)")), nullptr);
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].line, 7U);
  EXPECT_EQ(problems_[0].column, 12U + 16U);
  EXPECT_EQ(problems_[0].rule, "r");

  // In a text that does not stand in the file as it is, the place is its start.
  RuleSpec rule = Where("r", "$body.a > 1 AND nosuch(1)");
  rule.where->verbatim = false;
  EXPECT_EQ(RunOne(std::move(rule)), nullptr);
  EXPECT_EQ(problems_[0].column, 12U);

  rule = Named("r");
  rule.route = At("FROM /messages/* WHERE nosuch(1) INTO $upstream", 3, 14);
  EXPECT_EQ(RunOne(std::move(rule)), nullptr);
  EXPECT_EQ(problems_[0].line, 3U);
  EXPECT_EQ(problems_[0].column, 14U + 23U);

  rule = Named("r");
  rule.route = At("FROM /messages/* INTO BrokeredEndpoint('/modules/m/inputs/i')", 3, 14);
  EXPECT_EQ(RunOne(std::move(rule)), nullptr);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("3:36 BrokeredEndpoint")));
}

TEST_F(CompilerTest, RefusesNamesThatAreNotARulesToSet) {
  for (const std::string name :
       {"$.mid", "iothub-x", "IotHub-X", "origin-device", "Origin-x", "mqtt-topic", ""}) {
    RuleSpec rule = Named("r");
    rule.set = {{At(name), At("x")}};
    EXPECT_EQ(RunOne(std::move(rule)), nullptr) << name;
  }
  RuleSpec rule = Named("r");
  rule.set = {{At("a"), At("1")}, {At("A"), At("2")}};
  EXPECT_EQ(RunOne(std::move(rule)), nullptr);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("'A' is set twice")));
}

TEST_F(CompilerTest, FindsAllErrors) {
  RuleSpec bad = Where("r", "abs('x') = 1");
  bad.from = At("a/b+");
  bad.set = {{At("x"), At("$nosuch(")}};
  bad.select = {At("a..b"), At("$body.a")};
  bad.into = {At("hab")};
  bad.priority = 10;
  spec_.rules = {bad, Named("r")};
  EXPECT_EQ(Run(), nullptr);
  EXPECT_GE(problems_.size(), 7U);
  std::string all;
  for (const std::string& problem : Problems()) all += problem + "\n";
  EXPECT_THAT(all, HasSubstr("priority goes from 0"));
  EXPECT_THAT(all, HasSubstr("+ must be a whole level"));
  EXPECT_THAT(all, HasSubstr("'a..b' is no path into a body"));
  EXPECT_THAT(all, HasSubstr("leave $body. out"));
  EXPECT_THAT(all, HasSubstr("there is no output 'hab' (outputs are: hub, log)"));
  EXPECT_THAT(all, HasSubstr("a second rule named 'r'"));
}

TEST_F(CompilerTest, DropSendsNothing) {
  RuleSpec rule = Named("r");
  rule.drop = true;
  ASSERT_NE(RunOne(rule), nullptr);
  EXPECT_THAT(program_->rules()[0].outputs, IsEmpty());
  outputs_.clear();  // and needs no output
  EXPECT_NE(RunOne(rule), nullptr);
  rule.into = {At("hub")};
  EXPECT_EQ(RunOne(rule), nullptr);
}

}  // namespace
}  // namespace sluice::compile
