#include "gateway/commands/json_yardstick.h"

#include <simdjson.h>

#include <chrono>

#include "gateway/commands/cpu_time.h"

namespace sluice::commands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPassesAReading = 64;  // of the clock

// False where it is no JSON object.
bool PassOver(simdjson::ondemand::parser& parser, std::string_view body, uint64_t* checksum) {
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  const simdjson::padded_string_view text(body.data(), body.size(),
                                          body.size() + language::kPayloadSlack);
  if (parser.iterate(text).get(document) || document.get_object().get(object)) return false;
  for (auto field : object) {
    simdjson::ondemand::raw_json_string key;
    simdjson::ondemand::json_type type;
    if (field.key().get(key) || field.value().type().get(type)) return false;
    *checksum += static_cast<uint64_t>(key.raw()[0]) + static_cast<uint64_t>(type);
  }
  return true;
}

}  // namespace

struct JsonYardstick::Parser {
  simdjson::ondemand::parser parser;
};

JsonYardstick::JsonYardstick(std::span<const language::MessageView> messages)
    : parser_(std::make_unique<Parser>()) {
  for (const language::MessageView& message : messages) {
    if (PassOver(parser_->parser, message.payload, &checksum_)) bodies_.push_back(message.payload);
  }
}

JsonYardstick::~JsonYardstick() = default;

void JsonYardstick::Run(double seconds) {
  if (bodies_.empty()) return;
  const double begin = CpuSeconds();
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  do {
    for (size_t i = 0; i < kPassesAReading; ++i) {
      PassOver(parser_->parser, bodies_[next_], &checksum_);
      if (++next_ == bodies_.size()) next_ = 0;
    }
    passes_ += kPassesAReading;
  } while (Clock::now() < end);
  seconds_ += CpuSeconds() - begin;
}

}  // namespace sluice::commands
