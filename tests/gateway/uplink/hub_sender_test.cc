#include "gateway/uplink/hub_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/credentials/login.h"
#include "gateway/link/link.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/memory_queue.h"

namespace sluice::uplink {
namespace {

using namespace std::chrono_literals;
using causes::Cause;
using causes::Finding;
using credentials::Login;
using credentials::LoginAnswer;
using credentials::LoginRequest;
using credentials::NoLogin;
using testing::ElementsAre;
using testing::IsEmpty;

using Numbers = std::vector<uint64_t>;

class FakeClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point Now() const override { return now; }
  std::chrono::system_clock::time_point WallNow() const override { return wall; }

  std::chrono::steady_clock::time_point now{1h};
  std::chrono::system_clock::time_point wall{1'800'000'000s};
};

class FakeLink final : public link::Link {
 public:
  void Connect(const Login& login) override {
    passwords.push_back(login.password);
    events.clear();
    connected = false;
  }
  bool Publish(uint64_t number, const link::Message& message) override {
    if (!connected) return false;
    numbers.push_back(number);
    topics.push_back(*message.topic);
    bytes += message.topic->size() + message.payload->size();
    return true;
  }
  void Subscribe(std::span<const std::string> filters) override {
    subscribed.assign(filters.begin(), filters.end());
  }
  bool Send(const DownlinkMessage& message) override {
    if (!connected) return false;
    said.push_back(message.topic);
    return true;
  }
  size_t unsent() const override { return waiting; }
  size_t TakeInbound(std::vector<DownlinkMessage>* messages) override {
    messages->insert(messages->end(), inbound.begin(), inbound.end());
    inbound.clear();
    return std::exchange(missed, 0);
  }
  void Disconnect() override { disconnected = true; }
  void Poll(std::vector<link::Event>* out) override {
    out->insert(out->end(), events.begin(), events.end());
    events.clear();
  }

  std::vector<std::string> passwords;  // one a Connect()
  Numbers numbers;                     // published since last looked at
  std::vector<std::string> topics;     // all of them
  uint64_t bytes = 0;
  bool connected = false;
  bool disconnected = false;
  std::vector<link::Event> events;

  std::vector<std::string> subscribed;
  std::vector<std::string> said;  // topics, at QoS 0
  size_t waiting = 0;             // of these, not on their way
  std::vector<DownlinkMessage> inbound;
  size_t missed = 0;
};

// Notes what it is told, and says what it is given to say.
class FakeDownlink final : public Downlink {
 public:
  const std::vector<std::string>& filters() const override { return filters_; }
  void OnUp() override { heard.push_back("up"); }
  void OnDown() override { heard.push_back("down"); }
  void OnRefused() override { heard.push_back("refused"); }
  void OnMessage(DownlinkMessage message) override {
    heard.push_back(message.topic + " " + message.payload);
  }
  void OnMissed(size_t count) override { heard.push_back("missed " + std::to_string(count)); }
  bool Next(DownlinkMessage* message) override {
    if (to_say.empty()) return false;
    message->topic = to_say.front();
    to_say.erase(to_say.begin());
    return true;
  }

  std::vector<std::string> heard;
  std::vector<std::string> to_say;

 private:
  const std::vector<std::string> filters_{"a/#", "b/#"};
};

// Each login is "login-1", "login-2" and so on, answered at once unless told otherwise.
class FakeLogin final : public credentials::LoginSource {
 public:
  void Ask(const LoginRequest& request) override {
    requests.push_back(request);
    asked_ = true;
  }
  std::optional<LoginAnswer> Poll(TimePoint) override {
    if (!asked_ || slow) return std::nullopt;
    asked_ = false;
    if (none) return *none;
    Login login = next;
    login.password = "login-" + std::to_string(requests.size());
    return login;
  }

  Login next;
  std::optional<NoLogin> none;
  bool slow = false;
  std::vector<LoginRequest> requests;

