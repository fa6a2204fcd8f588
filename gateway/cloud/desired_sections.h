// What is desired, as sections of a configuration: JSON in, YAML texts out.
//
//   {"rules": "rules:\n  list: …", "log_level": "debug", "limits": {"connections": 100}}
//
// A section is JSON of the shape that it has in a file, or YAML text. A text longer than the 4 KB
// that a twin lets a string have is a list of texts, one after the other, each ending a line. Text
// keeps what JSON cannot carry there: the order and the comments of a file, names with a dot or a
// dollar, and the lines and columns that errors name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cloud/reported.h"

namespace sluice::cloud {

struct SectionText {
  std::string name;
  std::string text;  // YAML
};

// The sections that `allowed` names, in the order of `known`. Of any other, and where `json` is of
// another shape, a fault.
std::vector<SectionText> ReadSections(std::string_view json,
                                      std::span<const std::string_view> known,
                                      const std::vector<std::string>& allowed,
                                      std::vector<Fault>* faults);

}  // namespace sluice::cloud
