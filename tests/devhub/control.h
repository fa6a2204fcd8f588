// Commands of DIR/control.sock: one JSON object a line in, one out.
//
//   {"op":"stats"}
//   {"op":"fault","kind":"none"}               all faults end
//   {"op":"fault","kind":"slow"}               messages are stored and acknowledged "delayMs" later
//   {"op":"fault","kind":"no-ack"}             messages are stored, PUBACKs are not sent;
//                                              "store":false: not stored either
//   {"op":"fault","kind":"throttle"}           sends above "perSecond" (default: the tier's limit)
//                                              wait, PUBACKs come late; one that would wait over
//                                              "patienceMs" (10000) is cut; "burst": what passes at
//                                              once
//   {"op":"fault","kind":"disconnect"}         connections are cut now, or by "after":N at the
//                                              publish after the Nth; "refuseMs":N: for so long
//                                              every CONNECT is answered with 3
//   {"op":"fault","kind":"connect"}            CONNECTs of one identity above "perSecond" (1) are
//                                              answered late, and with 3 if that were over
//                                              "patienceMs" (60000) late; "burst" (1)
//   {"op":"fault","kind":"workload"}           the workload API answers "status" (500)
// Each fault may be limited: "device":ID (a module: "d/m"), "count":N publishes or CONNECTs,
// "seconds":S. A new one replaces an earlier one of the same kind and device.
//
//   {"op":"c2d","device":ID,"payload":P}       queues a message; "payloadBase64", "messageId",
//                                              "correlationId", "userId", "contentType",
//                                              "contentEncoding", "properties":{NAME:TEXT|null},
//                                              "expirySeconds", "ack":none|positive|negative|full.
//                                              Answers its "messageId" and how many are "pending".
//                                              "input":NAME (and "from":ID): to a module's input,
//                                              at edgeHub
//   {"op":"c2d","kind":"pending","device":ID}  what waits and what is delivered but not completed
//   {"op":"c2d","kind":"purge","device":ID}
//   {"op":"c2d","kind":"feedback","device":ID} what became of messages with "ack", since last asked
//   {"op":"method","device":ID,"name":NAME}    "payload":JSON, "timeoutSeconds" (5 to 300, 30):
//                                              answers when the client has: its "status" and
//                                              "payload"
//   {"op":"twin","device":ID}                  answers the twin; first "desired":{…} or "tags":{…}
//                                              are merged into it, with "replace":true desired is
//                                              replaced
//   {"op":"dps","kind":"forget","device":ID}   the hub no longer knows what DPS has made there: it
//                                              refuses the device, which must register again
//
// Answers carry "ok", and "error" where that is false, with the "code" of Azure's where it has one.
// Commands of one connection are answered in their order: one that waits for a method holds up
// those behind it, on another connection they go on.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tests/devhub/hub.h"

namespace sluice::devhub {

// Calls `reply` once with the answer to one line, without a newline: now, or while the hub ticks or
// hears its clients.
void AnswerControl(Hub& hub, std::string_view line, const std::function<void(std::string)>& reply);

}  // namespace sluice::devhub
