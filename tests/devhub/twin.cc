#include "tests/devhub/twin.h"

#include <fmt/format.h>

#include <utility>

#include "tests/devhub/twin_limits.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

// `document` after `patch`, which has been checked, if the limits allow it.
absl::StatusOr<Json> Merge(Json document, const Json& patch, size_t most_bytes) {
  document.merge_patch(patch);
  const size_t size = TwinSize(document);
  if (size <= most_bytes) return document;
  return absl::InvalidArgumentError(
      fmt::format("{} bytes of keys and values, {} are allowed", size, most_bytes));
}

std::string Text(const Json& json) { return json.dump(); }

}  // namespace

Json Twin::Section::WithVersion() const {
  Json json = properties;
  json["$version"] = version;
  return json;
}

std::string Twin::ForClient() const {
  return Text({{"desired", desired_.WithVersion()}, {"reported", reported_.WithVersion()}});
}

Json Twin::ForService() const {
  return {
      {"tags", tags_},
      {"properties", {{"desired", desired_.WithVersion()}, {"reported", reported_.WithVersion()}}}};
}

absl::Status Twin::Report(std::string_view patch) {
  const Json json = Json::parse(patch, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InvalidArgumentError("no JSON");
  if (absl::Status status = CheckTwinPatch(json); !status.ok()) return status;
  absl::StatusOr<Json> merged = Merge(reported_.properties, json, kMostPropertiesBytes);
  if (!merged.ok()) return merged.status();
  reported_ = {*std::move(merged), reported_.version + 1};
  return absl::OkStatus();
}

absl::StatusOr<std::string> Twin::ChangeDesired(const Json& change, bool replace) {
  if (absl::Status status = CheckTwinPatch(change); !status.ok()) return status;
  absl::StatusOr<Json> merged =
      Merge(replace ? Json::object() : desired_.properties, change, kMostPropertiesBytes);
  if (!merged.ok()) return merged.status();
  desired_ = {*std::move(merged), desired_.version + 1};
  Json notification = replace ? desired_.properties : change;
  notification["$version"] = desired_.version;
  return Text(notification);
}

absl::Status Twin::ChangeTags(const Json& patch) {
  if (absl::Status status = CheckTwinPatch(patch); !status.ok()) return status;
  absl::StatusOr<Json> merged = Merge(tags_, patch, kMostTagsBytes);
  if (!merged.ok()) return merged.status();
  tags_ = *std::move(merged);
  return absl::OkStatus();
}

}  // namespace sluice::devhub