 private:
  bool asked_ = false;
};

// One record is one message unless a test packs: the numbers of messages are then those of records.
class HubSenderTest : public testing::Test {
 protected:
  HubSenderTest() {
    source_.next.events_topic = "devices/gw/messages/events/";
    source_.next.renew_after = 2970s;
    source_.next.is_fresh = true;
    options_.pack.epoch = "e";
    options_.pack.pack = false;
    options_.window_messages = 4;
  }

  HubSender& sender() {
    if (!sender_) {
      sender_.emplace(options_, HubSender::Surroundings{
                                    queue_, source_, link_, clock_, [this] { return draw_; },
                                    [this](std::span<const session::AckTicket> tickets) {
                                      ++settle_calls_;
                                      for (const auto& t : tickets) settled_.push_back(t.sequence);
                                    },
                                    [this](const Finding& f) {
                                      said_.push_back(std::string(causes::CauseName(f.cause)));
                                    },
                                    [this](const Login&) {
                                      ++probes_;
                                      return probe_result_;
                                    },
                                    [] {}, counters_, nullptr, downlink_});
    }
    return *sender_;
  }

  // Appends `count` records of one priority, with running ids from 1.
  void Append(int count, size_t body_bytes = 2, uint8_t priority = 5) {
    spool::RecordBatch batch;
    const std::string body(body_bytes, 'x');
    for (int i = 0; i < count; ++i) {
      spool::RecordView record;
      record.id = ++last_id_;
      record.priority = priority;
      record.device = "d";
      record.topic = "t";
      record.body = body;
      record.ticket = session::AckTicket{0, 0, 0, static_cast<uint32_t>(last_id_)};
      batch.Append(record);
    }
    queue_.Append(std::move(batch));
  }

  void Happen(link::Event::Kind kind, int code = 0, uint64_t number = 0) {
    if (kind == link::Event::Kind::kConnected) link_.connected = true;
    if (kind == link::Event::Kind::kLost) link_.connected = false;
    link_.events.push_back({kind, code, number});
  }
  void Ack(uint64_t number) { Happen(link::Event::Kind::kAcked, 0, number); }
  void GoOnline() {
    sender().Step();
    Happen(link::Event::Kind::kConnected);
    sender().Step();
  }
  // Steps at each time the sender asks for, as the thread does, until `span` has gone by.
  void Pass(std::chrono::milliseconds span) {
    const auto end = clock_.now + span;
    for (auto wake = sender().Step(); wake <= end; wake = sender().Step()) {
      if (sender().stopped()) return;
      ASSERT_GT(wake, clock_.now) << "it would spin";
      Advance(std::chrono::duration_cast<std::chrono::milliseconds>(wake - clock_.now));
      clock_.now = wake;
    }
    Advance(std::chrono::duration_cast<std::chrono::milliseconds>(end - clock_.now));
    sender().Step();
  }
  void Advance(std::chrono::milliseconds span) {
    clock_.now += span;
    clock_.wall += span;
  }

  Numbers Sent() { return std::exchange(link_.numbers, {}); }
  std::vector<uint32_t> Settled() { return std::exchange(settled_, {}); }
  std::vector<std::string> Said() { return std::exchange(said_, {}); }

