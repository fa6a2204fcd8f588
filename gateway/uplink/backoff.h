// How long to wait before the next attempt: full jitter over an exponentially growing span.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/uplink/clock.h"

namespace sluice::uplink {

class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds first{1'000};  // the first delay is drawn from [0, first)
    std::chrono::milliseconds cap{60'000};
  };

  Backoff(Options options, Random random) : options_(options), random_(std::move(random)) {}

  std::chrono::milliseconds Next() {
    span_ = std::min(span_.count() == 0 ? options_.first : span_ * 2, options_.cap);
    return Jitter(std::chrono::milliseconds(0), span_);
  }
  void Reset() { span_ = std::chrono::milliseconds(0); }

  // For fixed spans that want spreading too.
  std::chrono::milliseconds Jitter(std::chrono::milliseconds from, std::chrono::milliseconds to) {
    const auto width = static_cast<double>((to - from).count());
    return from + std::chrono::milliseconds(static_cast<int64_t>(width * random_()));
  }

 private:
  const Options options_;
  const Random random_;
  std::chrono::milliseconds span_{0};
};

}  // namespace sluice::uplink
