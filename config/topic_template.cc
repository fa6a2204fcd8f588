#include "config/topic_template.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

constexpr size_t kMaxFilterBytes = 65535;  // [MQTT-4.7.3-3]

std::string CheckLevel(std::string_view level, bool is_last) {
  if (level == "+") return "";
  if (level == "#") return is_last ? "" : "# must be the last level";
  if (level.find_first_of("+#") != std::string_view::npos) {
    return fmt::format("+ and # must fill a level of their own, found '{}'", level);
  }
  for (size_t at = level.find_first_of("{}"); at != std::string_view::npos;
       at = level.find_first_of("{}")) {
    const size_t end = level.find('}', at);
    if (level[at] != '{' || end == std::string_view::npos) return "a brace without its partner";
    if (level.substr(at, end - at + 1) != "{device}") {
      return fmt::format("'{}' is no name known here, write {{device}} or +",
                         level.substr(at, end - at + 1));
    }
    level.remove_prefix(end + 1);
  }
  return "";
}

}  // namespace

std::string CheckTemplate(std::string_view filter) {
  if (filter.empty()) return "must not be empty";
  if (filter.size() > kMaxFilterBytes) return fmt::format("longer than {} bytes", kMaxFilterBytes);
  if (filter[0] == '$') return "topics that begin with $ are the gateway's own";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(filter.begin(), filter.end(), is_control)) return "holds a control character";
  while (true) {
    const size_t slash = filter.find('/');
    const bool is_last = slash == std::string_view::npos;
    if (std::string fault = CheckLevel(filter.substr(0, slash), is_last); !fault.empty())
      return fault;
    if (is_last) return "";
    filter.remove_prefix(slash + 1);
  }
}

}  // namespace sluice::config
