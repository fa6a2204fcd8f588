#include "config/broker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/value.h"

namespace sluice::config {
namespace {

constexpr size_t kMaxTopicBytes = 65535;  // [MQTT-4.7.3-3]

bool IsHost(std::string_view host, bool in_brackets) {
  return !host.empty() && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [&](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' ||
                  (in_brackets ? c == ':' : c == '_');
         });
}

}  // namespace

std::optional<BrokerAddress> ParseBrokerAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const std::optional<int64_t> port = ParseInteger(text.substr(colon + 1));
  if (!IsHost(host, in_brackets) || !port || *port < 1 || *port > 65535) return std::nullopt;
  return BrokerAddress{std::string(host), static_cast<uint16_t>(*port)};
}

std::string CheckBrokerTopic(std::string_view topic, bool packed) {
  if (topic.empty()) return "must not be empty";
  if (topic.size() > kMaxTopicBytes) return fmt::format("longer than {} bytes", kMaxTopicBytes);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(topic.begin(), topic.end(), is_control)) return "holds a control character";
  for (size_t at = topic.find_first_of("+#{}"); at != std::string_view::npos;
       at = topic.find_first_of("+#{}")) {
    const size_t end = topic.find('}', at);
    if (topic[at] == '+' || topic[at] == '#') return "+ and # cannot be published to";
    if (topic[at] != '{' || end == std::string_view::npos) return "a brace without its partner";
    const std::string_view name = topic.substr(at, end - at + 1);
    const bool of_record = name == "{device}" || name == "{topic}";
    if (!of_record && name != "{gateway}") {
      return fmt::format("'{}' is no name known here, write {{gateway}}, {{device}} or {{topic}}",
                         name);
    }
    if (of_record && packed) {
      return fmt::format("a pack holds messages of several devices: {} wants pack: none", name);
    }
    topic.remove_prefix(end + 1);
  }
  return "";
}

}  // namespace sluice::config
