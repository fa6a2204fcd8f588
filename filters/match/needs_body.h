// Whether what an expression comes to depends on the body of one message.
#pragma once

#include "filters/language/message_view.h"
#include "filters/language/syntax_tree.h"

namespace sluice::match {

// In edgeHub's dialect a property of the message hides the member of the same name.
bool NeedsBody(const language::SyntaxTree& tree, const language::Node& node,
               const language::MessageView& message);

}  // namespace sluice::match
