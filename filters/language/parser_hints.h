// What to say about tokens that do not fit: which of the language's traps a person probably fell
// into.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "filters/language/diagnostic.h"
#include "filters/language/lexer.h"

namespace sluice::language {

// An operand is wanted, and tokens[at] is none.
Diagnostic ExplainNoOperand(const std::vector<Token>& tokens, size_t at);

// An expression is complete, and tokens[at] can neither continue nor end it.
Diagnostic ExplainLeftover(const std::vector<Token>& tokens, size_t at);

// A warning where a name holds an operator beside a quote, a digit or a dollar, begins with !, or
// ends in ! before =.
std::optional<Diagnostic> WarnOfGluedOperator(const Token& name, const Token& next);

}  // namespace sluice::language
