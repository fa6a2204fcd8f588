#include "gateway/commands/message_explainer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sluice::commands {

absl::Status MessageExplainer::Explain(std::string_view line, ExplainedMessage* explained) {
  if (absl::Status status = messages_.Parse(line); !status.ok()) return status;
  explained->message = &messages_.view();
  explained->reason = "bad topic";
  if (messages_.topic_is_valid()) Judge(explained);
  return absl::OkStatus();
}

void MessageExplainer::Pass(std::string_view line) {
  if (messages_.Parse(line).ok() && messages_.topic_is_valid()) engine_.Run(messages_.view());
}

// The verdict is the gateway's own, the rules are the plain evaluator's.
void MessageExplainer::Judge(ExplainedMessage* explained) {
  explained->rules = explainer_.Explain(messages_.view());
  explained->reductions.resize(explained->rules.size());
  for (reduce::RuleEngine::Explained& each : engine_.Explain(messages_.view()))
    explained->reductions[each.rule] = std::move(each.reduction);
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

}  // namespace sluice::commands
