#include "gateway/session/session_table.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::session {
namespace {

using mqtt::Version;

class SessionTableTest : public testing::Test {
 protected:
  static constexpr uint32_t kNever = SessionTable::kNeverExpires;

  SessionTable::Opening Open(std::string_view client, bool clean_start = false,
                             uint32_t expiry_s = kNever) {
    return table_.Open("dev", client, Version::k5, clean_start, expiry_s);
  }
  AckTicket Publish(const Hold& hold, uint16_t packet_id, uint8_t qos = 1) {
    uint32_t sequence = 0;
    EXPECT_EQ(table_.Acks(hold).Receive(packet_id, qos, &sequence), AckQueue::Receipt::kNew);
    table_.Acks(hold).Judged(sequence, 1);
    return table_.TicketFor(hold, sequence);
  }
  // Settles, drains who is ready; how many acknowledgements left.
  int Settle(const AckTicket& ticket, const Hold& hold) {
    int sent = 0;
    table_.Settle({&ticket, 1}, [&](uint32_t session) {
      EXPECT_EQ(session, hold.session);
      table_.Acks(hold).Drain([&sent](const Ack&) { ++sent; });
    });
    return sent;
  }

  SessionTable table_{3, 4, 9};
};

using Opened = SessionTable::Opened;

TEST_F(SessionTableTest, ClientIdsOfTwoIdentitiesDoNotMeet) {
  const auto a = table_.Open("a", "x", Version::k5, false, kNever);
  const auto b = table_.Open("b", "x", Version::k5, false, kNever);
  EXPECT_EQ(b.outcome, Opened::kNew);
  EXPECT_FALSE(b.taken_over);
  EXPECT_NE(a.hold.session, b.hold.session);
}

TEST_F(SessionTableTest, TicketNamesWorkerSessionAndPublish) {
  const auto a = Open("a");
  const AckTicket ticket = Publish(a.hold, 1);
  EXPECT_EQ(ticket.worker, 9);
  EXPECT_EQ(Settle(ticket, a.hold), 1);
  EXPECT_EQ(Settle(ticket, a.hold), 0);  // once
}

TEST_F(SessionTableTest, SessionIsResumedUntilItExpires) {
  const auto first = Open("a", false, 10);
  table_.Close(first.hold, 100);
  table_.Expire(109);
  const auto second = Open("a", false, 10);
  EXPECT_EQ(second.outcome, Opened::kResumed);
  table_.Close(second.hold, 200);
  table_.Expire(210);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(Open("a").outcome, Opened::kNew);
}

TEST_F(SessionTableTest, CleanStartEndsTheSessionThatWasThere) {
  const auto first = Open("a");
  Publish(first.hold, 7, 2);
  table_.Close(first.hold, 0);
  const auto second = Open("a", true);
  EXPECT_EQ(second.outcome, Opened::kNew);
  uint32_t sequence = 0;
  EXPECT_EQ(table_.Acks(second.hold).Receive(7, 2, &sequence), AckQueue::Receipt::kNew);
}

TEST_F(SessionTableTest, ResumedSessionKnowsItsQos2Ids) {
  const auto first = Open("a");
  Publish(first.hold, 7, 2);
  table_.Close(first.hold, 0);
  const auto second = Open("a");
  uint32_t sequence = 0;
  EXPECT_EQ(table_.Acks(second.hold).Receive(7, 2, &sequence), AckQueue::Receipt::kKnown);
}

TEST_F(SessionTableTest, SessionWithoutExpiryEndsWithItsConnection) {
  const auto first = Open("a", true, 0);
  table_.Close(first.hold, 0);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(SessionTableTest, UnsettledPublishesOutliveTheSession) {
  const auto first = Open("a", true, 0);
  const AckTicket ticket = Publish(first.hold, 1);
  table_.Close(first.hold, 0);
  EXPECT_EQ(table_.size(), 1u);

  const auto second = Open("a", true, 0);
  EXPECT_EQ(second.outcome, Opened::kNew);
  const AckTicket resend = Publish(second.hold, 1);
  EXPECT_EQ(Settle(resend, second.hold), 0);  // its first copy is not safe
  EXPECT_EQ(Settle(ticket, second.hold), 1);
}

TEST_F(SessionTableTest, LastSettlementFreesAnEndedSession) {
  const auto first = Open("a", true, 0);
  const AckTicket ticket = Publish(first.hold, 1);
  table_.Close(first.hold, 0);
  EXPECT_EQ(Settle(ticket, first.hold), 0);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(SessionTableTest, StaleTicketSettlesNothing) {
  const auto first = Open("a", true, 0);
  AckTicket stale = Publish(first.hold, 1);
  EXPECT_EQ(Settle(stale, first.hold), 1);
  table_.Close(first.hold, 0);
  const auto second = Open("b", true, 0);
  ASSERT_EQ(second.hold.session, first.hold.session);  // the same slot, another generation
  const AckTicket fresh = Publish(second.hold, 1);
  stale.sequence = fresh.sequence;
  EXPECT_EQ(Settle(stale, second.hold), 0);
  EXPECT_EQ(Settle(AckTicket{9, 77, 0, 0}, second.hold), 0);
  EXPECT_EQ(Settle(fresh, second.hold), 1);
}

TEST_F(SessionTableTest, TakeOverMovesTheSessionAndVoidsTheOldHold) {
  const auto first = Open("a");
  const AckTicket ticket = Publish(first.hold, 1);
  const auto second = Open("a");
  EXPECT_TRUE(second.taken_over);
  EXPECT_EQ(second.outcome, Opened::kResumed);
  EXPECT_EQ(second.hold.session, first.hold.session);
  table_.SetExpiry(first.hold, 0);
  table_.Close(first.hold, 0);
  EXPECT_TRUE(table_.Acks(second.hold).connected());
  EXPECT_EQ(Settle(ticket, second.hold), 0);  // of the old connection: in silence
}

TEST_F(SessionTableTest, TakeOverOfASessionWithoutExpiryStartsAnew) {
  const auto first = Open("a", true, 0);
  Publish(first.hold, 7, 2);
  const auto second = Open("a", false, kNever);
  EXPECT_TRUE(second.taken_over);
  EXPECT_EQ(second.outcome, Opened::kNew);
}

TEST_F(SessionTableTest, DisconnectMayChangeTheExpiry) {
  const auto first = Open("a", false, kNever);
  table_.SetExpiry(first.hold, 5);
  table_.Close(first.hold, 100);
  table_.Expire(105);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(SessionTableTest, MakesRoomByGivingUpASessionThatWaits) {
  const auto a = Open("a");
  const auto b = Open("b");
  Open("c");
  Publish(a.hold, 7, 2);
  Settle(table_.TicketFor(a.hold, 0), a.hold);  // PUBREC sent: nothing unsettled, an id to remember
  table_.Close(a.hold, 0);
  table_.Close(b.hold, 1);
  EXPECT_EQ(Open("d").outcome, Opened::kNew);      // b went: it had nothing to remember
  EXPECT_EQ(Open("e").outcome, Opened::kNew);      // then a
  EXPECT_EQ(Open("f").outcome, Opened::kFull);     // all are connected
  EXPECT_EQ(Open("c").outcome, Opened::kResumed);  // taking over needs no room
  EXPECT_EQ(table_.size(), 3u);
}

TEST_F(SessionTableTest, NeverGivesUpAnUnsettledPublish) {
  for (const std::string_view client : {"a", "b", "c"}) {
    const auto opening = Open(client);
    Publish(opening.hold, 1);
    table_.Close(opening.hold, 0);
  }
  EXPECT_EQ(Open("d").outcome, Opened::kFull);
}

TEST_F(SessionTableTest, ExpiredSessionWithUnsettledPublishIsNoLongerResumed) {
  const auto first = Open("a", false, 10);
  Publish(first.hold, 7, 2);
  table_.Close(first.hold, 0);
  table_.Expire(10);
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Open("a").outcome, Opened::kNew);
}

TEST_F(SessionTableTest, SettledButUndrainedEntriesLeaveWithTheConnection) {
  const auto first = Open("a", true, 0);
  const AckTicket ticket = Publish(first.hold, 1);
  table_.Settle({&ticket, 1}, [](uint32_t) {});
  table_.Close(first.hold, 0);
  EXPECT_EQ(table_.size(), 0u);
}

}  // namespace
}  // namespace sluice::session
