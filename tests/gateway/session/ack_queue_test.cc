#include "gateway/session/ack_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::session {
namespace {

using mqtt::Reason;
using mqtt::Version;

// One-line verbs over one queue. What leaves is told as text: "PUBACK 1, PUBREC 2/87".
class AckQueueTest : public testing::Test {
 protected:
  void Connect(Version version = Version::k5) { queue_.Attach(version); }
  void Reconnect(Version version = Version::k5) {
    queue_.Detach();
    queue_.Attach(version);
  }

  // Receives a publish that waits for one settlement; its sequence.
  uint32_t Publish(uint16_t packet_id, uint8_t qos = 1) {
    uint32_t sequence = 0;
    EXPECT_EQ(queue_.Receive(packet_id, qos, &sequence), AckQueue::Receipt::kNew);
    queue_.Judged(sequence, 1);
    return sequence;
  }
  void PublishDropped(uint16_t packet_id, uint8_t qos = 1, Reason reason = Reason::kSuccess) {
    uint32_t sequence = 0;
    EXPECT_EQ(queue_.Receive(packet_id, qos, &sequence), AckQueue::Receipt::kNew);
    queue_.Judged(sequence, 0, reason);
  }
  AckQueue::Receipt Offer(uint16_t packet_id, uint8_t qos) {
    uint32_t sequence = 0;
    return queue_.Receive(packet_id, qos, &sequence);
  }
  std::string Settle(uint32_t sequence) {
    EXPECT_TRUE(queue_.Settle(sequence));
    return Drain();
  }
  std::string Drain() {
    std::string sent;
    queue_.Drain([&sent](const Ack& ack) {
      if (!sent.empty()) sent += ", ";
      sent += std::string(mqtt::PacketTypeName(ack.type)) + " " + std::to_string(ack.packet_id);
      if (ack.reason != Reason::kSuccess) sent += std::string(" ") + mqtt::ReasonName(ack.reason);
    });
    return sent;
  }

