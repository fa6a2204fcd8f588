// sluice explain: why each rule did or did not match.
#include "filters/match/explain.h"

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
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/explain_output.h"
#include "gateway/commands/line_messages.h"

namespace sluice::commands {
namespace {

void WriteOut(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

class ExplainCommand {
 public:
  ExplainCommand(const ConfigFile& loaded, const ExplainOptions& options)
      : program_(loaded.program),
        explainer_(program_, loaded.file.rules),
        engine_(program_),
        options_(options),
        colours_(!options.json && ::isatty(STDOUT_FILENO) == 1) {}

  // Whether the line is a message; if not, why is on stderr. Of lines that were not asked for, only
  // reducers take notice.
  bool Take(std::string_view line, uint64_t number);
  uint64_t messages() const { return messages_taken_; }

 private:
  void Judge(ExplainedMessage* explained);

  std::shared_ptr<const compile::Program> program_;
  match::Explainer explainer_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  LineMessages messages_;
  const ExplainOptions& options_;
  const bool colours_;
  uint64_t messages_taken_ = 0;
};

bool ExplainCommand::Take(std::string_view line, uint64_t number) {
  if (options_.line != 0 && number != options_.line) {
    if (number < options_.line && messages_.Parse(line).ok() && messages_.topic_is_valid())
      engine_.Run(messages_.view());
    return true;
  }
  if (const absl::Status status = messages_.Parse(line); !status.ok()) {
    const std::string error(status.message());
    fmt::print(stderr, "sluice: line {}: no message: {}\n", number, error);
    if (options_.json) WriteOut(ExplainedErrorAsJson(number, error));
    return false;
  }
  ExplainedMessage explained;
  explained.line = number;
  explained.message = &messages_.view();
  explained.reason = "bad topic";
  explained.only_rule = options_.rule;
  if (messages_.topic_is_valid()) Judge(&explained);
  if (!options_.json && messages_taken_ > 0) std::fputc('\n', stdout);
  ++messages_taken_;
  WriteOut(options_.json ? ExplanationAsJson(*program_, explained)
                         : ExplanationForPeople(*program_, explained, colours_));
  return true;
}

// The verdict is the gateway's own, the rules are the plain evaluator's.
void ExplainCommand::Judge(ExplainedMessage* explained) {
  explained->rules = explainer_.Explain(messages_.view());
  const match::Verdict& verdict = engine_.Run(messages_.view());
  const match::Shaper::Result& shaped =
      shaper_.Apply(program_->shapes(), verdict, messages_.view().payload);
  explained->forwards = !shaped.deliveries.empty();
  const match::DropReason reason = verdict.forwards() ? match::DropReason::kRule : verdict.reason;
  explained->reason = explained->forwards ? "" : match::DropReasonText(reason);
  explained->held.resize(explained->rules.size());
  for (const reduce::RuleEngine::Held& held : engine_.held())
    explained->held[held.rule] = match::DropReasonText(held.reason);
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    const std::string& output = program_->outputs()[delivery.delivery->output];
    std::vector<std::string>& outputs = explained->outputs;
    if (std::find(outputs.begin(), outputs.end(), output) == outputs.end())
      outputs.push_back(output);
  }
  for (const uint16_t rule : shaped.errors)
    explained->rules[rule].reason = "select and redact need a JSON object, and the body is none";
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