  FakeClock clock_;
  FakeLogin source_;
  FakeLink link_;
  spool::Doorbell bell_;
  spool::MemoryQueue queue_{{}, bell_};
  UplinkCounters counters_;
  Downlink* downlink_ = nullptr;
  SenderOptions options_;
  double draw_ = 0.5;
  Finding probe_result_{Cause::kRefused, ""};
  int probes_ = 0;
  std::optional<HubSender> sender_;
  uint64_t last_id_ = 0;
  int settle_calls_ = 0;
  std::vector<uint32_t> settled_;
  std::vector<std::string> said_;
};

TEST_F(HubSenderTest, SendsWithinItsCreditAndSettlesWhatIsAcknowledged) {
  Append(6);
  GoOnline();
  EXPECT_EQ(Sent(), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(counters_.inflight.Get(), 4u);
  EXPECT_THAT(Settled(), IsEmpty());
  Ack(1);
  Ack(2);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{5, 6}));
  EXPECT_THAT(Settled(), ElementsAre(1, 2));
  EXPECT_EQ(settle_calls_, 1) << "one call for what was acknowledged together";
  for (uint64_t n : {3, 4, 5, 6}) Ack(n);
  sender().Step();
  EXPECT_THAT(Settled(), ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(queue_.bytes(), 0u);
  EXPECT_EQ(counters_.sent.Get(), 6u);
  EXPECT_EQ(counters_.readings.Get(), 6u);
  EXPECT_EQ(counters_.blocks.Get(), 6u);
  EXPECT_EQ(counters_.inflight.Get(), 0u);
}

TEST_F(HubSenderTest, KeepsTheBytesUnderWayBounded) {
  options_.window_messages = 100;
  Append(30, 200'000);
  GoOnline();
  EXPECT_GT(link_.bytes, 1'500'000u);
  EXPECT_LE(link_.bytes, 2'000'000u);
}

TEST_F(HubSenderTest, UrgentRecordsOvertakeWhatStillWaitsInTheStore) {
  Append(6);
  GoOnline();
  Append(1, 2, 0);
  Ack(1);
  sender().Step();
  Ack(5);
  sender().Step();
  EXPECT_THAT(Settled(), ElementsAre(1, 7)) << "the fifth message was the urgent record";
}

TEST_F(HubSenderTest, SendsAgainInOrderWhatALostConnectionLeft) {
  Append(6);
  GoOnline();
  EXPECT_EQ(Sent(), (Numbers{1, 2, 3, 4}));
  Ack(1);
  Ack(3);
  Happen(link::Event::Kind::kLost);
  sender().Step();
  EXPECT_THAT(Settled(), ElementsAre(1, 3));
  Pass(500ms);
  ASSERT_EQ(link_.passwords.size(), 2u);
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{2, 4, 5})) << "what was acknowledged is not sent again";
  EXPECT_EQ(counters_.resent.Get(), 2u);
  EXPECT_EQ(counters_.reconnects.Get(), 1u);
  for (uint64_t n : {2, 4, 5}) Ack(n);
  sender().Step();
  EXPECT_THAT(Settled(), ElementsAre(2, 4, 5));
}

TEST_F(HubSenderTest, ASendThatFailsIsALostConnection) {
  GoOnline();
  link_.connected = false;  // and the event is still under way
  Append(2);
  sender().Step();
  EXPECT_EQ(counters_.connected.Get(), 0u);
  EXPECT_THAT(Settled(), IsEmpty());
  Pass(600ms);
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1, 2}));
}

TEST_F(HubSenderTest, PacksWaitForTheirDelayAndTheSenderSleepsUntilThen) {
  options_.pack.pack = true;
  options_.pack.max_delay = 1s;
  Append(3);
  GoOnline();
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_EQ(sender().Step(), clock_.now + 1s);
  Pass(1s);
  EXPECT_EQ(Sent(), (Numbers{1}));
  Ack(1);
  sender().Step();
  EXPECT_THAT(Settled(), ElementsAre(1, 2, 3));
}

