#include "tests/devhub/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "filters/json/base64.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kExample = R"({
  "hostName": "127.0.0.1", "tier": "S1", "units": 1,
  "devices": [
    {"deviceId": "gw-01", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    {"deviceId": "gw-02", "caSigned": true},
    {"deviceId": "edge-01", "moduleId": "sluice", "thumbprint": "<SHA-1 or SHA-256 of the certificate>", "status": "disabled"}
  ]
})";

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

// SHA-1 or SHA-256, as tools print them: with or without colons, in either case.
bool NormalizeThumbprint(std::string_view text, std::string* hex) {
  hex->clear();
  for (char c : text) {
    if (c == ':') continue;
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
    *hex += c;
  }
  return (hex->size() == 40 || hex->size() == 64) && IsHex(*hex);
}

bool DecodeKey(const std::string& text, std::string* key) {
  key->resize(json::MaxDecodedSize(text.size()));
  const std::optional<size_t> size = json::DecodeBase64(text, key->data());
  if (!size || *size == 0) return false;
  key->resize(*size);
  return true;
}

}  // namespace

// Walks the document; the first thing wrong is kept and reading stops there.
class RegistryReader {
 public:
  explicit RegistryReader(Registry* registry) : registry_(*registry) {}

  absl::Status Read(const Json& root) {
    if (!root.is_object()) return absl::InvalidArgumentError("want an object");
    Warn(root, "", {"hostName", "tier", "units", "devices", "policies", "enforceLimits"});
    registry_.host_name_ = Text(root, "hostName", "");
    if (registry_.host_name_.empty()) Fail("hostName", "is missing: what clients call this hub");
    const std::string tier = Text(root, "tier", "S1");
    registry_.tier_ = FindTier(tier);
    if (registry_.tier_ == nullptr) {
      Fail("tier", fmt::format("\"{}\" is none of F1, B1, B2, B3, S1, S2, S3", Printable(tier)));
      return status_;
    }
    ReadUnits(root);
    registry_.enforce_limits_ = Flag(root, "enforceLimits");
    ForEach(root, "devices", [this](const Json& entry) { ReadDevice(entry); });
    ForEach(root, "policies", [this](const Json& entry) { ReadPolicy(entry); });
    return status_;
  }

 private:
  void Fail(std::string_view member, std::string_view why) {
    if (status_.ok())
      status_ = absl::InvalidArgumentError(fmt::format("{}{}: {}", where_, member, why));
  }

