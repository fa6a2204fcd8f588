// Walks a configuration document; the first thing wrong is kept and said. Includes nlohmann's JSON:
// include it in .cc files alone.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sluice::devhub {

class JsonReader {
 public:
  // `warnings` outlives it and gets what is unknown.
  explicit JsonReader(std::vector<std::string>* warnings) : warnings_(*warnings) {}

  const absl::Status& status() const { return status_; }
  void Fail(std::string_view member, std::string_view why);

  // Unknown members are warned of.
  void Expect(const nlohmann::json& object, std::initializer_list<std::string_view> known);

  // Null is as good as absent.
  std::string Text(const nlohmann::json& object, const char* member, const std::string& otherwise);
  bool Flag(const nlohmann::json& object, const char* member);
  uint64_t Count(const nlohmann::json& object, const char* member, uint64_t least, uint64_t most,
                 uint64_t otherwise);
  // Null if there is none.
  const nlohmann::json* Object(const nlohmann::json& object, const char* member);
  // primaryKey and secondaryKey, decoded.
  void Keys(const nlohmann::json& object, std::vector<std::string>* keys);
  // thumbprint and secondaryThumbprint, lower-case hexadecimal.
  void Thumbprints(const nlohmann::json& object, std::vector<std::string>* thumbprints);
  // "enabled" (the default) or "disabled".
  bool IsEnabled(const nlohmann::json& object);

  // Each object of an array; what is wrong in it is said with its place.
  template <typename Use>
  void ForEach(const nlohmann::json& object, const char* member, const Use& use) {
    const auto list = object.find(member);
    if (list == object.end() || list->is_null()) return;
    if (!list->is_array()) return Fail(member, "want an array");
    for (size_t i = 0; i < list->size(); ++i) {
      EnterElement(member, i);
      if (!(*list)[i].is_object()) return Fail("", "want an object");
      use((*list)[i]);
    }
    where_.clear();
  }

 private:
  void EnterElement(const char* member, size_t index);

  std::vector<std::string>& warnings_;
  std::string where_;
  absl::Status status_;
};

// A whole file's text; `example` is shown if it cannot be read.
absl::Status ReadFile(const std::string& path, std::string_view example, std::string* text);

}  // namespace sluice::devhub
