// What judging costs: reading a body, and conditions on what was read. One thread, everything warm.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"
#include "filters/language/json_paths.h"

namespace {

using namespace sluice::language;  // NOLINT(google-build-using-namespace): a program, nothing
                                   // includes it

// A reading as machines of the plant corpus send it, and one with `readings` of them in an array.
std::string Reading(size_t readings) {
  std::string body =
      R"({"temperature":81.5,"unit":"C","pressure":6.12,"rpm":1480,"v_rms":{"x":1.21,"y":0.98,"z":2.4},)"
      R"("state":"running","alarm":false,"serial":"PX-2231-0042","seq":184467)";
  if (readings > 0) body += ",\"spectrum\":[";
  for (size_t i = 0; i < readings; ++i)
    body += (i > 0 ? ",0.0" : "0.0") + std::to_string(1000 + i * 37 % 9000);
  return body + (readings > 0 ? "]}" : "}");
}

MessageView Message(std::string_view payload) {
  MessageView message;
  message.content_type = "application/json";
  message.content_encoding = "utf-8";
  message.format = ParseBodyFormat(message.content_type, message.content_encoding);
  message.payload = payload;
  message.device = "press-03";
  message.topic = "plant/line2/press-03/telemetry";
  return message;
}

// Validates all of the body and fills four slots; range(0) elements in an array make it longer.
void BM_ReadBody(benchmark::State& state) {
  std::string payload = Reading(static_cast<size_t>(state.range(0)));
  const size_t size = payload.size();
  payload.append(kPayloadSlack, '\0');
  JsonPaths paths;
  for (std::string_view path : {"temperature", "unit", "v_rms.z", "state"})
    paths.Intern(*ParsePath(path, nullptr));
  BodyReader reader(paths, {});
  const MessageView message = Message(std::string_view(payload).substr(0, size));
  for (auto _ : state) {
    benchmark::DoNotOptimize(reader.Read(message));
    benchmark::DoNotOptimize(reader.value(0));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * size));
}
BENCHMARK(BM_ReadBody)->Arg(0)->Arg(16)->Arg(128);

// The yardstick: one pass of simdjson's on-demand front end over the same members, which validates
// no more than it passes.
void BM_OnDemandPass(benchmark::State& state) {
  std::string payload = Reading(static_cast<size_t>(state.range(0)));
  const size_t size = payload.size();
  payload.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    simdjson::ondemand::document document = parser.iterate(payload.data(), size, payload.size());
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "temperature") {
        double value = field.value().get_double();
        benchmark::DoNotOptimize(value);
      } else if (key == "unit" || key == "state") {
        std::string_view value = field.value().get_string();
        benchmark::DoNotOptimize(value);
      } else if (key == "v_rms") {
        double value = field.value().get_object()["z"].get_double();
        benchmark::DoNotOptimize(value);
      }
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * size));
}
BENCHMARK(BM_OnDemandPass)->Arg(0)->Arg(16)->Arg(128);

// One condition on a body that was read.
void BM_Judge(benchmark::State& state, std::string_view query) {
  std::string payload = Reading(0);
  const size_t size = payload.size();
  payload.append(kPayloadSlack, '\0');
  FieldPaths paths;
  ExpressionOptions options;
  options.paths = &paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = CompileCondition(query, options, &diagnostics);
  const PropertyView properties[] = {{"site", "north"}, {"level", "alert"}, {"count", "12"}};
  MessageView message = Message(std::string_view(payload).substr(0, size));
  message.properties = properties;
  BodyReader reader(paths.body, {});
  reader.Read(message);
  Evaluator evaluator(paths);
  for (auto _ : state) {
    evaluator.Start({&message, &reader});
    benchmark::DoNotOptimize(evaluator.Judge(*condition));
  }
}
BENCHMARK_CAPTURE(BM_Judge, threshold, "$body.temperature > 80");
BENCHMARK_CAPTURE(BM_Judge, threshold_and_unit, "$body.temperature > 80 AND $body.unit = 'C'");
BENCHMARK_CAPTURE(BM_Judge, property, "level = 'alert'");
BENCHMARK_CAPTURE(BM_Judge, property_as_number, "as_number(count) > 9");
BENCHMARK_CAPTURE(BM_Judge, upper, "upper($body.state) = 'RUNNING'");
BENCHMARK_CAPTURE(BM_Judge, regex, "regex_match($body.serial, '^PX-[0-9]+-00')");

}  // namespace
