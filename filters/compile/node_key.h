// Parts of conditions as keys: equal keys mean equal values on every message.
#pragma once

#include <string>

#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::compile {

std::string NodeKey(const language::SyntaxTree& tree, language::NodeId id);
// Of the node alone, with the number of its children: followed by what stands for each of them, it
// is a key of the whole part.
void AppendNodeKey(const language::Node& node, std::string* key);
// 0 and -0 are one.
std::string ValueKey(const language::Value& value);

bool ReadsBody(const language::SyntaxTree& tree, language::NodeId id);
bool ReadsTwin(const language::SyntaxTree& tree, language::NodeId id);
// Whether it depends on a body whatever else it reads: without one, nothing is known of it.
bool IsAllOfBody(const language::SyntaxTree& tree, language::NodeId id);

}  // namespace sluice::compile
