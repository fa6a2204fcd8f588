// Time and chance as the uplink sees them, so that tests can hold both still.
#pragma once

#include <chrono>
#include <functional>

namespace sluice::uplink {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point Now() const = 0;
  virtual std::chrono::system_clock::time_point WallNow() const = 0;
};

class RealClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::now();
  }
  std::chrono::system_clock::time_point WallNow() const override {
    return std::chrono::system_clock::now();
  }
};

// Draws evenly from [0, 1).
using Random = std::function<double()>;

}  // namespace sluice::uplink
