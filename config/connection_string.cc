#include "config/connection_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace sluice::config {
namespace {

enum Part : size_t {
  kHostName,
  kDeviceId,
  kModuleId,
  kGatewayHostName,
  kSharedAccessKey,
  kSharedAccessSignature,
  kX509,
  kX509Cert,
  kSharedAccessKeyName,
  kPartCount,
};
constexpr std::array<std::string_view, kPartCount> kPartNames = {"HostName",
                                                                 "DeviceId",
                                                                 "ModuleId",
                                                                 "GatewayHostName",
                                                                 "SharedAccessKey",
                                                                 "SharedAccessSignature",
                                                                 "x509",
                                                                 "X509Cert",
                                                                 "SharedAccessKeyName"};

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<size_t> FindPart(std::string_view name) {
  for (size_t i = 0; i < kPartCount; ++i) {
    if (EqualIgnoringCase(name, kPartNames[i])) return i;
  }
  return std::nullopt;
}

// host or host:port; IPv6 in brackets.
bool IsHost(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  std::string_view host = text.substr(0, has_port ? colon : text.size());
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (has_port) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
  }
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || (bracketed && c == ':');
  });
}

// Device and module ids: 128 characters of these (azure/iot-hub-mqtt.md, identity registry).
bool IsId(std::string_view text) {
  constexpr std::string_view kOthers = "-:.+%_#*?!(),=@$'";
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [&](unsigned char c) {
           return std::isalnum(c) != 0 ||
                  kOthers.find(static_cast<char>(c)) != std::string_view::npos;
         });
}

bool IsBase64(std::string_view text) {
  const size_t end = std::min(text.find('='), text.size());
  const auto is_digit = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '/';
  };
  return !text.empty() && text.size() % 4 == 0 && text.size() - end <= 2 &&
         std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), is_digit) &&
         text.substr(end).find_first_not_of('=') == std::string_view::npos;
}

std::string_view Trim(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

using Parts = std::array<std::optional<std::string_view>, kPartCount>;

std::string Split(std::string_view text, Parts& parts) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return fmt::format("part {} is no NAME=VALUE", number);
    const std::optional<size_t> known = FindPart(part.substr(0, equals));
    if (!known) {
      return fmt::format("part {} has an unknown name; want {}", number,
                         fmt::join(kPartNames.begin(), kPartNames.begin() + kX509, ", "));
    }
    if (parts[*known]) return fmt::format("{} stands twice", kPartNames[*known]);
    parts[*known] = part.substr(equals + 1);
  }
  return "";
}

std::string CheckCredential(const Parts& parts) {
  if (parts[kSharedAccessKeyName]) {
    return "this is a service's connection string (SharedAccessKeyName); take the one of a device";
  }
  const bool x509 = parts[kX509] || parts[kX509Cert];
  const int credentials = int{parts[kSharedAccessKey].has_value()} +
                          int{parts[kSharedAccessSignature].has_value()} + int{x509};
  if (credentials == 0) return "SharedAccessKey is missing";
  if (credentials > 1) return "more than one credential: want SharedAccessKey alone";
  if (x509) return "not yet: authenticating to the hub by X.509; use SharedAccessKey";
  if (parts[kSharedAccessSignature]) {
    return "SharedAccessSignature expires and cannot be renewed here; use SharedAccessKey";
  }
  if (!IsBase64(*parts[kSharedAccessKey])) return "SharedAccessKey is not base64 (was it cut off?)";
  return "";
}

}  // namespace

std::string CheckConnectionString(std::string_view text) {
  Parts parts;
  if (std::string fault = Split(text, parts); !fault.empty()) return fault;
  if (!parts[kHostName]) return "HostName is missing";
  if (!IsHost(*parts[kHostName])) return "HostName is no host name, nor host:port";
  if (parts[kGatewayHostName] && !IsHost(*parts[kGatewayHostName])) {
    return "GatewayHostName is no host name, nor host:port";
  }
  if (parts[kSharedAccessKeyName]) return CheckCredential(parts);
  if (!parts[kDeviceId]) return "DeviceId is missing";
  if (!IsId(*parts[kDeviceId])) return "DeviceId is no device id";
  if (parts[kModuleId] && !IsId(*parts[kModuleId])) return "ModuleId is no module id";
  return CheckCredential(parts);
}

}  // namespace sluice::config