  AckQueue queue_{4};
};

TEST_F(AckQueueTest, AcknowledgesInOrderOfReceipt) {
  Connect();
  const uint32_t first = Publish(10);
  const uint32_t second = Publish(11);
  const uint32_t third = Publish(12);
  EXPECT_EQ(Settle(second), "");
  EXPECT_EQ(Settle(first), "PUBACK 10, PUBACK 11");
  EXPECT_EQ(Settle(third), "PUBACK 12");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AckQueueTest, DroppedPublishWaitsForThoseBeforeIt) {
  Connect();
  const uint32_t forwarded = Publish(1);
  PublishDropped(2);
  EXPECT_EQ(Drain(), "");
  EXPECT_EQ(Settle(forwarded), "PUBACK 1, PUBACK 2");
}

TEST_F(AckQueueTest, WaitsForEverySettlement) {
  Connect();
  uint32_t sequence = 0;
  ASSERT_EQ(queue_.Receive(5, 1, &sequence), AckQueue::Receipt::kNew);
  EXPECT_EQ(Drain(), "");  // not judged yet
  queue_.Judged(sequence, 3);
  EXPECT_EQ(Settle(sequence), "");
  EXPECT_EQ(Settle(sequence), "");
  EXPECT_EQ(Settle(sequence), "PUBACK 5");
  EXPECT_FALSE(queue_.Settle(sequence));
}

TEST_F(AckQueueTest, SettlesNothingThatIsNotThere) {
  Connect();
  EXPECT_FALSE(queue_.Settle(0));
  const uint32_t sequence = Publish(1);
  EXPECT_FALSE(queue_.Settle(sequence + 1));
  EXPECT_FALSE(queue_.Settle(sequence - 1));
  PublishDropped(2);
  EXPECT_FALSE(queue_.Settle(sequence + 1));  // settled already, waiting for its turn
  EXPECT_EQ(Settle(sequence), "PUBACK 1, PUBACK 2");
}

TEST_F(AckQueueTest, RefusalCarriesItsReason) {
  Connect();
  PublishDropped(1, 1, Reason::kNotAuthorized);
  PublishDropped(2, 2, Reason::kQuotaExceeded);
  EXPECT_EQ(Drain(), "PUBACK 1 not authorized, PUBREC 2 quota exceeded");
  EXPECT_EQ(queue_.in_flight(), 0u);
}

TEST_F(AckQueueTest, ResendIsNotAcknowledgedBeforeItsFirstCopyIsSafe) {
  Connect();
  const uint32_t first_copy = Publish(1);
  Reconnect();
  PublishDropped(1);  // the resend; dedup swallowed it
  EXPECT_EQ(Drain(), "");
  EXPECT_EQ(Settle(first_copy), "PUBACK 1");  // once: the first copy leaves in silence
}

TEST_F(AckQueueTest, SettledEntriesOfADeadConnectionLeaveInSilence) {
  Connect();
  const uint32_t first = Publish(1);
  const uint32_t second = Publish(2);
  EXPECT_TRUE(queue_.Settle(second));
  Reconnect();
  EXPECT_EQ(Settle(first), "");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AckQueueTest, EntriesOfSeveralDeadConnectionsStayInOrder) {
  Connect();
  const uint32_t first = Publish(1);
  Reconnect();
  const uint32_t second = Publish(1);
  Reconnect();
  const uint32_t third = Publish(1);
  EXPECT_EQ(Settle(third), "");
  EXPECT_EQ(Settle(second), "");
  EXPECT_EQ(Settle(first), "PUBACK 1");
}

TEST_F(AckQueueTest, EntriesSettleWhileNobodyIsConnected) {
  Connect();
  const uint32_t sequence = Publish(1);
  queue_.Detach();
  EXPECT_EQ(Settle(sequence), "");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(AckQueueTest, HoldsMqtt5ToItsReceiveMaximum) {
  Connect(Version::k5);
  for (uint16_t id = 1; id <= 4; ++id) Publish(id);
  EXPECT_EQ(Offer(5, 1), AckQueue::Receipt::kOverQuota);
}

TEST_F(AckQueueTest, Qos2CountsUntilPubrel) {
  Connect(Version::k5);
  for (uint16_t id = 1; id <= 4; ++id) PublishDropped(id, 2);
  EXPECT_EQ(Drain(), "PUBREC 1, PUBREC 2, PUBREC 3, PUBREC 4");
  EXPECT_EQ(queue_.in_flight(), 4u);
  EXPECT_EQ(Offer(5, 1), AckQueue::Receipt::kOverQuota);
  EXPECT_EQ(queue_.OnPubrel(3), AckQueue::Release::kDone);
  EXPECT_EQ(Offer(5, 1), AckQueue::Receipt::kNew);
}

TEST_F(AckQueueTest, StopsReadingFromMqtt311WhenFull) {
  Connect(Version::k311);
  const uint32_t first = Publish(1);
  for (uint16_t id = 2; id <= 4; ++id) Publish(id);
  EXPECT_EQ(Offer(5, 1), AckQueue::Receipt::kQueueFull);
  EXPECT_EQ(Offer(5, 2), AckQueue::Receipt::kQueueFull);
  EXPECT_EQ(queue_.known_packet_ids(), 0u);  // the refused offer left nothing behind
  EXPECT_EQ(Settle(first), "PUBACK 1");
  EXPECT_EQ(Offer(5, 1), AckQueue::Receipt::kNew);
}

TEST_F(AckQueueTest, Mqtt311MayHaveMoreQos2ExchangesOpenThanTheQueueIsLong) {
  Connect(Version::k311);
  for (uint16_t id = 1; id <= 100; ++id) {
    PublishDropped(id, 2);
    EXPECT_EQ(Drain(), "PUBREC " + std::to_string(id));
  }
  for (uint16_t id = 1; id <= 100; ++id) EXPECT_EQ(queue_.OnPubrel(id), AckQueue::Release::kDone);
  EXPECT_EQ(queue_.in_flight(), 0u);
}

TEST_F(AckQueueTest, BoundsQos2ExchangesWithoutPubrel) {
  AckQueue queue(4, 3);
  queue.Attach(Version::k311);
  uint32_t sequence = 0;
  for (uint16_t id = 1; id <= 3; ++id) {
    ASSERT_EQ(queue.Receive(id, 2, &sequence), AckQueue::Receipt::kNew);
    queue.Judged(sequence, 0);
    queue.Drain([](const Ack&) {});
  }
  EXPECT_EQ(queue.Receive(4, 2, &sequence), AckQueue::Receipt::kTooManyIds);
  EXPECT_EQ(queue.Receive(4, 1, &sequence), AckQueue::Receipt::kNew);
}

TEST_F(AckQueueTest, DeadEntriesTakeRoomButAreNoBreachOfTheReceiveMaximum) {
  Connect(Version::k5);
  const uint32_t first = Publish(1);
  for (uint16_t id = 2; id <= 4; ++id) Publish(id);
  Reconnect();
  EXPECT_EQ(Offer(1, 1), AckQueue::Receipt::kQueueFull);
  EXPECT_EQ(Settle(first), "");
  EXPECT_EQ(Offer(1, 1), AckQueue::Receipt::kNew);
}

TEST_F(AckQueueTest, Qos2WholeExchange) {
  Connect();
  const uint32_t sequence = Publish(7, 2);
  EXPECT_EQ(Settle(sequence), "PUBREC 7");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kUnknown);
  Publish(7, 2);  // the id is free again
}

TEST_F(AckQueueTest, PubrelBeforePubrecIsTooEarly) {
  Connect();
  const uint32_t sequence = Publish(7, 2);
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kTooEarly);
  EXPECT_EQ(Settle(sequence), "PUBREC 7");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
}

