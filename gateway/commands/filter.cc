// sluice filter: what rules make of message lines, line for line or in sum.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/match/shaper.h"
#include "filters/match/value_text.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/filter_output.h"
#include "gateway/commands/filter_summary.h"
#include "gateway/commands/line_messages.h"
#include "gateway/lines/line_reader.h"

namespace sluice::commands {
namespace {

constexpr size_t kMostNotes = 10;  // rules whose errors are noted one by one

class Filterer {
 public:
  Filterer(std::shared_ptr<const compile::Program> program, const FilterOptions& options)
      : program_(std::move(program)),
        engine_(program_),
        output_(*program_, stdout),
        options_(options),
        lines_wanted_(!options.summary && !options.table),
        summary_(*program_) {}

  // False if the file could not be read; why is on stderr.
  bool ReadFile(const std::string& path);
  int Finish();

 private:
  bool ReadLines(int fd, const std::string& name);
  void TakeLine(std::string_view line, const std::string& name, uint64_t line_of_file);
  void CloseWindows();
  void Judge(const std::string& name, uint64_t line_of_file);
  void NoteErrors(std::span<const uint16_t> rules, std::string_view what, const std::string& name,
                  uint64_t line_of_file);
  void NoteAllErrors();

  std::shared_ptr<const compile::Program> program_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  FilterOutput output_;
  const FilterOptions& options_;
  const bool lines_wanted_;
  LineMessages messages_;
  uint64_t line_ = 0;  // of all inputs together
  FilterSummary summary_;
  size_t notes_ = 0;
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
    if (lines_wanted_ && !reader.HasLine()) output_.Flush();
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
    summary_.CountMalformed();
    const std::string error(status.message());
    fmt::print(stderr, "sluice: {}:{}: no message: {}\n", name, line_of_file, error);
    if (lines_wanted_) output_.WriteError(line_, error);
    return;
  }
  engine_.Advance(messages_.view().time_us);
  CloseWindows();
  if (!messages_.topic_is_valid()) {
    summary_.CountBadTopic();
    if (lines_wanted_) output_.WriteBadTopic(line_);
    return;
  }
  Judge(name, line_of_file);
}

void Filterer::CloseWindows() {
  while (const reduce::ClosedWindow* const window = engine_.NextClosed()) {
    const match::Shaper::Result& shaped =
        shaper_.Apply(program_->shapes(), *window->verdict, window->message.payload);
    summary_.CountWindow(window->rule, shaped);
    if (!lines_wanted_) continue;
    output_.WriteWindow(*window, shaped);
    output_.FlushIfLarge();
  }
}

void Filterer::Judge(const std::string& name, uint64_t line_of_file) {
  const language::MessageView& view = messages_.view();
  const match::Verdict& verdict = engine_.Run(view);
  const match::Shaper::Result& shaped = shaper_.Apply(program_->shapes(), verdict, view.payload);
  summary_.Count(verdict, engine_.held(), shaped);
  if (!lines_wanted_) return;
  output_.WriteVerdict(line_, messages_.owned(), view.properties, verdict, shaped);
  if (verdict.errors.empty() && shaped.errors.empty()) return;
  NoteErrors(verdict.errors, "needs the body, which should be JSON and is not", name, line_of_file);
  NoteErrors(shaped.errors, "selects or redacts, and the body is no JSON object", name,
             line_of_file);
}

// A line out has no place for them: the first of each rule is noted at once, all at the end.
void Filterer::NoteErrors(std::span<const uint16_t> rules, std::string_view what,
                          const std::string& name, uint64_t line_of_file) {
  for (const uint16_t rule : rules) {
    if (summary_.errors(rule) > 1 || ++notes_ > kMostNotes) continue;
    fmt::print(stderr, "sluice: {}:{}: rule '{}' {}\n", name, line_of_file,
               match::Printable(program_->rules()[rule].name), what);
  }
}

void Filterer::NoteAllErrors() {
  std::string text;
  for (size_t i = 0; i < program_->rules().size(); ++i) {
    const uint64_t of_rule = summary_.errors(static_cast<uint16_t>(i));
    if (of_rule == 0) continue;
    text += fmt::format("{}'{}' {}", text.empty() ? "" : ", ",
                        match::Printable(program_->rules()[i].name), of_rule);
  }
  if (text.empty()) return;
  fmt::print(stderr,
             "sluice: messages whose body a rule could not use: {}\n"
             "  sluice explain tells why\n",
             text);
}

int Filterer::Finish() {
  engine_.CloseAll();
  CloseWindows();
  if (options_.summary) output_.WriteText(summary_.AsJson());
  if (options_.table) output_.WriteText(summary_.AsTable());
  if (!output_.Flush()) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  if (lines_wanted_) NoteAllErrors();
  if (summary_.malformed() == 0) return kExitFine;
  fmt::print(stderr, "sluice: {} of {} lines are no messages\n", summary_.malformed(), line_);
  return kExitNo;
}

}  // namespace

int Filter(const FilterOptions& options) {
  config::Diagnostics diagnostics;
  std::shared_ptr<const compile::Program> program = LoadProgram(options.config, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (program == nullptr) return kExitNo;

  Filterer filterer(std::move(program), options);
  const std::vector<std::string> standard_input = {"-"};
  bool all_read = true;
  for (const std::string& path : options.inputs.empty() ? standard_input : options.inputs) {
    all_read = filterer.ReadFile(path) && all_read;
  }
  const int code = filterer.Finish();
  return all_read ? code : kExitNo;
}

}  // namespace sluice::commands