TEST_F(HubSenderTest, RefusesForGoodWhatIsTooLargeAndGoesOn) {
  Append(1, 262'144);
  Append(1);
  GoOnline();
  EXPECT_THAT(Settled(), ElementsAre(1)) << "or its device would send it for ever";
  EXPECT_EQ(counters_.refused.Get(), 1u);
  EXPECT_THAT(Said(), ElementsAre("none", "too_large"));
  EXPECT_EQ(Sent(), (Numbers{1}));
}

// --- credentials

TEST_F(HubSenderTest, ALoginWithoutAnEndIsNeverRenewed) {
  source_.next.renew_after = 0s;
  GoOnline();
  Pass(10h);
  EXPECT_EQ(link_.passwords.size(), 1u);
}

TEST_F(HubSenderTest, WithoutALoginItSaysWhyOnceAndAsksAgain) {
  source_.none = NoLogin{{Cause::kClock, ""}};
  sender().Step();
  EXPECT_THAT(link_.passwords, IsEmpty());
  EXPECT_THAT(Said(), ElementsAre("clock"));
  Pass(1min);
  EXPECT_THAT(Said(), IsEmpty()) << "once";
  source_.none.reset();
  Pass(5s);
  EXPECT_EQ(link_.passwords.size(), 1u);
}

TEST_F(HubSenderTest, ASourceMaySayWhenToAskAgain) {
  source_.none = NoLogin{{Cause::kTokenExpired, ""}, 7s};
  EXPECT_EQ(sender().Step(), clock_.now + 7s);
}

TEST_F(HubSenderTest, ALoginMayTakeItsTime) {
  source_.slow = true;
  Append(1);
  EXPECT_EQ(sender().Step(), HubSender::TimePoint::max()) << "it is rung then";
  Pass(1h);
  EXPECT_THAT(link_.passwords, IsEmpty());
  EXPECT_EQ(source_.requests.size(), 1u);
  source_.slow = false;
  GoOnline();
  EXPECT_THAT(link_.passwords, ElementsAre("login-1"));
  EXPECT_EQ(Sent(), (Numbers{1}));
}

TEST_F(HubSenderTest, ARefusedLoginIsSaidToTheSource) {
  sender().Step();
  EXPECT_FALSE(source_.requests.back().refused);
  Happen(link::Event::Kind::kConnectFailed, 5);
  sender().Step();
  ASSERT_EQ(source_.requests.size(), 2u);
  EXPECT_TRUE(source_.requests.back().refused);
  EXPECT_EQ(source_.requests.back().failures, 1);
  GoOnline();
  Happen(link::Event::Kind::kLost);
  Pass(1s);
  ASSERT_EQ(source_.requests.size(), 3u);
  EXPECT_FALSE(source_.requests.back().refused) << "it was good for a connection";
  EXPECT_EQ(source_.requests.back().failures, 0);
}

TEST_F(HubSenderTest, AClockThatIsSetAfterARefusalIsTriedAtOnce) {
  source_.next.is_fresh = false;
  sender().Step();
  Happen(link::Event::Kind::kConnectFailed, 5);
  Pass(20s);
  EXPECT_EQ(source_.requests.size(), 1u) << "the clock goes on as it did";
  clock_.wall += 3600s;
  Pass(options_.local_retry);
  EXPECT_EQ(source_.requests.size(), 2u);
  Happen(link::Event::Kind::kConnectFailed, 5);
  Pass(20s);
  EXPECT_EQ(source_.requests.size(), 2u) << "once for each step";
  clock_.wall -= 3600s;
  Pass(options_.local_retry);
  EXPECT_EQ(source_.requests.size(), 3u);
  // Also if it was set while the answer was under way.
  clock_.wall += 3600s;
  Happen(link::Event::Kind::kConnectFailed, 5);
  sender().Step();
  EXPECT_EQ(source_.requests.size(), 4u);
}

TEST_F(HubSenderTest, AClockThatIsSetDoesNotShortenWhatASourceAsksFor) {
  source_.next.is_fresh = false;
  sender().Step();
  Happen(link::Event::Kind::kConnectFailed, 5);
  Pass(20s);
  source_.none = NoLogin{{Cause::kWorkload, ""}, 30s};
  clock_.wall += 3600s;
  Pass(options_.local_retry);
  EXPECT_EQ(source_.requests.size(), 2u);
  for (int i = 0; i < 10; ++i) sender().Step();  // who appends rings
  EXPECT_EQ(source_.requests.size(), 2u);
  Pass(31s);
  EXPECT_EQ(source_.requests.size(), 3u);
}

TEST_F(HubSenderTest, AnotherIdentityTakesOverWhatIsUnderWay) {
  options_.pack.pack = true;
  options_.pack.max_delay = 1s;
  Append(3, 5'000);
  GoOnline();
  EXPECT_EQ(Sent(), (Numbers{1, 2, 3}));
  Append(1);
  Pass(1ms);
  source_.next.events_topic = "devices/longer-name/messages/events/";
  Happen(link::Event::Kind::kLost);
  Pass(1s);
  link_.topics.clear();
  Happen(link::Event::Kind::kConnected);
  Pass(1s);
  const std::string topic =
      "devices/longer-name/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8";
  EXPECT_THAT(link_.topics, ElementsAre(topic, topic, topic, topic));
  Append(1, 5'000);
  sender().Step();
  EXPECT_EQ(link_.topics.back(), topic) << "and what comes later";
}

TEST_F(HubSenderTest, RenewsWhileThePresentConnectionGoesOnSending) {
  GoOnline();
  source_.slow = true;
  Pass(2970s);
  EXPECT_EQ(source_.requests.size(), 2u);
  Append(1);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1})) << "the source takes its time";
  source_.slow = false;
  Ack(1);
  sender().Step();
  EXPECT_THAT(link_.passwords, ElementsAre("login-1", "login-2"));
}

