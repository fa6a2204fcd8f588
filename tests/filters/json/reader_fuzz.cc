// Reader and nlohmann::json agree on what is JSON, save where they are meant not to; what
// AppendString writes, Reader accepts and Unescape takes back.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "filters/json/base64.h"
#include "filters/json/reader.h"
#include "filters/json/unescape.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"

namespace json = sluice::json;

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckReader(std::string_view text) {
  json::Reader reader(text);
  std::string_view raw;
  const bool accepted = reader.ReadValue(&raw) && reader.AtEnd();
  const bool other = nlohmann::json::accept(text);
  // nlohmann::json refuses lone surrogates and numbers beyond a double, skips a byte order mark,
  // takes NUL for the end, knows no depth.
  if (accepted && !other)
    Check(text.find("\\u") != text.npos || text.find_first_of("0123456789") != text.npos);
  if (other && !accepted) {
    Check(text.substr(0, 3) == "\xef\xbb\xbf" || text.find('\0') != text.npos ||
          std::string_view(reader.error()) == "nested too deeply");
  }
}

void CheckStrings(std::string_view text) {
  std::string quoted;
  json::AppendString(text, &quoted);
  json::Reader reader(quoted);
  std::string_view raw;
  Check(reader.ReadValue(&raw) && reader.AtEnd() && raw == quoted);
  std::string back(quoted.size(), '\0');
  const auto size = json::Unescape(json::WithoutQuotes(raw), back.data());
  Check(size.has_value() && std::string_view(back).substr(0, *size) == text);
  Check(json::UnescapedEquals(json::WithoutQuotes(raw), text));
}

void CheckBase64(std::string_view text) {
  std::string bytes(json::MaxDecodedSize(text.size()), '\0');
  const auto size = json::DecodeBase64(text, bytes.data());
  if (!size) return;
  std::string again;
  json::AppendBase64(std::string_view(bytes).substr(0, *size), &again);
  Check(again == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (json::IsUtf8(text)) {
    CheckReader(text);
    CheckStrings(text);
  }
  CheckBase64(text);
  return 0;
}
