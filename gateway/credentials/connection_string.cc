#include "gateway/credentials/connection_string.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "fmt/core.h"
#include "gateway/credentials/text.h"

namespace sluice::credentials {
namespace {

constexpr size_t kMaxIdBytes = 128;

absl::Status Error(const std::string& message) { return absl::InvalidArgumentError(message); }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// The parts as written, before they are judged. Data of a part that is not there is null.
struct Parts {
  std::string_view host_name, device_id, module_id, key, signature, x509, gateway, policy;
};

struct PartName {
  std::string_view name;
  std::string_view Parts::*part;
};
constexpr PartName kPartNames[] = {
    {"HostName", &Parts::host_name},
    {"DeviceId", &Parts::device_id},
    {"ModuleId", &Parts::module_id},
    {"SharedAccessKey", &Parts::key},
    {"SharedAccessSignature", &Parts::signature},
    {"x509", &Parts::x509},
    {"X509Cert", &Parts::x509},
    {"GatewayHostName", &Parts::gateway},
    {"SharedAccessKeyName", &Parts::policy},
};

const PartName* FindPart(std::string_view name) {
  for (const PartName& row : kPartNames) {
    if (EqualsIgnoringCase(row.name, name)) return &row;
  }
  return nullptr;
}

absl::StatusOr<Parts> Split(std::string_view text) {
  Parts parts;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find(';');
    const std::string_view part = Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    // What stands there may be a piece of a key: the number has to do.
    if (equals == std::string_view::npos) {
      return Error(fmt::format("part {} is not of the form Name=value", number));
    }
    const std::string_view name = Trim(part.substr(0, equals));
    const PartName* const row = FindPart(name);
    if (row == nullptr) {
      return Error(
          fmt::format("part {} has an unknown name; known are HostName, DeviceId, ModuleId, "
                      "SharedAccessKey, SharedAccessSignature, x509, GatewayHostName",
                      number));
    }
    if ((parts.*row->part).data() != nullptr) {
      return Error(fmt::format("{} stands there twice", row->name));
    }
    const std::string_view value = Trim(part.substr(equals + 1));
    if (value.empty()) return Error(fmt::format("{} is empty", row->name));
    parts.*row->part = value;
  }
  return parts;
}

bool IsAlphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// The hub's set of characters without those that cannot stand in a topic to publish to, or would
// split one.
absl::Status CheckId(std::string_view what, std::string_view id) {
  if (id.size() > kMaxIdBytes) return Error(fmt::format("{} has over 128 characters", what));
  for (const char c : id) {
    constexpr std::string_view kOthers = "-:._%*!(),=@$'";
    if (!IsAlphanumeric(c) && kOthers.find(c) == std::string_view::npos) {
      return Error(fmt::format("{} has a character that is not allowed (letters, digits, {})", what,
                               kOthers));
    }
  }
  return absl::OkStatus();
}

// A name, or an address of either kind.
bool IsHost(std::string_view host) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  return std::all_of(host.begin(), host.end(), [is_v6](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '.' || (is_v6 && c == ':');
  });
}

std::string NoHost(std::string_view what) {
  return fmt::format("{} is no host name; write it without scheme and path", what);
}

// "name", "name:port", "[v6]:port", "v6".
absl::Status SplitHost(std::string_view what, std::string_view text, ConnectionString* c) {
  std::string_view host = text;
  std::string_view port;
  if (host.front() == '[') {
    const size_t close = host.find(']');
    if (close == std::string_view::npos) return Error(fmt::format("{}: ']' is missing", what));
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') {
      return Error(fmt::format("{}: want :port behind ']'", what));
    }
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return Error(fmt::format("{}: the port is missing", what));
    host = host.substr(1, close - 1);
  } else if (const size_t colon = host.find(':');
             colon != std::string_view::npos &&
             host.find(':', colon + 1) == std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (port.starts_with("//")) return Error(NoHost(what));
    if (port.empty()) return Error(fmt::format("{}: the port is missing", what));
  }
  if (host.empty()) return Error(fmt::format("{}: the host is missing", what));
  if (!IsHost(host)) return Error(NoHost(what));
  if (!port.empty()) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
      return Error(fmt::format("{}: the port must be 1 to 65535", what));
    }
    c->dial_port = static_cast<uint16_t>(number);
  }
  c->dial_host = std::string(host);
  return absl::OkStatus();
}

// Whole and padded; absl alone would take it cut off, and with blanks. Bits left over in the last
// character are the hub's to judge.
bool DecodeKey(std::string_view text, std::string* key) {
  const std::string_view digits = text.substr(0, text.find('='));
  const std::string_view padding = text.substr(digits.size());
  const bool well_formed =
      text.size() % 4 == 0 && (padding.empty() || padding == "=" || padding == "==") &&
      std::all_of(digits.begin(), digits.end(),
                  [](char c) { return IsAlphanumeric(c) || c == '+' || c == '/'; });
  return well_formed && absl::Base64Unescape(std::string(text), key) && !key->empty();
}

absl::Status TakeCredential(const Parts& parts, ConnectionString* c) {
  const int credentials = (parts.key.data() != nullptr) + (parts.signature.data() != nullptr) +
                          (parts.x509.data() != nullptr);
  if (credentials != 1) {
    return Error(
        fmt::format("{}: want exactly one of SharedAccessKey, SharedAccessSignature, x509=true",
                    credentials == 0 ? "no credential" : "more than one credential"));
  }
  if (parts.key.data() != nullptr) {
    if (!DecodeKey(parts.key, &c->key)) {
      return Error("SharedAccessKey is not base64; copy it whole, with the '=' at its end");
    }
  } else if (parts.signature.data() != nullptr) {
    constexpr std::string_view kPrefix = "SharedAccessSignature ";
    if (parts.signature.substr(0, kPrefix.size()) != kPrefix) {
      return Error("SharedAccessSignature must begin with \"SharedAccessSignature sr=\"");
    }
    c->signature = std::string(parts.signature);
  } else {
    if (!EqualsIgnoringCase(parts.x509, "true")) return Error("x509 can only be true");
    c->x509 = true;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConnectionString> ParseConnectionString(std::string_view text) {
  absl::StatusOr<Parts> parts = Split(text);
  if (!parts.ok()) return parts.status();
  if (parts->policy.data() != nullptr) {
    return Error(
        "SharedAccessKeyName makes it one of the service, which is not for devices; take the "
        "connection string of a device");
  }
  if (parts->host_name.data() == nullptr) return Error("HostName is missing");
  if (parts->device_id.data() == nullptr) return Error("DeviceId is missing");

  ConnectionString c;
  c.identity.host_name = std::string(parts->host_name);
  c.identity.device_id = std::string(parts->device_id);
  c.identity.module_id = std::string(parts->module_id);
  c.gateway_host_name = std::string(parts->gateway);
  if (absl::Status s = CheckId("DeviceId", c.identity.device_id); !s.ok()) return s;
  if (absl::Status s = CheckId("ModuleId", c.identity.module_id); !s.ok()) return s;
  if (absl::Status s = TakeCredential(*parts, &c); !s.ok()) return s;
  if (absl::Status s = SplitHost("HostName", c.identity.host_name, &c); !s.ok()) return s;
  if (!c.gateway_host_name.empty()) {
    c.dial_port = 8883;
    if (absl::Status s = SplitHost("GatewayHostName", c.gateway_host_name, &c); !s.ok()) return s;
  }
  return c;
}

}  // namespace sluice::credentials
