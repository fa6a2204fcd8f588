// Commands of DIR/control.sock: one JSON object a line in, one out.
//
//   {"op":"stats"}
//   {"op":"fault","kind":"none"}                 all faults end
//   {"op":"fault","kind":"slow","delayMs":N}     messages are stored and acknowledged so much later
//   {"op":"fault","kind":"no-ack"}               messages are stored, PUBACKs are not sent;
//   "store":false: not stored either
//   {"op":"fault","kind":"throttle"}             sends above "perSecond" (default: the tier's
//   limit) wait, PUBACKs come late;
//                                                one that would wait over "patienceMs" (10000) is
//                                                cut; "burst": what passes at once
//   {"op":"fault","kind":"disconnect"}           connections are cut now, or by "after":N at the
//   publish after the Nth;
//                                                "refuseMs":N: for so long every CONNECT is
//                                                answered with 3
// Each kind may be limited: "device":ID (a module: "d/m"), "count":N publishes, "seconds":S. A new
// one replaces an earlier one of the same kind and device. Answers carry "ok", and "error" where
// that is false.
#pragma once

#include <string>
#include <string_view>

#include "tests/devhub/hub.h"

namespace sluice::devhub {

// The answer to one line, without a newline.
std::string AnswerControl(Hub& hub, std::string_view line);

}  // namespace sluice::devhub
