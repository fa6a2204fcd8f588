// What is wrong or doubtful in a text, and where: for a person, never on a message's way.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::language {

struct Diagnostic {
  enum class Severity { kWarning, kError };

  Severity severity = Severity::kError;
  std::string message;
  std::string hint;   // what to write instead; may be empty
  size_t offset = 0;  // bytes from the start of the text; its size where the end is at fault
  size_t length = 1;  // bytes to underline, at least 1
};

using Diagnostics = std::vector<Diagnostic>;

bool HasErrors(const Diagnostics& diagnostics);

}  // namespace sluice::language
