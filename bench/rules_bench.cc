// Rules on real messages: what judging, shaping and reading message lines cost.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "filters/compile/compiler.h"
#include "filters/json/writer.h"
#include "filters/match/judge.h"
#include "filters/match/shaper.h"
#include "gateway/lines/message_line.h"

namespace sluice {
namespace {

compile::Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

compile::RuleSpec Rule(std::string name, std::string from, std::string where) {
  compile::RuleSpec rule;
  rule.name = Text(std::move(name));
  if (!from.empty()) rule.from = Text(std::move(from));
  if (!where.empty()) rule.where = Text(std::move(where));
  return rule;
}

std::shared_ptr<const compile::Program> Compiled(std::vector<compile::RuleSpec> rules) {
  compile::RuleSetSpec spec;
  spec.rules = std::move(rules);
  const compile::OutputSpec outputs[] = {{"hub", true, false}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(spec, outputs, &problems);
  if (program == nullptr) {
    for (const compile::Problem& problem : problems)
      std::fputs((problem.message + '\n').c_str(), stderr);
    std::abort();
  }
  return program;
}

const std::vector<std::string>& CorpusLines() {
  static const std::vector<std::string> lines = [] {
    std::vector<std::string> read;
    std::ifstream file(SLUICE_TEST_DATA "/corpus/plant.jsonl");
    for (std::string line; std::getline(file, line);) read.push_back(line);
    if (read.empty()) std::abort();
    return read;
  }();
  return lines;
}

std::vector<lines::OwnedMessage> CorpusMessages() {
  std::vector<lines::OwnedMessage> messages;
  for (const std::string& line : CorpusLines()) {
    if (!lines::ParseMessageLine(line, &messages.emplace_back()).ok()) std::abort();
  }
  return messages;
}

// The demo's four rules on half an hour of a plant: verdicts of all its messages, one after the
// other.
void BM_Judge_Plant(benchmark::State& state) {
  auto alert = Rule("overheating", "plant/{line}/{unit}/telemetry",
                    "$body.temperature > 80 AND $body.unit = 'C'");
  alert.set = {{Text("alert"), Text("overheating")}, {Text("line"), Text("$topic.line")}};
  auto chatter = Rule("chatter", "plant/+/debug/#", "");
  chatter.drop = true;
  match::Judge judge(
      Compiled({chatter, alert, Rule("bearing", "plant/+/+/telemetry", "$body.v_rms.z > 4.5"),
                Rule("state", "plant/+/+/telemetry", "$body.state = 'fault'")}));
  const std::vector<lines::OwnedMessage> messages = CorpusMessages();
  for (auto _ : state) {
    for (const lines::OwnedMessage& message : messages)
      benchmark::DoNotOptimize(judge.Run(message.View()).reason);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(messages.size()));
}
BENCHMARK(BM_Judge_Plant);

// range(0) rules, each with one member and a threshold that hardly anything passes: what a rule
// more costs.
void BM_Judge_ManyThresholds(benchmark::State& state) {
  std::vector<compile::RuleSpec> rules;
  for (int i = 0; i < state.range(0); ++i) {
    rules.push_back(
        Rule("r" + std::to_string(i), "plant/+/+/telemetry",
             "$body.temperature > " + std::to_string(100 + i) + " AND $body.unit = 'C'"));
  }
  match::Judge judge(Compiled(std::move(rules)));
  lines::OwnedMessage message;
  if (!lines::ParseMessageLine(CorpusLines()[7641], &message).ok())
    std::abort();  // an overheating press
  for (auto _ : state) benchmark::DoNotOptimize(judge.Run(message.View()).reason);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Judge_ManyThresholds)->Arg(1)->Arg(100)->Arg(10'000);

// A message that its topic alone decides.
void BM_Judge_DropByTopic(benchmark::State& state) {
  auto chatter = Rule("chatter", "plant/+/debug/#", "");
  chatter.drop = true;
  match::Judge judge(Compiled({chatter}));
  lines::OwnedMessage message;
  if (!lines::ParseMessageLine(R"({"topic":"plant/conv-02/debug/plc","payload":"text"})", &message)
           .ok())
    std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(judge.Run(message.View()).reason);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Judge_DropByTopic);

// Two of a press's eight members selected (0) or redacted (1).
void BM_Shape_Press(benchmark::State& state) {
  auto rule = Rule("r", "", "");
  std::vector<compile::Located>& paths = state.range(0) == 0 ? rule.select : rule.redact;
  paths = {Text("temperature"), Text("state")};
  match::Judge judge(Compiled({rule}));
  match::Shaper shaper;
  lines::OwnedMessage message;
  if (!lines::ParseMessageLine(CorpusLines()[7641], &message).ok()) std::abort();
  const match::Verdict& verdict = judge.Run(message.View());
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        shaper.Apply(judge.program().shapes(), verdict, message.View().payload).deliveries.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(message.View().payload.size()));
}
BENCHMARK(BM_Shape_Press)->Arg(0)->Arg(1);

// The corpus as `filter` reads it.
void BM_ParseMessageLine_Plant(benchmark::State& state) {
  lines::OwnedMessage message;
  int64_t bytes = 0;
  for (const std::string& line : CorpusLines()) bytes += static_cast<int64_t>(line.size());
  for (auto _ : state) {
    for (const std::string& line : CorpusLines())
      benchmark::DoNotOptimize(lines::ParseMessageLine(line, &message).ok());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(CorpusLines().size()));
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK(BM_ParseMessageLine_Plant);

// A text of range(0) bytes in which every 40th must be escaped.
void BM_AppendString(benchmark::State& state) {
  std::string text(static_cast<size_t>(state.range(0)), 'x');
  for (size_t i = 39; i < text.size(); i += 40) text[i] = '"';
  std::string out;
  for (auto _ : state) {
    out.clear();
    json::AppendString(text, &out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_AppendString)->Arg(16)->Arg(1024);

}  // namespace
}  // namespace sluice
