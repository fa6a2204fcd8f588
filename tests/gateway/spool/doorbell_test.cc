#include "gateway/spool/doorbell.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace sluice::spool {
namespace {

using std::chrono::steady_clock;

TEST(DoorbellTest, ReturnsAtTheDeadlineWhenNobodyRings) {
  Doorbell bell;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(2);
  bell.WaitUntil(deadline);
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(DoorbellTest, ARingBeforeTheWaitIsNotLost) {
  Doorbell bell;
  bell.Ring();
  bell.Ring();
  const auto far = steady_clock::now() + std::chrono::hours(1);
  bell.WaitUntil(far);
  EXPECT_LT(steady_clock::now(), far);
}

// Every item that a producer published before it rang is seen, without any deadline to help.
TEST(DoorbellTest, NoRingOfManyThreadsIsMissed) {
  constexpr int kThreads = 4;
  constexpr int kRings = 5000;
  Doorbell bell;
  std::atomic<int> published{0};
  std::vector<std::thread> producers;
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&] {
      for (int i = 0; i < kRings; ++i) {
        published.fetch_add(1);
        bell.Ring();
      }
    });
  }
  const auto far = steady_clock::now() + std::chrono::hours(1);
  while (published.load() < kThreads * kRings) bell.WaitUntil(far);
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(published.load(), kThreads * kRings);
}

}  // namespace
}  // namespace sluice::spool
