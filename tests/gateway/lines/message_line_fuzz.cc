// Whatever a line is, reading it ends in an error or in views whose bytes, slack included, are all
// readable, and in a payload that its own member says.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filters/json/base64.h"
#include "filters/json/writer.h"
#include "gateway/lines/message_line.h"

namespace {

uint64_t Sum(std::string_view text) {
  uint64_t sum = 0;
  for (const char c : text) sum += static_cast<uint8_t>(c);
  return sum;
}

uint64_t SumOf(const sluice::language::MessageView& view) {
  uint64_t sum = Sum(view.device) + Sum(view.topic) + Sum(view.content_type) +
                 Sum(view.content_encoding) + Sum(view.twin) +
                 Sum({view.payload.data(), view.payload.size() + sluice::language::kPayloadSlack});
  for (const auto properties : {view.properties, view.system_properties}) {
    for (const auto& property : properties) sum += Sum(property.name) + Sum(property.value);
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  static sluice::lines::OwnedMessage message;
  if (!sluice::lines::ParseMessageLine(line, &message).ok()) return 0;
  static uint64_t sink = 0;
  sink += SumOf(message.View());
  if (sink == UINT64_MAX) std::abort();  // keeps the reads
  // The line that says the same in other words is read as the same payload.
  std::string again = R"({"topic":"t","payloadBase64":")";
  sluice::json::AppendBase64(message.View().payload, &again);
  again += "\"}";
  sluice::lines::OwnedMessage second;
  if (!sluice::lines::ParseMessageLine(again, &second).ok()) std::abort();
  if (second.View().payload != message.View().payload) std::abort();
  return 0;
}
