// sluice explain: why each rule did or did not match.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/language/suggest.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/explain_output.h"
#include "gateway/commands/line_messages.h"
#include "gateway/commands/message_explainer.h"

namespace sluice::commands {
namespace {

void WriteOut(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

class ExplainCommand {
 public:
  ExplainCommand(const ConfigFile& loaded, const ExplainOptions& options)
      : explainer_(loaded.program, loaded.file.rules),
        options_(options),
        colours_(!options.json && ::isatty(STDOUT_FILENO) == 1) {}

  // Whether the line is a message; if not, why is on stderr. Of lines that were not asked for, only
  // reducers take notice.
  bool Take(std::string_view line, uint64_t number);
  uint64_t messages() const { return messages_taken_; }

 private:
  MessageExplainer explainer_;
  const ExplainOptions& options_;
  const bool colours_;
  uint64_t messages_taken_ = 0;
};

bool ExplainCommand::Take(std::string_view line, uint64_t number) {
  if (options_.line != 0 && number != options_.line) {
    if (number < options_.line) explainer_.Pass(line);
    return true;
  }
  ExplainedMessage explained;
  explained.line = number;
  explained.only_rule = options_.rule;
  if (const absl::Status status = explainer_.Explain(line, &explained); !status.ok()) {
    const std::string error(status.message());
    fmt::print(stderr, "sluice: line {}: no message: {}\n", number, error);
    if (options_.json) WriteOut(ExplainedErrorAsJson(number, error));
    return false;
  }
  if (!options_.json && messages_taken_ > 0) std::fputc('\n', stdout);
  ++messages_taken_;
  const compile::Program& program = explainer_.program();
  WriteOut(options_.json ? ExplanationAsJson(program, explained)
                         : ExplanationForPeople(program, explained, colours_));
  return true;
}

bool HasRule(const compile::Program& program, const std::string& name) {
  if (name.empty()) return true;
  std::vector<std::string_view> names;
  for (const compile::Rule& rule : program.rules()) names.push_back(rule.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  const std::string_view nearest = language::Nearest(name, names);
  fmt::print(stderr, "sluice explain: there is no rule '{}'{}\n", name,
             nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
  return false;
}

}  // namespace

int Explain(const ExplainOptions& options) {
  config::Diagnostics diagnostics;
  const std::optional<ConfigFile> loaded = LoadConfigFile(options.config, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (!loaded || diagnostics.errors() > 0 || loaded->program == nullptr) return kExitNo;

  if (!HasRule(*loaded->program, options.rule)) return kExitNo;
  ExplainCommand command(*loaded, options);
  bool all_fine = true;
  const bool read = ForEachLine(options.message, [&](std::string_view line, uint64_t number) {
    all_fine = command.Take(line, number) && all_fine;
  });
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  if (read && all_fine && command.messages() == 0) {
    fmt::print(stderr, "sluice: {}: no message line{}\n", options.message,
               options.line == 0 ? "" : fmt::format(" {}", options.line));
    return kExitNo;
  }
  return read && all_fine ? kExitFine : kExitNo;
}

}  // namespace sluice::commands
