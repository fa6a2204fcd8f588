// What the language's functions can come to, and what of their arguments follows from that.
#pragma once

#include <span>

#include "filters/analyze/value_set.h"
#include "filters/language/functions.h"
#include "filters/language/profile.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/text_scratch.h"

namespace sluice::analyze {

// Kinds that an argument must be of, else the call is undefined.
Kinds KindsOf(language::Argument argument);

// All that a call can come to. `is_dynamic`: the first argument's static type is.
ValueSet Call(const language::Function& function, std::span<const ValueSet> arguments,
              bool is_dynamic, language::Profile profile, language::TextScratch* scratch);

// What is left of argument `index` where the call came to `truth` (kTrue or kFalse).
ValueSet RefineArgument(const language::Function& function, size_t index,
                        std::span<const ValueSet> arguments, Kinds truth,
                        language::Profile profile);

// What is left of what lower and upper can come to: texts that they leave as they are.
ValueSet OnlyMapped(const language::Function& function, const ValueSet& result,
                    language::TextScratch* scratch);

}  // namespace sluice::analyze
