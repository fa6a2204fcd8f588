#include "tests/devhub/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "filters/json/base64.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

// SHA-1 or SHA-256, as tools print them: with or without colons, in either case.
bool NormalizeThumbprint(std::string_view text, std::string* hex) {
  hex->clear();
  for (char c : text) {
    if (c == ':') continue;
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
    *hex += c;
  }
  return (hex->size() == 40 || hex->size() == 64) &&
         hex->find_first_not_of("0123456789abcdef") == hex->npos;
}

bool DecodeKey(const std::string& text, std::string* key) {
  key->resize(json::MaxDecodedSize(text.size()));
  const std::optional<size_t> size = json::DecodeBase64(text, key->data());
  if (!size || *size == 0) return false;
  key->resize(*size);
  return true;
}

}  // namespace

void JsonReader::Fail(std::string_view member, std::string_view why) {
  if (status_.ok()) {
    status_ = absl::InvalidArgumentError(fmt::format("{}{}: {}", where_, member, why));
  }
}

void JsonReader::Expect(const Json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      warnings_.push_back(fmt::format("{}{}: unknown member, ignored", where_, Printable(name)));
    }
  }
}

void JsonReader::EnterElement(const char* member, size_t index) {
  where_ = fmt::format("{}[{}].", member, index);
}

std::string JsonReader::Text(const Json& object, const char* member, const std::string& otherwise) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return otherwise;
  if (!found->is_string()) {
    Fail(member, "want a string");
    return otherwise;
  }
  return found->get<std::string>();
}

bool JsonReader::Flag(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return false;
  if (!found->is_boolean()) Fail(member, "want true or false");
  return found->is_boolean() && found->get<bool>();
}

uint64_t JsonReader::Count(const Json& object, const char* member, uint64_t least, uint64_t most,
                           uint64_t otherwise) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return otherwise;
  if (!found->is_number_unsigned() || found->get<uint64_t>() < least ||
      found->get<uint64_t>() > most) {
    Fail(member, fmt::format("want a number from {} to {}", least, most));
    return otherwise;
  }
  return found->get<uint64_t>();
}

const Json* JsonReader::Object(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return nullptr;
  if (!found->is_object()) Fail(member, "want an object");
  return found->is_object() ? &*found : nullptr;
}

void JsonReader::Keys(const Json& object, std::vector<std::string>* keys) {
  for (const char* member : {"primaryKey", "secondaryKey"}) {
    const std::string text = Text(object, member, "");
    if (text.empty()) continue;
    std::string key;
    if (!DecodeKey(text, &key)) return Fail(member, "is no base64");  // never says what it is
    keys->push_back(std::move(key));
  }
}

void JsonReader::Thumbprints(const Json& object, std::vector<std::string>* thumbprints) {
  for (const char* member : {"thumbprint", "secondaryThumbprint"}) {
    const std::string text = Text(object, member, "");
    if (text.empty()) continue;
    std::string hex;
    if (!NormalizeThumbprint(text, &hex)) {
      Fail(member, "want 40 (SHA-1) or 64 (SHA-256) hexadecimal digits");
    }
    thumbprints->push_back(std::move(hex));
  }
}

bool JsonReader::IsEnabled(const Json& object) {
  const std::string status = Text(object, "status", "enabled");
  if (status != "enabled" && status != "disabled") Fail("status", "want enabled or disabled");
  return status == "enabled";
}

absl::Status ReadFile(const std::string& path, std::string_view example, std::string* text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(fmt::format("{}: cannot be read. For example:\n{}", path, example));
  }
  std::ostringstream all;
  all << file.rdbuf();
  *text = all.str();
  return absl::OkStatus();
}

}  // namespace sluice::devhub
