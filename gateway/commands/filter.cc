// sluice filter: what rules make of message lines, line for line or in sum.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "filters/json/writer.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/filter_output.h"
#include "gateway/commands/line_messages.h"
#include "gateway/lines/line_reader.h"

namespace sluice::commands {
namespace {

struct RuleCounts {
  uint64_t matched = 0;
  uint64_t errors = 0;
};

class Filterer {
 public:
  Filterer(std::shared_ptr<const compile::Program> program, bool summary)
      : program_(std::move(program)),
        engine_(program_),
        output_(*program_, stdout),
        summary_(summary),
        rules_(program_->rules().size()) {}

  // False if the file could not be read; why is on stderr.
  bool ReadFile(const std::string& path);
  int Finish();

 private:
  bool ReadLines(int fd, const std::string& name);
  void TakeLine(std::string_view line, const std::string& name, uint64_t line_of_file);
  void CloseWindows();
  void Judge();
  void WriteSummary();

  std::shared_ptr<const compile::Program> program_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  FilterOutput output_;
  const bool summary_;
  LineMessages messages_;
  uint64_t line_ = 0;  // of all inputs together
  uint64_t forwarded_ = 0;
  uint64_t dropped_ = 0;
  uint64_t malformed_ = 0;
  std::vector<RuleCounts> rules_;
};

bool Filterer::ReadFile(const std::string& path) {
  if (path == "-") return ReadLines(STDIN_FILENO, "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fmt::print(stderr, "sluice: {}: {}\n", path, std::strerror(errno));
    return false;
  }
  const bool read = ReadLines(fd, path);
  ::close(fd);
  return read;
}

bool Filterer::ReadLines(int fd, const std::string& name) {
  lines::LineReader reader(fd);
  uint64_t line_of_file = 0;
  while (true) {
    // Whoever waits at the other end of a pipe sees each line before this one waits for the next.
    if (!summary_ && !reader.HasLine()) output_.Flush();
    std::string_view line;
    if (!reader.Next(&line)) break;
    TakeLine(line, name, ++line_of_file);
    output_.FlushIfLarge();
  }
  if (!reader.status().ok())
    fmt::print(stderr, "sluice: {}: {}\n", name, std::string(reader.status().message()));
  return reader.status().ok();
}

void Filterer::TakeLine(std::string_view line, const std::string& name, uint64_t line_of_file) {
  ++line_;
  if (IsBlankLine(line)) return;
  if (const absl::Status status = messages_.Parse(line); !status.ok()) {
    ++malformed_;
    const std::string error(status.message());
    fmt::print(stderr, "sluice: {}:{}: no message: {}\n", name, line_of_file, error);
    if (!summary_) output_.WriteError(line_, error);
    return;
  }
  engine_.Advance(messages_.view().time_us);
  CloseWindows();
  if (!messages_.topic_is_valid()) {
    ++dropped_;
    if (!summary_) output_.WriteBadTopic(line_);
    return;
  }
  Judge();
}

void Filterer::CloseWindows() {
  while (const reduce::ClosedWindow* const window = engine_.NextClosed()) {
    const match::Shaper::Result& shaped =
        shaper_.Apply(program_->shapes(), *window->verdict, window->message.payload);
    if (summary_) continue;
    output_.WriteWindow(*window, shaped);
    output_.FlushIfLarge();
  }
}

void Filterer::Judge() {
  const language::MessageView& view = messages_.view();
  const match::Verdict& verdict = engine_.Run(view);
  const match::Shaper::Result& shaped = shaper_.Apply(program_->shapes(), verdict, view.payload);
  ++(shaped.deliveries.empty() ? dropped_ : forwarded_);
  for (const uint16_t rule : verdict.rules) ++rules_[rule].matched;
  for (const uint16_t rule : verdict.errors) ++rules_[rule].errors;
  for (const uint16_t rule : shaped.errors) ++rules_[rule].errors;
  if (!summary_) output_.WriteVerdict(line_, messages_.owned(), view.properties, verdict, shaped);
}

void Filterer::WriteSummary() {
  std::string text =
      fmt::format(R"({{"messages":{},"forwarded":{},"dropped":{},"malformed":{},"rules":{{)",
                  forwarded_ + dropped_, forwarded_, dropped_, malformed_);
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (i > 0) text += ',';
    json::AppendString(program_->rules()[i].name, &text);
    text += fmt::format(R"(:{{"matched":{},"errors":{}}})", rules_[i].matched, rules_[i].errors);
  }
  text += "}}\n";
  output_.WriteText(text);
}

int Filterer::Finish() {
  engine_.CloseAll();
  CloseWindows();
  if (summary_) WriteSummary();
  if (!output_.Flush()) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  if (malformed_ == 0) return kExitFine;
  fmt::print(stderr, "sluice: {} of {} lines are no messages\n", malformed_, line_);
  return kExitNo;
}

}  // namespace

int Filter(const FilterOptions& options) {
  config::Diagnostics diagnostics;
  std::shared_ptr<const compile::Program> program = LoadProgram(options.config, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (program == nullptr) return kExitNo;

  Filterer filterer(std::move(program), options.summary);
  const std::vector<std::string> standard_input = {"-"};
  bool all_read = true;
  for (const std::string& path : options.inputs.empty() ? standard_input : options.inputs) {
    all_read = filterer.ReadFile(path) && all_read;
  }
  const int code = filterer.Finish();
  return all_read ? code : kExitNo;
}

}  // namespace sluice::commands
