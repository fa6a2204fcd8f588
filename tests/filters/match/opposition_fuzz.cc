// Whatever rules and messages the bytes choose: the indexed and the plain judge agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/filters/match/generated_rules.h"
#include "tests/filters/match/opposition.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;  // NOLINT(google-build-using-namespace): nothing includes this
  match::Choices choices(std::span<const uint8_t>(data, size));
  const auto profile = choices.OneIn(2) ? language::Profile::kEdgeHub : language::Profile::kDefault;
  const compile::RuleSetSpec spec =
      match::RuleGenerator(choices, profile).RuleSet(1 + choices.Below(30));
  const compile::OutputSpec outputs[] = {{"hub", true, false}, {"log", false, false}};
  std::vector<compile::Problem> problems;
  const auto program = compile::Compile(spec, outputs, &problems);
  if (program == nullptr) std::abort();
  match::Judge indexed(program);
  match::Judge plain(program, match::Judge::Method::kPlain);
  do {
    const match::GeneratedMessage message(choices);
    if (!match::Disagreement(indexed, plain, message.view()).empty()) std::abort();
  } while (!choices.exhausted());
  return 0;
}
