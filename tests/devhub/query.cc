#include "tests/devhub/query.h"

#include <string>

#include "gateway/mqtt/utf8.h"
#include "tests/devhub/percent.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {

std::optional<std::string_view> QueryValue(std::string_view topic_end, std::string_view name) {
  if (!topic_end.starts_with('?')) return std::nullopt;
  topic_end.remove_prefix(1);
  for (const std::string_view pair : Split(topic_end, '&')) {
    const size_t equals = pair.find('=');
    if (equals == pair.npos || !EqualsIgnoringCase(pair.substr(0, equals), name)) continue;
    const std::string_view value = pair.substr(equals + 1);
    std::string decoded;
    if (value.empty() || value.find('/') != value.npos || !PercentDecode(value, &decoded) ||
        !mqtt::ValidUtf8(decoded)) {
      return std::nullopt;
    }
    return value;
  }
  return std::nullopt;
}

}  // namespace sluice::devhub
