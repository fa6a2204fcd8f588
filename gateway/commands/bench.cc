// sluice bench: how fast the user's own rules judge the user's own messages.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/commands/bench_run.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/line_messages.h"

namespace sluice::commands {
namespace {

// All messages of a file, in memory.
struct Messages {
  std::vector<std::unique_ptr<LineMessages>> owners;
  std::vector<language::MessageView> views;
  bool all_fine = true;
};

Messages ReadMessages(const std::string& path) {
  Messages messages;
  int64_t now_us = 0;
  const bool read = ForEachLine(path, [&](std::string_view line, uint64_t number) {
    auto owner = std::make_unique<LineMessages>();
    if (const absl::Status status = owner->Parse(line); !status.ok()) {
      fmt::print(stderr, "sluice: line {}: no message: {}\n", number,
                 std::string(status.message()));
      messages.all_fine = false;
      return;
    }
    if (!owner->topic_is_valid()) return;  // MQTT refuses it before rules are asked
    language::MessageView view = owner->view();
    if (owner->owned().has_time())
      now_us = messages.views.empty() ? view.time_us : std::max(now_us, view.time_us);
    view.time_us = now_us;
    messages.views.push_back(view);
    messages.owners.push_back(std::move(owner));
  });
  messages.all_fine = read && messages.all_fine;
  return messages;
}

void PrintJson(const BenchResult& result, size_t rules, unsigned threads) {
  const auto messages = static_cast<double>(result.messages);
  fmt::print(
      R"({{"messages":{},"seconds":{:.6f},"messages_per_second":{:.0f},"ns_per_message":{:.2f},)"
      R"("p50_ns":{},"p99_ns":{},"json_pass_ns":{:.2f},"matched":{},"rules":{},"threads":{}}})"
      "\n",
      result.messages, result.seconds, messages / result.seconds,
      threads * result.seconds * 1e9 / messages, result.p50_ns, result.p99_ns, result.json_pass_ns,
      result.matched, rules, threads);
}

void PrintForPeople(const BenchResult& result, size_t rules, unsigned threads) {
  const auto messages = static_cast<double>(result.messages);
  const double each = threads * result.seconds * 1e9 / messages;
  fmt::print("{:<24}{:>14}\n", "rules", rules);
  fmt::print("{:<24}{:>14}\n", "threads", threads);
  fmt::print("{:<24}{:>14}   in {:.2f} s\n", "messages", result.messages, result.seconds);
  fmt::print("{:<24}{:>14}   {:.2f} %\n", "matched", result.matched,
             100 * static_cast<double>(result.matched) / messages);
  fmt::print("{:<24}{:>14.0f}\n", "messages a second", messages / result.seconds);
  fmt::print("{:<24}{:>14.1f} ns\n", "a message", each);
  fmt::print("{:<24}{:>14} ns\n", "median", result.p50_ns);
  fmt::print("{:<24}{:>14} ns\n", "99 % within", result.p99_ns);
  if (result.json_pass_ns == 0) return;
  fmt::print("{:<24}{:>14.1f} ns   judging takes {:.1f} times that\n", "simdjson, the body alone",
             result.json_pass_ns, each / result.json_pass_ns);
}

}  // namespace

int Bench(const BenchOptions& options) {
  config::Diagnostics diagnostics;
  const std::shared_ptr<const compile::Program> program = LoadProgram(options.config, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (program == nullptr) return kExitNo;
  const Messages messages = ReadMessages(options.messages);
  if (!messages.all_fine) return kExitNo;
  if (messages.views.empty()) {
    fmt::print(stderr, "sluice: {}: no message to judge\n", options.messages);
    return kExitNo;
  }
  if (options.threads > std::thread::hardware_concurrency()) {
    fmt::print(stderr,
               "sluice: {} threads share {} processors: a second of processor time takes longer\n",
               options.threads, std::thread::hardware_concurrency());
  }
  const BenchResult result = RunBench(program, messages.views, options.seconds, options.threads);
  (options.json ? PrintJson : PrintForPeople)(result, program->rules().size(), options.threads);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return kExitFine;
  fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
  return kExitNo;
}

}  // namespace sluice::commands
