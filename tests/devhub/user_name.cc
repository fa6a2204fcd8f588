#include "tests/devhub/user_name.h"

#include <fmt/format.h>

#include <vector>

#include "tests/devhub/percent.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

absl::Status Bad(const std::string& why) { return absl::InvalidArgumentError("user name: " + why); }

// YYYY-MM-DD, with or without "-preview": which dates there are is the service's business and
// changes.
bool IsApiVersion(std::string_view date) {
  constexpr std::string_view kShape = "0000-00-00";
  if (date.size() < kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '-' ? date[i] != '-' : date[i] < '0' || date[i] > '9') return false;
  }
  const std::string_view rest = date.substr(kShape.size());
  return rest.empty() || rest == "-preview";
}

struct Parameter {
  std::string_view name;
  std::string UserName::*value;
};
// auth-chain belongs to nested edge devices, which this hub does not play: it is ignored like an
// unknown one.
constexpr Parameter kParameters[] = {
    {"api-version", &UserName::api_version},
    {"DeviceClientType", &UserName::client_type},
    {"model-id", &UserName::model_id},
};

absl::Status ReadParameters(std::string_view query, UserName* user) {
  bool seen[std::size(kParameters)] = {};
  for (const std::string_view pair : Split(query, '&')) {
    const size_t equals = pair.find('=');
    if (equals == pair.npos || equals == 0) {
      return Bad(fmt::format("parameter \"{}\" is not name=value", Printable(pair)));
    }
    std::string value;
    if (!PercentDecode(pair.substr(equals + 1), &value)) {
      return Bad(fmt::format("parameter \"{}\" is not percent-encoded", Printable(pair)));
    }
    for (size_t i = 0; i < std::size(kParameters); ++i) {
      if (pair.substr(0, equals) != kParameters[i].name) continue;
      if (seen[i]) return Bad(fmt::format("{} stands there twice", kParameters[i].name));
      seen[i] = true;
      user->*kParameters[i].value = std::move(value);
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UserName> ParseUserName(std::string_view text) {
  const std::vector<std::string_view> parts = Split(text, '/');
  if (parts.size() != 3 && parts.size() != 4) {
    return Bad(fmt::format("\"{}\" is not host/device[/module]/?api-version=...", Printable(text)));
  }
  UserName user;
  user.host = parts[0];
  user.identity.device = parts[1];
  if (parts.size() == 4) user.identity.module = parts[2];
  if (user.host.empty()) return Bad("no host name");
  if (!IsValidId(user.identity.device)) return Bad("no valid device id");
  if (parts.size() == 4 && !IsValidId(user.identity.module)) return Bad("no valid module id");

  std::string_view query = parts.back();
  if (query.empty() || query[0] != '?') return Bad("no /? before api-version");
  query.remove_prefix(1);
  if (absl::Status status = ReadParameters(query, &user); !status.ok()) return status;
  if (user.api_version.empty()) return Bad("no api-version");
  if (!IsApiVersion(user.api_version)) {
    return Bad(fmt::format("api-version \"{}\" is no date", Printable(user.api_version)));
  }
  return user;
}

}  // namespace sluice::devhub