TEST_F(HubSenderTest, ARenewalThatFailsLeavesTheConnectionAndIsSaid) {
  GoOnline();
  Said();
  source_.none = NoLogin{{Cause::kRefused, ""}, 5s};
  Pass(2971s);
  EXPECT_THAT(Said(), ElementsAre("refused"));
  EXPECT_EQ(counters_.connected.Get(), 1u);
  EXPECT_EQ(counters_.cause.Get(), 0u) << "it still delivers";
  source_.none.reset();
  Pass(5s);
  EXPECT_EQ(link_.passwords.size(), 2u);
}

TEST_F(HubSenderTest, RenewsATokenAheadOfItsEndWhenAllIsAcknowledged) {
  GoOnline();
  Pass(2969s);
  EXPECT_EQ(link_.passwords.size(), 1u);
  Append(2);
  Pass(500ms);
  EXPECT_EQ(Sent(), (Numbers{1, 2}));
  Pass(1s);  // 82.5 % of an hour are over
  Append(1);
  sender().Step();
  EXPECT_THAT(Sent(), IsEmpty()) << "it waits for acknowledgements now";
  EXPECT_EQ(link_.passwords.size(), 1u);
  Ack(1);
  Ack(2);
  sender().Step();
  ASSERT_EQ(link_.passwords.size(), 2u) << "at once, without a back-off";
  EXPECT_NE(link_.passwords[0], link_.passwords[1]);
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{3})) << "nothing twice";
  EXPECT_THAT(Settled(), ElementsAre(1, 2));
}

TEST_F(HubSenderTest, RenewsWithoutAcknowledgementsRatherThanTooLate) {
  GoOnline();
  Pass(2969s);
  Append(1);
  Pass(12s);
  EXPECT_EQ(link_.passwords.size(), 2u);
  Sent();
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1}));
}

// --- trouble

