// Rules on real messages: what judging, shaping and reading message lines cost.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
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
  rules.reserve(static_cast<size_t>(state.range(0)));
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

// Messages of 200 bytes from 50 sites, made up with a fixed seed.
std::vector<lines::OwnedMessage> SiteMessages() {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> percent(0, 100);
  std::vector<lines::OwnedMessage> messages(1024);
  for (lines::OwnedMessage& message : messages) {
    std::string body = fmt::format(
        R"({{"device":"press-0417","site":"site-{:02}","ts":1732480000123,"temperature":{:.3f},)"
        R"("pressure":{:.3f},"state":"running","unit":"C","v_rms":{{"x":1.25,"y":2.5}},"pad":")",
        random() % 50, percent(random), percent(random));
    body.append(198 - body.size(), 'x');
    std::string line;
    json::AppendString(body + "\"}", &line);
    if (!lines::ParseMessageLine(R"({"topic":"plant/l1/press/telemetry","payload":)" + line + "}",
                                 &message)
             .ok())
      std::abort();
  }
  return messages;
}

// Rules of one equality over 50 sites and two bounds, which all together take about one message in
// a hundred. Those of one site overlap: together they pass up to four times as much as one.
std::vector<compile::RuleSpec> SiteRuleSpecs(int64_t count) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> spread(0, 2);
  const double of_site = static_cast<double>(count) / 50;
  const double share = of_site <= 1 ? 0.01 / of_site : 0.01 / (4 - 3 / std::sqrt(of_site));
  const double passed = 100 * std::sqrt(share);
  std::vector<compile::RuleSpec> rules;
  for (int64_t i = 0; i < count; ++i) {
    rules.push_back(Rule(
        fmt::format("r{}", i), "",
        fmt::format(
            "$body.site = 'site-{:02}' AND $body.temperature > {:.4f} AND $body.pressure < {:.4f}",
            i % 50, 100 - passed * spread(random), passed * spread(random))));
  }
  return rules;
}

std::shared_ptr<const compile::Program> SiteRules(int64_t count) {
  return Compiled(SiteRuleSpecs(count));
}

// range(0) rules by the index; where range(1) is 1, plainly. `matched`: the share of messages.
void BM_Judge_Sites(benchmark::State& state) {
  match::Judge judge(SiteRules(state.range(0)), state.range(1) == 1
                                                    ? match::Judge::Method::kPlain
                                                    : match::Judge::Method::kIndexed);
  const std::vector<lines::OwnedMessage> messages = SiteMessages();
  size_t matched = 0;
  for (const lines::OwnedMessage& message : messages)
    matched += judge.Run(message.View()).forwards();
  size_t next = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(judge.Run(messages[next++ % messages.size()].View()).reason);
  state.SetItemsProcessed(state.iterations());
  state.counters["matched"] = static_cast<double>(matched) / static_cast<double>(messages.size());
}
BENCHMARK(BM_Judge_Sites)
    ->ArgNames({"rules", "plain"})
    ->ArgsProduct({{1, 10, 100, 1000, 10'000}, {0, 1}});

// Each rule by itself, as engines do that read the body anew for each.
void BM_Judge_SitesEachAlone(benchmark::State& state) {
  std::vector<std::unique_ptr<match::Judge>> judges;
  for (compile::RuleSpec& rule : SiteRuleSpecs(state.range(0)))
    judges.push_back(
        std::make_unique<match::Judge>(Compiled({std::move(rule)}), match::Judge::Method::kPlain));
  const std::vector<lines::OwnedMessage> messages = SiteMessages();
  size_t next = 0;
  for (auto _ : state) {
    const lines::OwnedMessage& message = messages[next++ % messages.size()];
    for (const std::unique_ptr<match::Judge>& judge : judges)
      benchmark::DoNotOptimize(judge->Run(message.View()).reason);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Judge_SitesEachAlone)->ArgNames({"rules"})->Arg(1000);

// The same rules, and a body that breaks off: each rule counts an error.
void BM_Judge_BadBody(benchmark::State& state) {
  match::Judge judge(SiteRules(state.range(0)), state.range(1) == 1
                                                    ? match::Judge::Method::kPlain
                                                    : match::Judge::Method::kIndexed);
  lines::OwnedMessage message;
  if (!lines::ParseMessageLine(R"({"topic":"plant/l1","payload":"{\"site\":"})", &message).ok())
    std::abort();
  for (auto _ : state) benchmark::DoNotOptimize(judge.Run(message.View()).errors.size());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Judge_BadBody)->ArgNames({"rules", "plain"})->ArgsProduct({{10'000}, {0, 1}});

// The same messages, read for the three members and not judged: what judging is measured against.
void BM_ReadBody_Sites(benchmark::State& state) {
  const auto program = SiteRules(1);
  language::BodyReader body(program->paths().body, program->body_options());
  const std::vector<lines::OwnedMessage> messages = SiteMessages();
  size_t next = 0;
  for (auto _ : state) {
    body.Reset();
    benchmark::DoNotOptimize(body.Read(messages[next++ % messages.size()].View()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReadBody_Sites);

size_t HeapInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// `bytes_a_rule`: what the program keeps of the heap.
void BM_Compile_Sites(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(SiteRules(state.range(0)));
  const size_t before = HeapInUse();
  const auto program = SiteRules(state.range(0));
  state.counters["bytes_a_rule"] =
      static_cast<double>(HeapInUse() - before) / static_cast<double>(state.range(0));
}
BENCHMARK(BM_Compile_Sites)->Arg(10'000)->Unit(benchmark::kMillisecond);

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
