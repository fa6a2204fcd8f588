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
#include <utility>

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
  ExplainCommand(const ConfigFile& loaded, bool json)
      : program_(loaded.program),
        explainer_(program_, loaded.file.rules),
        engine_(program_),
        json_(json),
        colours_(!json && ::isatty(STDOUT_FILENO) == 1) {}

  // Whether the line is a message; if not, why is on stderr.
  bool Explain(std::string_view line, uint64_t number);
  uint64_t messages() const { return messages_taken_; }

 private:
  void Judge(ExplainedMessage* explained);

  std::shared_ptr<const compile::Program> program_;
  match::Explainer explainer_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  LineMessages messages_;
  const bool json_;
  const bool colours_;
  uint64_t messages_taken_ = 0;
};

bool ExplainCommand::Explain(std::string_view line, uint64_t number) {
  if (const absl::Status status = messages_.Parse(line); !status.ok()) {
    const std::string error(status.message());
    fmt::print(stderr, "sluice: line {}: no message: {}\n", number, error);
    if (json_) WriteOut(ExplainedErrorAsJson(number, error));
    return false;
  }
  ExplainedMessage explained;
  explained.line = number;
  explained.message = &messages_.view();
  explained.reason = "bad topic";
  if (messages_.topic_is_valid()) Judge(&explained);
  if (!json_ && messages_taken_ > 0) std::fputc('\n', stdout);
  ++messages_taken_;
  WriteOut(json_ ? ExplanationAsJson(*program_, explained)
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
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    const std::string& output = program_->outputs()[delivery.delivery->output];
    std::vector<std::string>& outputs = explained->outputs;
    if (std::find(outputs.begin(), outputs.end(), output) == outputs.end())
      outputs.push_back(output);
  }
  for (const uint16_t rule : shaped.errors)
    explained->rules[rule].reason = "select and redact need a JSON object, and the body is none";
}

}  // namespace

int Explain(const ExplainOptions& options) {
  config::Diagnostics diagnostics;
  const std::optional<ConfigFile> loaded = LoadConfigFile(options.config, &diagnostics);
  const std::string found = diagnostics.Render();
  std::fwrite(found.data(), 1, found.size(), stderr);
  if (!loaded || diagnostics.errors() > 0 || loaded->program == nullptr) return kExitNo;

  ExplainCommand command(*loaded, options.json);
  bool all_fine = true;
  const bool read = ForEachLine(options.message, [&](std::string_view line, uint64_t number) {
    all_fine = command.Explain(line, number) && all_fine;
  });
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "sluice: standard output: {}\n", std::strerror(errno));
    return kExitNo;
  }
  if (read && all_fine && command.messages() == 0) {
    fmt::print(stderr, "sluice: {}: no message line\n", options.message);
    return kExitNo;
  }
  return read && all_fine ? kExitFine : kExitNo;
}

}  // namespace sluice::commands
