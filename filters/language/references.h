// What a name in a condition refers to (azure/routing-query.md sections 7 to 9, and sluice's
// extensions).
#pragma once

#include "filters/language/parse_tree.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/tree_builder.h"

namespace sluice::language {

// A node for a kName, kSystem or kBracedSystem.
NodeId ResolveReference(const SyntaxNode& written, TreeBuilder& builder);

}  // namespace sluice::language
