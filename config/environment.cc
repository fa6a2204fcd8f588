#include "config/environment.h"

#include <cstddef>
#include <cstdlib>

namespace sluice::config {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// The length of the "${NAME}" that `text` begins with, or 0.
size_t NameBytes(std::string_view text) {
  if (!text.starts_with("${")) return 0;
  size_t end = 2;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  return end > 2 && end < text.size() && text[end] == '}' ? end + 1 : 0;
}

}  // namespace

bool IsEnvironmentName(std::string_view text) {
  return !text.empty() && NameBytes(text) == text.size();
}

std::optional<std::string> ExpandEnvironment(std::string_view text, std::string* missing) {
  std::string expanded;
  while (!text.empty()) {
    const size_t bytes = NameBytes(text);
    if (bytes == 0) {
      expanded.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    const std::string name(text.substr(2, bytes - 3));
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) {
      *missing = name;
      return std::nullopt;
    }
    expanded += value;
    text.remove_prefix(bytes);
  }
  return expanded;
}

}  // namespace sluice::config
