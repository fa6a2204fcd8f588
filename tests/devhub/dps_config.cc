#include "tests/devhub/dps_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/devhub/identity.h"
#include "tests/devhub/json_reader.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kExample = R"({
  "idScope": "0ne000DEMO1",
  "enrollments": [{"registrationId": "sn-0001", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}],
  "groups": [{"groupId": "line-7", "caSigned": true}]
})";

// Section 2: keys have 16 to 64 bytes.
void ReadKeys(JsonReader& reader, const Json& entry, Enrollment* enrollment) {
  reader.Keys(entry, &enrollment->keys);
  for (const std::string& key : enrollment->keys) {
    if (key.size() < 16 || key.size() > 64) reader.Fail("primaryKey", "want 16 to 64 bytes");
  }
}

void ReadOutcome(JsonReader& reader, const Json& entry, Enrollment* enrollment) {
  enrollment->enabled = reader.IsEnabled(entry);
  if (const Json* payload = reader.Object(entry, "payload")) enrollment->payload = payload->dump();
  if (const Json* failure = reader.Object(entry, "failure")) {
    enrollment->error_code =
        static_cast<int>(reader.Count(*failure, "errorCode", 400'000, 599'999, 400'208));
    enrollment->error_message = reader.Text(*failure, "errorMessage", "Allocation failed");
  }
}

Enrollment ReadIndividual(JsonReader& reader, const Json& entry) {
  reader.Expect(entry, {"registrationId", "primaryKey", "secondaryKey", "thumbprint",
                        "secondaryThumbprint", "deviceId", "status", "payload", "failure"});
  Enrollment enrollment;
  const std::string id = reader.Text(entry, "registrationId", "");
  if (!IsRegistrationId(id)) {
    reader.Fail("registrationId",
                "want 1 to 128 letters, digits, - . _ : and a letter or digit "
                "at either end");
  }
  enrollment.name = LowerCase(id);
  ReadKeys(reader, entry, &enrollment);
  reader.Thumbprints(entry, &enrollment.thumbprints);
  enrollment.device_id = reader.Text(entry, "deviceId", "");
  if (!enrollment.device_id.empty() && !IsValidId(enrollment.device_id)) {
    reader.Fail("deviceId", "is no device id");
  }
  ReadOutcome(reader, entry, &enrollment);
  if (enrollment.keys.empty() == enrollment.thumbprints.empty()) {
    reader.Fail("", "want either primaryKey or thumbprint");
  }
  return enrollment;
}

Enrollment ReadGroup(JsonReader& reader, const Json& entry) {
  reader.Expect(
      entry, {"groupId", "primaryKey", "secondaryKey", "caSigned", "status", "payload", "failure"});
  Enrollment enrollment;
  enrollment.is_group = true;
  enrollment.name = reader.Text(entry, "groupId", "");
  if (enrollment.name.empty()) reader.Fail("groupId", "is missing");
  ReadKeys(reader, entry, &enrollment);
  enrollment.ca_signed = reader.Flag(entry, "caSigned");
  ReadOutcome(reader, entry, &enrollment);
  if (enrollment.keys.empty() != enrollment.ca_signed) {
    reader.Fail("", "want either primaryKey or caSigned");
  }
  return enrollment;
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

bool IsRegistrationId(std::string_view id) {
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  if (id.empty() || id.size() > 128) return false;
  if (!is_alphanumeric(id.front()) || !is_alphanumeric(id.back())) return false;
  return std::all_of(id.begin(), id.end(), [&](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == ':';
  });
}

absl::StatusOr<DpsConfig> DpsConfig::Parse(std::string_view json) {
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::InvalidArgumentError("want a JSON object");
  DpsConfig config;
  JsonReader reader(&config.warnings);
  reader.Expect(root, {"idScope", "assignedHub", "retryAfterSeconds", "assigningAnswers",
                       "enrollments", "groups"});
  config.id_scope = reader.Text(root, "idScope", "");
  if (config.id_scope.empty()) reader.Fail("idScope", "is missing: like 0ne00ABCDEF");
  config.assigned_hub = reader.Text(root, "assignedHub", "");
  const auto retry = root.find("retryAfterSeconds");
  if (retry != root.end() && retry->is_null()) {
    config.retry_after_s.reset();  // said so: clients then wait as they please
  } else {
    config.retry_after_s = reader.Count(root, "retryAfterSeconds", 0, 3600, 3);
  }
  config.assigning_answers = reader.Count(root, "assigningAnswers", 0, 1000, 1);
  reader.ForEach(root, "enrollments", [&](const Json& entry) {
    Enrollment enrollment = ReadIndividual(reader, entry);
    const std::string name = enrollment.name;
    if (!config.individual.emplace(name, std::move(enrollment)).second) {
      reader.Fail("registrationId", "stands there twice");
    }
  });
  reader.ForEach(root, "groups",
                 [&](const Json& entry) { config.groups.push_back(ReadGroup(reader, entry)); });
  if (!reader.status().ok()) return reader.status();
  return config;
}

absl::StatusOr<DpsConfig> DpsConfig::Load(const std::string& path) {
  std::string text;
  if (absl::Status status = ReadFile(path, kExample, &text); !status.ok()) return status;
  absl::StatusOr<DpsConfig> config = Parse(text);
  if (!config.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path, std::string(config.status().message())));
  }
  return config;
}

}  // namespace sluice::devhub
