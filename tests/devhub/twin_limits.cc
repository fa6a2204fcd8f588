#include "tests/devhub/twin_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostKeyBytes = 1 << 10;
constexpr size_t kMostStringBytes = 4 << 10;
constexpr int kMostDepth = 10;
constexpr int64_t kMostInteger = 4'503'599'627'370'496;

absl::Status Bad(const std::string& why) { return absl::InvalidArgumentError(why); }

absl::Status CheckKey(const std::string& key) {
  const bool foul = std::any_of(key.begin(), key.end(), [](char c) {
    return c == '.' || c == '$' || c == ' ' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (foul) {
    return Bad(fmt::format("key \"{}\": no . $ space or control characters", Printable(key)));
  }
  if (key.empty() || key.size() > kMostKeyBytes) {
    return Bad(fmt::format("key \"{}\": want 1 to {} bytes", Printable(key), kMostKeyBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckScalar(const Json& value) {
  if (value.is_string() && value.get_ref<const std::string&>().size() > kMostStringBytes) {
    return Bad(fmt::format("a string above {} bytes", kMostStringBytes));
  }
  const bool too_large = value.is_number_unsigned()
                             ? value.get<uint64_t>() > static_cast<uint64_t>(kMostInteger)
                             : value.is_number_integer() && (value.get<int64_t>() < -kMostInteger ||
                                                             value.get<int64_t>() > kMostInteger);
  return too_large ? Bad(fmt::format("an integer beyond {}", kMostInteger)) : absl::OkStatus();
}

// Arrays count as levels, too: the sheet does not say that they do not.
absl::Status CheckValue(const Json& value, int depth) {
  if (!value.is_structured()) return CheckScalar(value);
  if (depth > kMostDepth) return Bad(fmt::format("deeper than {} levels", kMostDepth));
  if (value.is_array()) {
    for (const Json& element : value) {
      if (absl::Status status = CheckValue(element, depth + 1); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  for (const auto& [key, member] : value.items()) {
    if (absl::Status status = CheckKey(key); !status.ok()) return status;
    if (absl::Status status = CheckValue(member, depth + 1); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTwinPatch(const Json& patch) {
  if (!patch.is_object()) return Bad("want a JSON object");
  return CheckValue(patch, 1);
}

size_t TwinSize(const Json& value) {
  size_t size = 0;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) size += key.size() + TwinSize(member);
  } else if (value.is_array()) {
    for (const Json& element : value) size += TwinSize(element);
  } else if (value.is_string()) {
    size = value.get_ref<const std::string&>().size();
  } else {
    size = value.is_boolean() ? 4 : value.is_number() ? 8 : 0;
  }
  return size;
}

}  // namespace sluice::devhub
