// A program as text: by what rules are reached, and what is left to check of each. For people who
// ask why a rule is cheap or dear, and for the compiler's tests.
//
// An outline by topic pattern. Below it stands what a message must have (`$body.site = 'a'`), below
// that bounds in the order they are searched, below that the rules, each with what remains of its
// condition. A rule that stands under `always` is looked at for each message of its topics.
#pragma once

#include <string>

#include "filters/compile/program.h"

namespace sluice::compile {

std::string Dump(const Program& program);

}  // namespace sluice::compile
