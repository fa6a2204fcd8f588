// Parse tree to syntax tree: types, names, functions.
#pragma once

#include <optional>
#include <string_view>

#include "filters/language/diagnostic.h"
#include "filters/language/expression.h"
#include "filters/language/parse_tree.h"
#include "filters/language/syntax_tree.h"

namespace sluice::language {

// Nothing if, and only if, an error was reported. `text` is what was parsed. An empty tree is the
// condition undefined, and no value.
std::optional<SyntaxTree> Check(const ParseTree& parsed, std::string_view text,
                                const ExpressionOptions& options, bool is_condition,
                                Diagnostics* diagnostics);

}  // namespace sluice::language
