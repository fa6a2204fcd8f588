// Tokens to a parse tree (azure/routing-query.md section 2). Requires the end of the text behind
// the expression.
#pragma once

#include <optional>
#include <string_view>

#include "filters/language/diagnostic.h"
#include "filters/language/parse_tree.h"

namespace sluice::language {

// Nothing if, and only if, `*diagnostics` got an error; the first one ends parsing. Warnings are
// about names that look like a forgotten blank. Text that is empty, or comments alone, is an empty
// tree.
std::optional<ParseTree> Parse(std::string_view text, Diagnostics* diagnostics);

}  // namespace sluice::language