  void Warn(const Json& object, std::string_view where,
            std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : object.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        registry_.warnings_.push_back(
            fmt::format("{}{}: unknown member, ignored", where, Printable(name)));
      }
    }
  }

  // Null is as good as absent.
  std::string Text(const Json& object, const char* member, const std::string& otherwise) {
    const auto found = object.find(member);
    if (found == object.end() || found->is_null()) return otherwise;
    if (!found->is_string()) {
      Fail(member, "want a string");
      return otherwise;
    }
    return found->get<std::string>();
  }

  bool Flag(const Json& object, const char* member) {
    const auto found = object.find(member);
    if (found == object.end() || found->is_null()) return false;
    if (!found->is_boolean()) Fail(member, "want true or false");
    return found->is_boolean() && found->get<bool>();
  }

  void ReadUnits(const Json& root) {
    const auto units = root.find("units");
    if (units == root.end() || units->is_null()) return;
    const uint32_t most = registry_.tier_->most_units;
    if (!units->is_number_unsigned() || units->get<uint64_t>() < 1 ||
        units->get<uint64_t>() > most) {
      Fail("units",
           fmt::format("want a number from 1 to {} for tier {}", most, registry_.tier_->name));
      return;
    }
    registry_.units_ = units->get<uint32_t>();
  }

  template <typename Use>
  void ForEach(const Json& root, const char* member, const Use& use) {
    const auto list = root.find(member);
    if (list == root.end() || list->is_null()) return;
    if (!list->is_array()) return Fail(member, "want an array");
    size_t i = 0;
    for (const Json& entry : *list) {
      where_ = fmt::format("{}[{}].", member, i++);
      if (!entry.is_object()) return Fail("", "want an object");
      use(entry);
    }
    where_.clear();
  }

  void ReadKeys(const Json& entry, std::vector<std::string>* keys) {
    for (const char* member : {"primaryKey", "secondaryKey"}) {
      const std::string text = Text(entry, member, "");
      if (text.empty()) continue;
      std::string key;
      if (!DecodeKey(text, &key)) return Fail(member, "is no base64");  // never says what it is
      keys->push_back(std::move(key));
    }
  }

  void ReadDevice(const Json& entry) {
    Warn(entry, where_,
         {"deviceId", "moduleId", "primaryKey", "secondaryKey", "thumbprint", "secondaryThumbprint",
          "caSigned", "status", "tags"});
    Device device;
    device.identity = {Text(entry, "deviceId", ""), Text(entry, "moduleId", "")};
    if (!IsValidId(device.identity.device))
      Fail("deviceId", "want 1 to 128 characters of A-Za-z0-9-:.+%_#*?!(),=@;$'");
    if (!device.identity.module.empty() && !IsValidId(device.identity.module)) {
      Fail("moduleId", "want 1 to 128 characters of A-Za-z0-9-:.+%_#*?!(),=@;$'");
    }
    ReadKeys(entry, &device.keys);
    for (const char* member : {"thumbprint", "secondaryThumbprint"}) {
      const std::string text = Text(entry, member, "");
      if (text.empty()) continue;
      std::string hex;
      if (!NormalizeThumbprint(text, &hex))
        Fail(member, "want 40 (SHA-1) or 64 (SHA-256) hexadecimal digits");
      device.thumbprints.push_back(std::move(hex));
    }
    device.ca_signed = Flag(entry, "caSigned");
    const std::string status = Text(entry, "status", "enabled");
    if (status != "enabled" && status != "disabled") Fail("status", "want enabled or disabled");
    device.enabled = status == "enabled";
    if (device.keys.empty() && device.thumbprints.empty() && !device.ca_signed) {
      Fail("", "has no credential: want primaryKey, thumbprint or caSigned");
    }
    const std::string client_id = device.identity.ClientId();
    if (!registry_.devices_.emplace(client_id, std::move(device)).second) {
      Fail("", fmt::format("{} stands there twice", Printable(client_id)));
    }
  }

  void ReadPolicy(const Json& entry) {
    Warn(entry, where_, {"name", "primaryKey", "secondaryKey", "rights"});
    Policy policy;
    ReadKeys(entry, &policy.keys);
    const std::string rights =
        Text(entry, "rights", "");  // as Azure lists them: "RegistryRead, DeviceConnect"
    policy.device_connect = rights.find("DeviceConnect") != rights.npos;
    const std::string name = Text(entry, "name", "");
    if (name.empty()) return Fail("name", "is missing");
    if (policy.keys.empty()) return Fail("primaryKey", "is missing");
    if (!registry_.policies_.emplace(name, std::move(policy)).second)
      Fail("name", "stands there twice");
  }

  Registry& registry_;
  std::string where_;
  absl::Status status_;
};

absl::StatusOr<Registry> Registry::Parse(std::string_view json) {
  try {
    Registry registry;
    absl::Status status = RegistryReader(&registry).Read(Json::parse(json));
    if (!status.ok()) return status;
    return registry;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

absl::StatusOr<Registry> Registry::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(fmt::format(
        "{}: cannot be read. It lists the hub's identities, for example:\n{}", path, kExample));
  }
  std::ostringstream text;
  text << file.rdbuf();
  absl::StatusOr<Registry> registry = Parse(text.str());
  if (!registry.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path, std::string(registry.status().message())));
  }
  return registry;
}

bool Registry::IsHost(std::string_view host) const {
  if (EqualsIgnoringCase(host, host_name_)) return true;
  const size_t colon = host.rfind(':');
  if (colon == host.npos || host_name_.find(':') != host_name_.npos) return false;
  const std::string_view port = host.substr(colon + 1);
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos &&
         EqualsIgnoringCase(host.substr(0, colon), host_name_);
}

const Device* Registry::Find(const Identity& identity) const {
  const auto found = devices_.find(identity.ClientId());
  return found == devices_.end() ? nullptr : &found->second;
}

const Policy* Registry::FindPolicy(const std::string& name) const {
  const auto found = policies_.find(name);
  return found == policies_.end() ? nullptr : &found->second;
}

bool Registry::HasCaSignedDevices() const {
  return std::any_of(devices_.begin(), devices_.end(),
                     [](const auto& entry) { return entry.second.ca_signed; });
}

}  // namespace sluice::devhub
