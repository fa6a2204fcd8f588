// The `?name=value&name=value` at the end of the hub's topics, `?$rid=...` above all.
#pragma once

#include <optional>
#include <string_view>

namespace sluice::devhub {

// The value as it stands in the topic, percent-encoded; nothing if `topic_end` is no such query or
// has no such name, or the value is empty, badly encoded or no UTF-8. Names ignore case.
std::optional<std::string_view> QueryValue(std::string_view topic_end, std::string_view name);

}  // namespace sluice::devhub