TEST_F(HubSenderTest, BacksOffWithFullJitterUpToItsCap) {
  draw_ = 0.999;
  std::vector<int64_t> delays_s;
  sender().Step();
  for (int i = 0; i < 9; ++i) {
    Happen(link::Event::Kind::kConnectFailed, -1);
    const auto wake = sender().Step();
    delays_s.push_back(std::chrono::round<std::chrono::seconds>(wake - clock_.now).count());
    Advance(std::chrono::duration_cast<std::chrono::milliseconds>(wake - clock_.now));
    sender().Step();
  }
  EXPECT_THAT(delays_s, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
  EXPECT_THAT(Said(), ElementsAre("refused"));
  EXPECT_EQ(probes_, 5) << "at most one in half a minute";
}

TEST_F(HubSenderTest, SaysEachCauseOnceAnOutage) {
  sender().Step();
  for (const Cause cause : {Cause::kNameResolution, Cause::kNameResolution, Cause::kTrust}) {
    probe_result_.cause = cause;
    Happen(link::Event::Kind::kConnectFailed, -1);
    Pass(2min);
  }
  EXPECT_THAT(Said(), ElementsAre("name_resolution", "trust"));
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_THAT(Said(), ElementsAre("none"));
}

TEST_F(HubSenderTest, AHubThatCameBackDuringTheProbeIsNoNews) {
  sender().Step();
  probe_result_ = {};
  Happen(link::Event::Kind::kConnectFailed, -1);
  Pass(31s);
  EXPECT_THAT(Said(), IsEmpty());
  Happen(link::Event::Kind::kConnectFailed, -1);
  sender().Step();
  EXPECT_THAT(Said(), ElementsAre("unavailable")) << "but it did not answer again";
}

TEST_F(HubSenderTest, TriesAFreshTokenOnceAndThenSlowly) {
  draw_ = 0;
  sender().Step();
  Advance(10s);
  Happen(link::Event::Kind::kConnectFailed, 5);
  sender().Step();
  ASSERT_EQ(link_.passwords.size(), 2u) << "at once";
  EXPECT_NE(link_.passwords[0], link_.passwords[1]);
  EXPECT_THAT(Said(), IsEmpty());
  for (const size_t attempts : {2u, 3u}) {
    Happen(link::Event::Kind::kConnectFailed, 4);
    Pass(59s);
    EXPECT_EQ(link_.passwords.size(), attempts);
    Pass(1s);
    EXPECT_EQ(link_.passwords.size(), attempts + 1);
  }
  EXPECT_THAT(Said(), ElementsAre("not_authorised")) << "once an outage";
  EXPECT_EQ(probes_, 0);
}

TEST_F(HubSenderTest, NamesWhatTheConnackSays) {
  sender().Step();
  Happen(link::Event::Kind::kConnectFailed, 3);
  Pass(10s);
  Happen(link::Event::Kind::kConnectFailed, 2);
  sender().Step();
  EXPECT_THAT(Said(), ElementsAre("unavailable", "rejected"));
}

TEST_F(HubSenderTest, GivesUpOnAConnectionThatNeverAnswers) {
  sender().Step();
  Pass(76s);
  EXPECT_EQ(link_.passwords.size(), 2u);
}

TEST_F(HubSenderTest, AHubThatWorkedIsTriedAgainSoon) {
  draw_ = 0.999;
  for (int i = 0; i < 10; ++i) {
    sender().Step();
    Append(1);
    Happen(link::Event::Kind::kConnected);
    sender().Step();
    Ack(last_id_);
    Pass(3s);
    Happen(link::Event::Kind::kLost);
    EXPECT_LE(sender().Step(), clock_.now + 1s);
    Pass(1s);
  }
  EXPECT_EQ(Settled().size(), 10u);
}

TEST_F(HubSenderTest, SuspectsADuplicateIdentityAndSlowsDown) {
  draw_ = 0.999;
  probe_result_ = {};  // the hub itself is there
  sender().Step();
  std::vector<int64_t> delays_s;
  for (int i = 0; i < 6; ++i) {
    Happen(link::Event::Kind::kConnected);
    sender().Step();
    Advance(300ms);
    Happen(link::Event::Kind::kLost);
    const auto wake = sender().Step();
    delays_s.push_back(std::chrono::round<std::chrono::seconds>(wake - clock_.now).count());
    Advance(std::chrono::duration_cast<std::chrono::milliseconds>(wake - clock_.now));
    sender().Step();
  }
  EXPECT_THAT(Said(),
              ElementsAre("none", "closed", "none", "closed", "none", "duplicate_identity"));
  EXPECT_THAT(delays_s, ElementsAre(1, 2, 4, 8, 16, 32));
  Happen(link::Event::Kind::kConnected);
  Pass(3s);
  EXPECT_THAT(Said(), ElementsAre("none")) << "it holds";
  EXPECT_EQ(counters_.cause.Get(), 0u);
}

TEST_F(HubSenderTest, AHubThatRestartsAgainAndAgainIsNoDuplicate) {
  draw_ = 0.999;
  probe_result_ = {Cause::kRefused, ""};
  sender().Step();
  for (int i = 0; i < 10; ++i) {
    Append(1);
    Happen(link::Event::Kind::kConnected);
    sender().Step();
    Ack(last_id_);
    Happen(link::Event::Kind::kLost);
    EXPECT_LE(sender().Step(), clock_.now + 1s);
    Pass(1s);
  }
  EXPECT_EQ(std::count(said_.begin(), said_.end(), "duplicate_identity"), 0);
}

TEST_F(HubSenderTest, CallsOverdueAcknowledgementsThrottling) {
  Append(1);
  GoOnline();
  Said();
  Pass(9s);
  EXPECT_THAT(Said(), IsEmpty());
  Pass(2s);
  EXPECT_THAT(Said(), ElementsAre("throttled"));
  EXPECT_EQ(counters_.cause.Get(), static_cast<uint64_t>(Cause::kThrottled));
  Ack(1);
  sender().Step();
  EXPECT_EQ(counters_.cause.Get(), 0u);
}

TEST_F(HubSenderTest, ConnectsAgainWhenNothingIsAcknowledgedAnyMore) {
  Append(2);
  GoOnline();
  Sent();
  Pass(89s);
  EXPECT_EQ(link_.passwords.size(), 1u);
  Pass(2s);
  ASSERT_EQ(link_.passwords.size(), 2u);
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1, 2}));
}

