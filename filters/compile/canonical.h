// Rules as one text that is the same exactly where two sets of rules are equal, however they were
// laid out: to be hashed, so that somebody far away can tell which rules run.
#pragma once

#include <string>

#include "filters/compile/rule_spec.h"

namespace sluice::compile {

std::string CanonicalText(const RuleSetSpec& rules);

}  // namespace sluice::compile
