#include "gateway/commands/judgement.h"

namespace sluice::commands {
namespace {

// Nothing in a part can be mistaken for another part.
void AppendPart(std::string_view part, std::string* to) {
  *to += std::to_string(part.size()) + ':';
  *to += part;
}

std::string BytesOf(const compile::Program& program, const match::ShapedDelivery& shaped) {
  std::string bytes;
  AppendPart(program.outputs()[shaped.delivery->output], &bytes);
  AppendPart(std::to_string(shaped.delivery->priority), &bytes);
  AppendPart(shaped.body, &bytes);
  std::map<std::string_view, std::string_view> set;  // in whatever order rules stand
  for (const match::SetProperty& property : shaped.delivery->set)
    set[property.name] = property.value;
  for (const auto& [name, value] : set) {
    AppendPart(name, &bytes);
    AppendPart(value, &bytes);
  }
  return bytes;
}

}  // namespace

Judgement RuleSetJudge::Judge(const language::MessageView& message) {
  const match::Verdict& verdict = engine_.Run(message);
  const match::Shaper::Result& shaped = shaper_.Apply(program_->shapes(), verdict, message.payload);
  Judgement judgement;
  if (shaped.deliveries.empty()) {
    judgement.reason =
        match::DropReasonText(verdict.forwards() ? match::DropReason::kRule : verdict.reason);
  }
  const auto name = [this](uint16_t rule) { return program_->rules()[rule].name; };
  for (const uint16_t rule : verdict.rules) judgement.rules.emplace(name(rule), "");
  for (const reduce::RuleEngine::Held& held : engine_.held())
    judgement.rules[name(held.rule)] = match::DropReasonText(held.reason);
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    judgement.outputs.insert(program_->outputs()[delivery.delivery->output]);
    std::set<std::string> senders;
    for (const uint16_t rule : delivery.delivery->rules) senders.insert(name(rule));
    judgement.messages.emplace(BytesOf(*program_, delivery), std::move(senders));
  }
  return judgement;
}

Windows RuleSetJudge::Advance(int64_t time_us) {
  engine_.Advance(time_us);
  return Closed();
}

Windows RuleSetJudge::CloseAll() {
  engine_.CloseAll();
  return Closed();
}

Windows RuleSetJudge::Closed() {
  Windows windows;
  while (const reduce::ClosedWindow* const window = engine_.NextClosed()) {
    const match::Shaper::Result& shaped =
        shaper_.Apply(program_->shapes(), *window->verdict, window->message.payload);
    std::string sent;
    for (const match::ShapedDelivery& delivery : shaped.deliveries)
      AppendPart(BytesOf(*program_, delivery), &sent);
    windows[{program_->rules()[window->rule].name, window->from_us, window->to_us,
             std::string(window->message.device), std::string(window->message.topic)}]
        .insert(std::move(sent));
  }
  return windows;
}

}  // namespace sluice::commands
