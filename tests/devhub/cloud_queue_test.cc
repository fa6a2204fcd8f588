#include "tests/devhub/cloud_queue.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::devhub {
namespace {

constexpr int64_t kSecond = 1'000'000;

CloudMessage Message(std::string id, int64_t expires_us = INT64_MAX) {
  CloudMessage message;
  message.message_id = std::move(id);
  message.expires_us = expires_us;
  message.tell_success = true;
  message.tell_failure = true;
  return message;
}

std::string Locked(CloudQueue* queue, int64_t steady_us) {
  const CloudQueue::Entry* entry = queue->Lock(steady_us);
  return entry == nullptr ? "" : entry->message.message_id;
}

std::string Outcomes(CloudQueue* queue) {
  std::string text;
  for (const auto& outcome : queue->TakeOutcomes()) {
    text += outcome.message_id + ":" + outcome.status + " ";
  }
  return text;
}

TEST(CloudQueueTest, DeliversInOrderAndCompletes) {
  CloudQueue queue(CloudQueue::kDevice);
  queue.Add(Message("a"));
  queue.Add(Message("b"));
  EXPECT_EQ(Locked(&queue, 0), "a");
  EXPECT_EQ(Locked(&queue, 0), "b");
  EXPECT_EQ(Locked(&queue, 0), "");
  queue.Complete(2);
  queue.Complete(1);
  queue.Complete(1);
  EXPECT_TRUE(queue.entries().empty());
  EXPECT_EQ(Outcomes(&queue), "b:Success a:Success ");
  EXPECT_EQ(Outcomes(&queue), "");
}

TEST(CloudQueueTest, TheLockEndsAfterAMinute) {
  CloudQueue queue(CloudQueue::kDevice);
  queue.Add(Message("a"));
  Locked(&queue, 5);
  EXPECT_EQ(queue.NextUnlock(), 60 * kSecond + 5);
  queue.Expire(0, 60 * kSecond + 4);
  EXPECT_EQ(Locked(&queue, 60 * kSecond + 4), "");
  queue.Expire(0, 60 * kSecond + 5);
  queue.Complete(1);  // too late
  EXPECT_EQ(Locked(&queue, 60 * kSecond + 5), "a");
  EXPECT_EQ(queue.entries().front().deliveries, 2u);
}

TEST(CloudQueueTest, GivesUpAfterTenDeliveries) {
  CloudQueue queue(CloudQueue::kDevice);
  queue.Add(Message("a"));
  for (int64_t minute = 0; minute < 10; ++minute) {
    queue.Expire(0, minute * 60 * kSecond);
    EXPECT_EQ(Locked(&queue, minute * 60 * kSecond), "a") << minute;
  }
  queue.Expire(0, 600 * kSecond);
  EXPECT_TRUE(queue.entries().empty());
  EXPECT_EQ(Outcomes(&queue), "a:DeliveryCountExceeded ");
}

TEST(CloudQueueTest, LivesEnd) {
  CloudQueue queue(CloudQueue::kDevice);
  queue.Add(Message("short", 10));
  queue.Add(Message("long", 20));
  queue.Expire(10, 0);
  EXPECT_EQ(Outcomes(&queue), "short:Expired ");
  EXPECT_EQ(Locked(&queue, 0), "long");
  queue.Expire(20, 1);  // delivered: its receiver has its minute
  EXPECT_EQ(queue.entries().size(), 1u);
  queue.Complete(2);
  EXPECT_EQ(Outcomes(&queue), "long:Success ");
}

TEST(CloudQueueTest, Bounds) {
  CloudQueue queue(CloudQueue::kDevice);
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(queue.full());
    queue.Add(Message("m"));
  }
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.Purge(), 50u);
  EXPECT_FALSE(queue.full());
  CloudQueue inputs(CloudQueue::kInputs);
  for (int i = 0; i < 20; ++i) inputs.Add(Message("m"));
  int delivered = 0;
  while (inputs.Lock(0) != nullptr) ++delivered;
  EXPECT_EQ(delivered, 16);
}

TEST(CloudQueueTest, TellsOnlyWhatWasAskedFor) {
  CloudQueue queue(CloudQueue::kDevice);
  CloudMessage positive = Message("p");
  positive.tell_failure = false;
  CloudMessage negative = Message("n", 5);
  negative.tell_success = false;
  CloudMessage none = Message("-");
  none.tell_success = none.tell_failure = false;
  queue.Add(positive);
  queue.Add(negative);
  queue.Add(none);
  Locked(&queue, 0);
  queue.Complete(1);
  queue.Expire(5, 0);
  queue.Purge();
  EXPECT_EQ(Outcomes(&queue), "p:Success n:Expired ");
}

}  // namespace
}  // namespace sluice::devhub
