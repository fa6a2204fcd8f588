// Judges one message by one rule through the installed library: exit code 0 if it is forwarded.
#include <string>
#include <vector>

#include "filters/compile/compiler.h"
#include "filters/match/judge.h"

int main() {
  namespace compile = sluice::compile;
  compile::RuleSetSpec rules;
  compile::RuleSpec& rule = rules.rules.emplace_back();
  rule.name.text = "hot";
  rule.where = compile::Located{.text = "$body.temperature > 80"};
  const std::vector<compile::OutputSpec> outputs = {{.name = "hub", .is_iothub = true}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(rules, outputs, &problems);
  if (program == nullptr) return 2;

  std::string payload = R"({"temperature":81.5})";
  const size_t size = payload.size();
  payload.resize(size + sluice::language::kPayloadSlack);
  sluice::language::MessageView message;
  message.device = "press-03";
  message.topic = "plant/line2/press-03/telemetry";
  message.payload = {payload.data(), size};
  sluice::match::Judge judge(std::move(program));
  return judge.Run(message).deliveries.size() == 1 ? 0 : 1;
}
