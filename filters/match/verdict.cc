#include "filters/match/verdict.h"

namespace sluice::match {

std::string_view DropReasonText(DropReason reason) {
  constexpr std::string_view kTexts[kDropReasons] = {"",          "rule",   "default", "dedup",
                                                     "on_change", "sample", "rate",    "window"};
  return kTexts[static_cast<size_t>(reason)];
}

}  // namespace sluice::match