// --- stopping

TEST_F(HubSenderTest, InAHurryItWaitsForNoFullerPack) {
  options_.pack.pack = true;
  options_.pack.max_delay = 60s;
  Append(1);
  GoOnline();
  EXPECT_THAT(Sent(), IsEmpty());
  sender().Hurry();
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1}));
  Append(1);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{2})) << "nor does what comes later";
  EXPECT_FALSE(sender().stopped());
  EXPECT_FALSE(sender().all_settled());
  Ack(1);
  Ack(2);
  sender().Step();
  EXPECT_TRUE(sender().all_settled());
}

TEST_F(HubSenderTest, StopsWhenAllIsSettled) {
  options_.pack.pack = true;
  options_.pack.max_delay = 1h;
  Append(3);
  GoOnline();
  sender().BeginStop(clock_.now + 10s);
  sender().Step();
  EXPECT_EQ(Sent(), (Numbers{1})) << "without waiting for a fuller pack";
  EXPECT_FALSE(sender().stopped());
  Ack(1);
  sender().Step();
  EXPECT_TRUE(sender().stopped());
  EXPECT_TRUE(link_.disconnected);
  EXPECT_THAT(Settled(), ElementsAre(1, 2, 3));
}

TEST_F(HubSenderTest, StopsAtTheDeadlineWithWhatIsNotAcknowledgedUnsettled) {
  Append(3);
  GoOnline();
  Ack(1);
  sender().BeginStop(clock_.now + 10s);
  Pass(9s);
  EXPECT_FALSE(sender().stopped());
  Pass(1s);
  EXPECT_TRUE(sender().stopped());
  EXPECT_THAT(Settled(), ElementsAre(1));
}

// A probe may take longer than the rest of the time.
TEST_F(HubSenderTest, WhileStoppingItAsksForNoCauses) {
  Append(1);
  sender().Step();
  sender().BeginStop(clock_.now + 10s);
  Happen(link::Event::Kind::kConnectFailed, -1);
  sender().Step();
  EXPECT_EQ(probes_, 0);
  Pass(10s);
  EXPECT_TRUE(sender().stopped());
}

