// Seeded randomness whose stream is the same with every compiler and library.
//
// std::normal_distribution promises no particular sequence, so a seed would not reproduce a run
// elsewhere.
#pragma once

#include <cstdint>

namespace sluice::simulate {

// SplitMix64: one word of state, passes BigCrush, and any seed is a good one.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // In [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

  // Mean 0, deviation 1: the sum of four uniforms, bell-shaped and never beyond 3.47. A sensor's
  // noise is bounded too, which keeps a healthy machine below its thresholds for certain.
  double Noise() {
    return (Uniform() + Uniform() + Uniform() + Uniform() - 2.0) * 1.7320508075688772;
  }

 private:
  uint64_t state_;
};

}  // namespace sluice::simulate
