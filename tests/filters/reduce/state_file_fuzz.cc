// Whatever a state file says behind a digest that fits, it is refused, or reducers go on from it:
// their windows are JSON, their counts hold together, and what they save loads again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filters/compile/compiler.h"
#include "filters/reduce/rule_engine.h"
#include "filters/reduce/state_file.h"
#include "tests/filters/language/strict_json.h"

namespace {

using sluice::compile::Located;
using namespace sluice;  // NOLINT(google-build-using-namespace)

Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

std::shared_ptr<const compile::Program> MakeProgram() {
  compile::RuleSetSpec spec;
  spec.max_state = 100'000;
  compile::RuleSpec rule;
  rule.name = Text("a");
  rule.dedup = std::chrono::milliseconds(1000);
  rule.on_change = compile::OnChangeSpec{Text("$body.v"), Text("5%"), std::chrono::milliseconds(5)};
  rule.sample = 3;
  rule.rate = Text("5/s");
  spec.rules.push_back(rule);
  compile::RuleSpec window;
  window.name = Text("w");
  window.window = compile::WindowSpec{std::chrono::milliseconds(10),
                                      {{Text("n"), Text("COUNT()")},
                                       {Text("s"), Text("STDDEV($body.v)")},
                                       {Text("l"), Text("LAST($body.t)")}}};
  spec.rules.push_back(window);
  const compile::OutputSpec outputs[] = {{"hub", true, false}};
  std::vector<compile::Problem> problems;
  return compile::Compile(spec, outputs, &problems);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<const compile::Program> program = MakeProgram();
  // Definitions are long: a byte stands for each. The rest is the file as it is.
  std::string bytes = reduce::StateFileWriter({1, 2}).Finish();
  bytes.resize(bytes.size() - sizeof(reduce::Digest));
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == 0xfe && i + 1 < size) {
      const std::string& definition = program->rules()[data[++i] % 2].reduction->definition;
      const auto length = static_cast<uint32_t>(definition.size());
      bytes.append(reinterpret_cast<const char*>(&length), sizeof length).append(definition);
    } else {
      bytes.push_back(static_cast<char>(data[i]));
    }
  }
  const reduce::Digest digest = reduce::DigestOf({0x736c75696365, 1}, bytes);
  bytes.append(reinterpret_cast<const char*>(&digest), sizeof digest);

  reduce::RuleEngine engine(program);
  constexpr int64_t kNow = 1'700'000'000'000'000;
  const auto all = [](std::string_view) { return true; };
  if (!reduce::ReadStateFile(bytes, kNow, all, &engine.reducers()).ok()) return 0;

  reduce::StateFileWriter writer(engine.reducers().store().hash_key());
  writer.Add(engine.reducers());
  reduce::RuleEngine again(program);
  if (!reduce::ReadStateFile(writer.Finish(), kNow, all, &again.reducers()).ok()) std::abort();
  if (again.reducers().states() != engine.reducers().states()) std::abort();

  std::string payload = R"({"v":1,"t":"x"})";
  const size_t length = payload.size();
  payload.append(language::kPayloadSlack, ' ');
  language::MessageView message;
  message.topic = "t";
  message.payload = std::string_view(payload).substr(0, length);
  for (int i = 0; i < 20; ++i) {
    message.time_us = kNow + int64_t{3000} * i;
    engine.Run(message);
  }
  engine.CloseAll();
  while (const reduce::ClosedWindow* const window = engine.NextClosed()) {
    using language::StrictJson;
    if (StrictJson::Judge(window->message.payload, 10) != StrictJson::Verdict::kSound) std::abort();
  }
  if (engine.next_close_us() != reduce::Reducers::kNever) std::abort();
  return 0;
}