TEST_F(AckQueueTest, KnownIdIsAnsweredAndNotJudgedAgain) {
  Connect();
  PublishDropped(7, 2);
  EXPECT_EQ(Drain(), "PUBREC 7");
  Reconnect();  // the PUBREC was lost
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);
  EXPECT_EQ(Drain(), "PUBREC 7");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
  EXPECT_EQ(queue_.in_flight(), 0u);
}

TEST_F(AckQueueTest, KnownIdIsNotAnsweredBeforeItsFirstCopyIsSafe) {
  Connect();
  const uint32_t first_copy = Publish(7, 2);
  Reconnect();
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);
  EXPECT_EQ(Drain(), "");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kTooEarly);
  EXPECT_EQ(Settle(first_copy), "PUBREC 7");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
}

TEST_F(AckQueueTest, KnownIdThatSettledWhileAwayIsAnswered) {
  Connect();
  const uint32_t first_copy = Publish(7, 2);
  queue_.Detach();
  EXPECT_EQ(Settle(first_copy), "");
  Connect();
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);
  EXPECT_EQ(Drain(), "PUBREC 7");
}

TEST_F(AckQueueTest, PubrelOnTheNextConnectionEndsTheExchange) {
  Connect();
  PublishDropped(7, 2);
  EXPECT_EQ(Drain(), "PUBREC 7");
  Reconnect();
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
  EXPECT_EQ(queue_.in_flight(), 0u);
}

TEST_F(AckQueueTest, RepeatOnTheSameConnectionIsAnsweredAtOnceOrLater) {
  Connect();
  const uint32_t sequence = Publish(7, 2);
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);  // its one PUBREC is still to come
  EXPECT_EQ(Settle(sequence), "PUBREC 7");
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kRepeat);
  EXPECT_EQ(queue_.in_flight(), 1u);
}

TEST_F(AckQueueTest, RefusedQos2IdIsFreeAgain) {
  Connect();
  PublishDropped(7, 2, Reason::kNotAuthorized);
  EXPECT_EQ(Drain(), "PUBREC 7 not authorized");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kUnknown);
  Publish(7, 2);
}

TEST_F(AckQueueTest, RefusalOfALostFirstCopyReachesTheResend) {
  Connect();
  const uint32_t blocker = Publish(1);
  PublishDropped(7, 2, Reason::kNotAuthorized);
  Reconnect();
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);
  EXPECT_EQ(Settle(blocker), "PUBREC 7 not authorized");
  EXPECT_EQ(queue_.known_packet_ids(), 0u);
}

TEST_F(AckQueueTest, RefusalWhileAwayMakesTheResendNew) {
  Connect();
  const uint32_t blocker = Publish(1);
  PublishDropped(7, 2, Reason::kNotAuthorized);
  queue_.Detach();
  EXPECT_EQ(Settle(blocker), "");
  Connect();
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kNew);
}

TEST_F(AckQueueTest, ForgottenIdIsNewAgainWhileItsFirstCopyIsUnsettled) {
  Connect();
  const uint32_t first_copy = Publish(7, 2);
  queue_.Detach();
  queue_.ForgetPacketIds();  // clean start
  Connect();
  const uint32_t second = Publish(7, 2);
  EXPECT_EQ(Settle(second), "");
  EXPECT_EQ(Settle(first_copy), "PUBREC 7");
  EXPECT_EQ(queue_.OnPubrel(7), AckQueue::Release::kDone);
}

TEST_F(AckQueueTest, RefusalOfAForgottenExchangeDoesNotReachTheNextOne) {
  Connect();
  const uint32_t blocker = Publish(1);
  PublishDropped(7, 2, Reason::kNotAuthorized);
  queue_.Detach();
  queue_.ForgetPacketIds();  // clean start
  Connect();
  const uint32_t next = Publish(7, 2);
  Reconnect();
  EXPECT_EQ(Offer(7, 2), AckQueue::Receipt::kKnown);
  EXPECT_EQ(Settle(blocker), "");
  EXPECT_EQ(Settle(next), "PUBREC 7");
}

TEST_F(AckQueueTest, Qos1AndQos2IdsDoNotMeet) {
  Connect();
  PublishDropped(7, 2);
  PublishDropped(7, 1);
  EXPECT_EQ(Drain(), "PUBREC 7, PUBACK 7");
}

TEST_F(AckQueueTest, SequencesWrapAround) {
  Connect();
  for (int i = 0; i < 1000; ++i) {
    const uint32_t first = Publish(1);
    const uint32_t second = Publish(2);
    ASSERT_EQ(Settle(second), "");
    ASSERT_EQ(Settle(first), "PUBACK 1, PUBACK 2");
  }
}

}  // namespace
}  // namespace sluice::session
