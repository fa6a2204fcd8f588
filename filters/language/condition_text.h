// A compiled condition, or a part of one, as text of the language: for people and for tests.
//
// Brackets stand where the tree needs them, not where its author wrote them.
#pragma once

#include <string>

#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::language {

std::string ConditionText(const SyntaxTree& tree, NodeId id);

// A constant as a condition would write it: 'it\'s', 80.5, true.
std::string LiteralText(const Value& value);

}  // namespace sluice::language
