// A device's or module's twin: two JSON documents, each with its version, and tags (sheet,
// section 9). Includes nlohmann's JSON: include it in .cc files alone.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::devhub {

class Twin {
 public:
  using Json = nlohmann::json;

  explicit Twin(Json tags) : tags_(std::move(tags)) {}

  // What the client reads: {"desired":{…,"$version":12},"reported":{…,"$version":123}}.
  std::string ForClient() const;
  // What a back end reads: the same under "properties", with the tags.
  Json ForService() const;

  // The client's merge patch of what it reports. An error changes nothing.
  absl::Status Report(std::string_view patch);
  // A back end's change; a merge patch, or all there is to be if `replace`. Returns the payload of
  // the notification to the client.
  absl::StatusOr<std::string> ChangeDesired(const Json& change, bool replace);
  absl::Status ChangeTags(const Json& patch);

  uint64_t reported_version() const { return reported_.version; }
  uint64_t desired_version() const { return desired_.version; }

 private:
  struct Section {
    Json properties = Json::object();
    uint64_t version = 1;

    Json WithVersion() const;
  };

  Section desired_;
  Section reported_;
  Json tags_;
};

}  // namespace sluice::devhub
