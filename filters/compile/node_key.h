// Parts of conditions as keys: equal keys mean equal values on every message.
#pragma once

#include <string>

#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::compile {

std::string NodeKey(const language::SyntaxTree& tree, language::NodeId id);
// 0 and -0 are one.
std::string ValueKey(const language::Value& value);

bool ReadsBody(const language::SyntaxTree& tree, language::NodeId id);
bool ReadsTwin(const language::SyntaxTree& tree, language::NodeId id);
// Whether it depends on a body whatever else it reads: without one, nothing is known of it.
bool IsAllOfBody(const language::SyntaxTree& tree, language::NodeId id);

}  // namespace sluice::compile
