// Whether the indexed and the plain judge agree on a message, to the last byte of the verdict.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>

#include "filters/match/judge.h"

namespace sluice::match {

template <typename T, typename Same = std::equal_to<T>>
bool SameSpan(std::span<const T> a, std::span<const T> b, Same same = {}) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

inline bool SameDelivery(const Delivery& a, const Delivery& b) {
  const auto same_property = [](const SetProperty& x, const SetProperty& y) {
    return x.name == y.name && x.value == y.value;
  };
  return a.output == b.output && a.shape == b.shape && a.priority == b.priority &&
         SameSpan(a.rules, b.rules) && SameSpan(a.set, b.set, same_property);
}

// Empty where they agree, else what they disagree on.
inline std::string Disagreement(Judge& indexed, Judge& plain,
                                const language::MessageView& message) {
  const Verdict& a = indexed.Run(message);
  const Verdict& b = plain.Run(message);
  if (!SameSpan(a.rules, b.rules)) return "rules";
  if (!SameSpan(a.errors, b.errors)) return "errors";
  if (a.reason != b.reason) return "reason";
  if (!SameSpan(a.deliveries, b.deliveries, SameDelivery)) return "deliveries";
  if (indexed.body_state() != plain.body_state()) return "whether the body was read";
  return "";
}

}  // namespace sluice::match
