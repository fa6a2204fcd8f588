// Literals to constants.
#pragma once

#include "filters/language/parse_tree.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/tree_builder.h"

namespace sluice::language {

// A kConstant for a literal. A malformed number (e5, more than 64 bits of hexadecimal) is
// undefined, with a warning.
NodeId AddLiteral(const SyntaxNode& written, TreeBuilder& builder);

}  // namespace sluice::language
