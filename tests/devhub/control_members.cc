#include "tests/devhub/control_members.h"

#include <fmt/format.h>

#include "filters/json/base64.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {

using Json = nlohmann::json;

Json ControlError(const std::string& why) { return {{"ok", false}, {"error", why}}; }

Json ControlError(const Failure& failure) {
  Json answer = ControlError(fmt::format("{}: {}", failure.error.name, failure.detail));
  if (failure.error.code != 0) answer["code"] = failure.error.code;
  return answer;
}

int64_t Micros(std::optional<double> amount, double unit_us) {
  return static_cast<int64_t>(amount.value_or(0) * unit_us);
}

Members::Members(const Json& command) : command_(command) { used_ = {"op", "kind"}; }

std::string Members::Text(const char* name) {
  const Json* value = Find(name);
  if (value == nullptr) return "";
  if (!value->is_string()) return Fail(name, "a string"), "";
  return value->get<std::string>();
}

std::optional<double> Members::Number(const char* name) {
  const Json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || value->get<double>() < 0 || value->get<double>() > 1e9) {
    return Fail(name, "a number from 0 to 1e9"), std::nullopt;
  }
  return value->get<double>();
}

bool Members::Flag(const char* name, bool otherwise) {
  const Json* value = Find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return Fail(name, "true or false"), otherwise;
  return value->get<bool>();
}

const Json* Members::Object(const char* name) {
  const Json* value = Find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) return Fail(name, "an object"), nullptr;
  return value;
}

Identity Members::Client(const char* name) {
  const std::string client_id = Text(name);
  const size_t slash = client_id.find('/');
  Identity identity{client_id.substr(0, slash), ""};
  if (slash != client_id.npos) identity.module = client_id.substr(slash + 1);
  if (!IsValidId(identity.device) || (slash != client_id.npos && !IsValidId(identity.module))) {
    Fail(name, "a device's id, or a module's as \"device/module\"");
  }
  return identity;
}

std::string Members::Payload() {
  const Json* json = Find("payload");
  const std::string base64 = Text("payloadBase64");
  if (json != nullptr && !base64.empty()) Fail("payloadBase64", "either this or payload");
  if (json != nullptr) return json->is_string() ? json->get<std::string>() : json->dump();
  std::string bytes(json::MaxDecodedSize(base64.size()), '\0');
  const std::optional<size_t> size = json::DecodeBase64(base64, bytes.data());
  if (!size) return Fail("payloadBase64", "base64"), "";
  bytes.resize(*size);
  return bytes;
}

std::string Members::error() {
  for (const auto& [name, value] : command_.items()) {
    if (error_.empty() && !used_.contains(name)) {
      error_ = fmt::format("{} means nothing to this command", Printable(name));
    }
  }
  return error_;
}

const Json* Members::Find(const char* name) {
  used_.insert(name);
  const auto found = command_.find(name);
  return found == command_.end() ? nullptr : &*found;
}

void Members::Fail(const char* name, const char* want) {
  if (error_.empty()) error_ = fmt::format("{}: want {}", name, want);
}

}  // namespace sluice::devhub
