// Judging over rules x selectivity x body size x kinds of rules, each against the yardstick.
//
//   filters_bench [--benchmark_…]               measures; `./dev bench filters` makes a page of it
//   filters_bench --write KIND RULES PERCENT BYTES FOLDER     one point's rules.yaml and
//   messages.jsonl
//
// A message is judged whole: topic, body, rules, reducers, shape, as by `sluice bench`. Each round
// judges every message once and then passes over the bodies for a fifth of that time.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/rule_case.h"
#include "filters/compile/compiler.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/cpu_time.h"
#include "gateway/commands/json_yardstick.h"
#include "gateway/commands/line_messages.h"

namespace sluice::bench {
namespace {

constexpr double kYardstickShare = 0.2;
constexpr double kSecondsAPoint = 0.05;

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "filters_bench: {}\n", why);
  std::exit(1);
}

std::shared_ptr<const compile::Program> Compiled(const std::vector<RuleText>& rules) {
  compile::RuleSetSpec spec;
  for (const RuleText& rule : rules) {
    compile::RuleSpec& written = spec.rules.emplace_back();
    written.name = {fmt::format("r{}", spec.rules.size()), 1, 1, true};
    written.where = {rule.where, 1, 1, true};
    if (!rule.from.empty()) written.from = {rule.from, 1, 1, true};
  }
  const compile::OutputSpec outputs[] = {{"hub", true, false}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(spec, outputs, &problems);
  if (program == nullptr) Die(problems.front().message);
  return program;
}

// The messages of a case, as they come from a file.
class Messages {
 public:
  explicit Messages(const RuleCase& made) {
    const std::string lines = MessagesAsLines(made);
    for (size_t at = 0; at < lines.size();) {
      const size_t end = lines.find('\n', at);
      auto& owner = *owners_.emplace_back(std::make_unique<commands::LineMessages>());
      if (!owner.Parse(std::string_view(lines).substr(at, end - at)).ok())
        Die("a line it made is no message");
      views_.push_back(owner.view());
      bytes_ += owner.view().payload.size();
      at = end + 1;
    }
  }

  const std::vector<language::MessageView>& views() const { return views_; }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<commands::LineMessages>> owners_;
  std::vector<language::MessageView> views_;
  size_t bytes_ = 0;
};

struct Counted {
  uint64_t matched = 0;
  uint64_t rules = 0;
};

Counted JudgeAll(reduce::RuleEngine& engine, match::Shaper& shaper, const Messages& messages) {
  Counted counted;
  for (language::MessageView message : messages.views()) {
    message.format = language::ParseBodyFormat(message.content_type, message.content_encoding);
    const match::Verdict& verdict = engine.Run(message);
    shaper.Apply(engine.program().shapes(), verdict, message.payload);
    counted.matched += verdict.rules.empty() ? 0 : 1;
    counted.rules += verdict.rules.size();
  }
  return counted;
}

void BM_Filters(benchmark::State& state, const CaseSpec& spec) {
  const RuleCase made = MakeCase(spec);
  const Messages messages(made);
  const auto program = Compiled(made.rules);
  reduce::RuleEngine engine(program);
  match::Shaper shaper;
  commands::JsonYardstick yardstick(messages.views());
  const auto count = static_cast<double>(messages.views().size());
  const Counted counted = JudgeAll(engine, shaper, messages);
  if (counted.matched * 100 != spec.matched_percent * messages.views().size())
    Die(fmt::format("{}: {} of {} messages matched", KindName(spec.kind), counted.matched, count));
  double judging = 0;
  for (auto _ : state) {
    const double start = commands::CpuSeconds();
    benchmark::DoNotOptimize(JudgeAll(engine, shaper, messages).matched);
    const double judged = commands::CpuSeconds();
    yardstick.Run((judged - start) * kYardstickShare);
    judging += judged - start;
    state.SetIterationTime(judged - start);
  }
  const double each = judging * 1e9 / (static_cast<double>(state.iterations()) * count);
  const double pass = yardstick.seconds() * 1e9 / static_cast<double>(yardstick.passes());
  state.counters["ns_per_message"] = each;
  state.counters["json_pass_ns"] = pass;
  state.counters["ratio"] = each / pass;
  state.counters["rules"] = static_cast<double>(spec.rules);
  state.counters["matched_percent"] = spec.matched_percent;
  state.counters["rules_a_match"] = counted.matched == 0 ? 0
                                                         : static_cast<double>(counted.rules) /
                                                               static_cast<double>(counted.matched);
  state.counters["body_bytes"] = static_cast<double>(messages.bytes()) / count;
  state.SetLabel(std::string(KindName(spec.kind)));
}

void RegisterAll() {
  for (const Kind kind : kKinds) {
    for (const size_t rules : {1, 10, 100, 1000, 10'000}) {
      for (const unsigned percent : {0, 1, 10, 100}) {
        for (const size_t bytes : {64, 200, 1024, 4096}) {
          CaseSpec spec;
          spec.kind = kind;
          spec.rules = rules;
          spec.matched_percent = percent;
          spec.body_bytes = bytes;
          const std::string name =
              fmt::format("{}/rules:{}/matched:{}/body:{}", KindName(kind), rules, percent, bytes);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [spec](benchmark::State& state) { BM_Filters(state, spec); })
              ->UseManualTime()
              ->MinTime(kSecondsAPoint);
        }
      }
    }
  }
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) Die(path + ": cannot be written");
}

int Write(char** arguments) {
  const std::optional<Kind> kind = FindKind(arguments[0]);
  if (!kind) Die(fmt::format("'{}' is no kind", arguments[0]));
  CaseSpec spec;
  spec.kind = *kind;
  spec.rules = std::strtoul(arguments[1], nullptr, 10);
  spec.matched_percent = static_cast<unsigned>(std::strtoul(arguments[2], nullptr, 10));
  spec.body_bytes = std::strtoul(arguments[3], nullptr, 10);
  if (spec.rules == 0 || spec.matched_percent > 100) Die("no such point");
  const RuleCase made = MakeCase(spec);
  const std::string folder = arguments[4];
  WriteFile(folder + "/rules.yaml", RulesAsYaml(made));
  WriteFile(folder + "/messages.jsonl", MessagesAsLines(made));
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  if (argc == 7 && std::string_view(argv[1]) == "--write") return sluice::bench::Write(argv + 2);
  sluice::bench::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