TEST_F(HubSenderTest, StopsAtOnceWithNothingToSendAndNoHub) {
  sender().Step();
  sender().BeginStop(clock_.now + 10s);
  sender().Step();
  EXPECT_TRUE(sender().stopped());
}

// --- the downlink

class HubSenderDownlinkTest : public HubSenderTest {
 protected:
  HubSenderDownlinkTest() { downlink_ = &fake_; }
  std::vector<std::string> Heard() { return std::exchange(fake_.heard, {}); }
  void GoUp() {
    GoOnline();
    Happen(link::Event::Kind::kSubscribed);
    sender().Step();
  }
  FakeDownlink fake_;
};

TEST_F(HubSenderDownlinkTest, SubscribesOnEachConnectionAndTellsOfIt) {
  GoUp();
  EXPECT_THAT(link_.subscribed, ElementsAre("a/#", "b/#"));
  EXPECT_THAT(Heard(), ElementsAre("up"));
  link_.subscribed.clear();
  Happen(link::Event::Kind::kLost);
  Pass(1s);
  EXPECT_THAT(Heard(), ElementsAre("down"));
  Happen(link::Event::Kind::kConnected);
  sender().Step();
  EXPECT_THAT(link_.subscribed, ElementsAre("a/#", "b/#"));
  EXPECT_THAT(Heard(), IsEmpty()) << "no SUBACK yet";
}

TEST_F(HubSenderDownlinkTest, ARenewedTokenIsAnotherConnection) {
  GoUp();
  Heard();
  Pass(3600s);
  EXPECT_THAT(Heard(), ElementsAre("down"));
}

TEST_F(HubSenderDownlinkTest, HandsOverWhatComesAndCountsWhatWasMissed) {
  GoUp();
  Heard();
  link_.inbound = {{"a/1", "x"}, {"b/2", "y"}};
  link_.missed = 3;
  sender().Step();
  EXPECT_THAT(Heard(), ElementsAre("a/1 x", "b/2 y", "missed 3"));
  EXPECT_EQ(counters_.downlink_received.Get(), 2u);
  EXPECT_EQ(counters_.downlink_missed.Get(), 3u);
}

TEST_F(HubSenderDownlinkTest, SaysNothingBeforeItMayAndNoMoreThanTheLinkCarries) {
  fake_.to_say = std::vector<std::string>(3, "c");
  GoOnline();
  EXPECT_THAT(link_.said, IsEmpty());
  link_.waiting = 8;
  Happen(link::Event::Kind::kSubscribed);
  sender().Step();
  EXPECT_THAT(link_.said, IsEmpty());
  link_.waiting = 0;
  sender().Step();
  EXPECT_THAT(link_.said, ElementsAre("c", "c", "c"));
}

TEST_F(HubSenderDownlinkTest, TelemetryFlowsWhereTheHubGrantsNoFilter) {
  Append(1);
  GoOnline();
  Happen(link::Event::Kind::kSubscribed, 0x80);
  fake_.to_say = {"c"};
  sender().Step();
  EXPECT_THAT(Heard(), ElementsAre("refused"));
  EXPECT_THAT(link_.said, IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre(1));
}

TEST_F(HubSenderDownlinkTest, AStopWaitsForTheLastAnswerToBeOnItsWay) {
  GoUp();
  fake_.to_say = {"answer"};
  link_.waiting = 1;
  sender().BeginStop(clock_.now + 10s);
  sender().Step();
  EXPECT_FALSE(sender().stopped());
  link_.waiting = 0;
  sender().Step();
  EXPECT_TRUE(sender().stopped());
  EXPECT_THAT(link_.said, ElementsAre("answer"));
}

}  // namespace
}  // namespace sluice::uplink
