#include "tests/devhub/metering.h"

namespace sluice::devhub {
namespace {

constexpr Tier kTiers[] = {
    {"F1", 512, 12, 100, 8'000, 1, 0, 100, 100, 160, false},
    {"B1", 4096, 12, 100, 400'000, 200, 0, 100, 100, 160, true},
    {"B2", 4096, 120, 0, 6'000'000, 200, 10, 100, 100, 480, true},
    {"B3", 4096, 6000, 0, 300'000'000, 10, 500, 0, 5000, 24 << 10, true},
    {"S1", 4096, 12, 100, 400'000, 200, 0, 100, 100, 160, false},
    {"S2", 4096, 120, 0, 6'000'000, 200, 10, 100, 100, 480, false},
    {"S3", 4096, 6000, 0, 300'000'000, 10, 500, 0, 5000, 24 << 10, false},
};

}  // namespace

const Tier* FindTier(std::string_view name) {
  for (const Tier& tier : kTiers) {
    if (tier.name == name) return &tier;
  }
  return nullptr;
}

}  // namespace sluice::devhub
