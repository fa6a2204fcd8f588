#include "gateway/commands/json_yardstick.h"

#include <chrono>

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

JsonYardstick::JsonYardstick(std::span<const language::MessageView> messages) {
  for (const language::MessageView& message : messages) {
    if (PassOver(parser_, message.payload, &checksum_)) bodies_.push_back(message.payload);
  }
}

void JsonYardstick::Run(double seconds) {
  if (bodies_.empty()) return;
  const Clock::time_point start = Clock::now();
  const Clock::time_point end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  Clock::time_point now = start;
  for (; now < end; now = Clock::now()) {
    for (size_t i = 0; i < kPassesAReading; ++i) {
      PassOver(parser_, bodies_[next_], &checksum_);
      if (++next_ == bodies_.size()) next_ = 0;
    }
    passes_ += kPassesAReading;
  }
  nanoseconds_ += static_cast<uint64_t>(std::chrono::nanoseconds(now - start).count());
}

}  // namespace sluice::commands
