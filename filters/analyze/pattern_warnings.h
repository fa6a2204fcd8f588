// Patterns of REGEX_MATCH that cost more than they need to.
#pragma once

#include <string>

#include "filters/language/syntax_tree.h"

namespace sluice::analyze {

struct PatternWarning {
  std::string message;  // empty: nothing to say
  std::string hint;
};

// `node` is a kRegexMatch.
PatternWarning WarnOfPattern(const language::Node& node);

}  // namespace sluice::analyze
