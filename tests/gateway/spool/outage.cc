#include "tests/gateway/spool/outage.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/spool/disk_queue.h"

namespace sluice::spool {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr microseconds kSecond{1'000'000};
constexpr microseconds kDrainTick{10'000};
constexpr int64_t kFirstDayUs = 1'800'000'000'000'000;  // some day in 2027
constexpr int kLooks = 64;                              // at the files, over the outage

class Outage {
 public:
  explicit Outage(const OutagePlan& plan) : plan_(plan), body_(plan.body_bytes, 'x') {}

  absl::StatusOr<OutageResult> Play() {
    if (absl::Status s = Open(); !s.ok()) return s;
    StayAway();
    const uint64_t last_of_outage = result_.accepted;
    result_.backlog = queue_->records();
    Drain(last_of_outage);
    result_.dropped = queue_->counters().dropped_overflow.Get();
    if (!queue_->Stop()) return absl::InternalError("the spool could not be written");
    return result_;
  }

 private:
  absl::Status Open() {
    DiskQueue::Options options;
    options.name = "hub";
    options.folder = plan_.folder;
    options.epoch = "e";
    options.max_bytes = plan_.max_bytes;
    options.max_memory = plan_.max_memory;
    options.overflow = Overflow::kDropOldest;
    options.now = [this, start = std::chrono::steady_clock::now()] {
      return start + microseconds(clock_us_.load());
    };
    options.wall_us = [this] { return kFirstDayUs + clock_us_.load(); };
    absl::StatusOr<std::unique_ptr<DiskQueue>> queue = DiskQueue::Open(std::move(options), bell_);
    if (!queue.ok()) return queue.status();
    queue_ = *std::move(queue);
    return absl::OkStatus();
  }

  // A loop turn's records, and their commit.
  void Accept(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      RecordView record;
      record.id = ++result_.accepted;
      record.time_us = kFirstDayUs + clock_us_.load();
      record.priority = 5;
      record.device = "press-0417";
      record.topic = "plant/l1/press-0417/telemetry";
      record.body = body_;
      batch_.Append(record);
    }
    delivered_.resize(result_.accepted + 1);
    batch_ = queue_->Append(std::move(batch_));
    while (queue_->pending_bytes() != 0)
      bell_.WaitUntil(std::chrono::steady_clock::now() + milliseconds(1));
  }

  void StayAway() {
    const uint64_t turns = static_cast<uint64_t>(plan_.away.count()) * plan_.commits_a_second;
    for (uint64_t turn = 0; turn < turns; ++turn) {
      Accept(plan_.rate / plan_.commits_a_second);
      clock_us_ += kSecond.count() / plan_.commits_a_second;
      result_.max_used = std::max(result_.max_used, queue_->used_bytes());
      if (turn % std::max<uint64_t>(1, turns / kLooks) == 0) MeasureFiles();
    }
    MeasureFiles();
  }

  // The far side takes so many in each tick and acknowledges them a round trip later.
  void Drain(uint64_t last_of_outage) {
    const int64_t begin = clock_us_;
    const auto ticks = static_cast<uint64_t>(kSecond / kDrainTick);
    const uint64_t a_tick = uint64_t{plan_.rate} * plan_.drain_factor / ticks;
    uint64_t left = result_.backlog;
    while (left > 0 || !under_way_.empty()) {
      // Live records come for as long as there is a backlog.
      if (left > 0) Accept(plan_.rate / ticks);
      for (uint64_t i = 0; i < a_tick; ++i) {
        Receipt receipt;
        const RecordView* const view = queue_->Take(&receipt);
        if (view == nullptr) break;
        under_way_.push_back({clock_us_, view->id, view->time_us, receipt});
        if (view->id <= last_of_outage) --left;
      }
      clock_us_ += kDrainTick.count();
      Acknowledge(last_of_outage);
      if (left == 0) continue;
      result_.drained_in = duration_cast<milliseconds>(microseconds(clock_us_ - begin));
    }
    // What came last.
    Receipt receipt;
    while (const RecordView* const view = queue_->Take(&receipt))
      under_way_.push_back({clock_us_, view->id, view->time_us, receipt});
    clock_us_ += duration_cast<microseconds>(plan_.round_trip).count();
    Acknowledge(last_of_outage);
    MeasureFiles();
  }

  void Acknowledge(uint64_t last_of_outage) {
    std::vector<Receipt> receipts;
    while (!under_way_.empty() &&
           under_way_.front().taken_us + duration_cast<microseconds>(plan_.round_trip).count() <=
               clock_us_) {
      const Sent& sent = under_way_.front();
      if (delivered_[sent.id]) ++result_.again;
      result_.delivered += delivered_[sent.id] ? 0 : 1;
      delivered_[sent.id] = true;
      if (sent.id > last_of_outage) {
        const microseconds age(kFirstDayUs + clock_us_ - sent.time_us);
        result_.oldest_live = std::max(result_.oldest_live, duration_cast<milliseconds>(age));
      }
      receipts.push_back(sent.receipt);
      under_way_.pop_front();
    }
    queue_->Settle(receipts);
  }

  void MeasureFiles() {
    uint64_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(plan_.folder))
      bytes += file.file_size();
    result_.max_disk = std::max(result_.max_disk, bytes);
  }

  struct Sent {
    int64_t taken_us;
    uint64_t id;
    int64_t time_us;
    Receipt receipt;
  };

  const OutagePlan plan_;
  const std::string body_;
  std::atomic<int64_t> clock_us_{0};
  Doorbell bell_;
  std::unique_ptr<DiskQueue> queue_;
  RecordBatch batch_;
  std::deque<Sent> under_way_;
  std::vector<bool> delivered_;  // by id
  OutageResult result_;
};

}  // namespace

absl::StatusOr<OutageResult> PlayOutage(const OutagePlan& plan) { return Outage(plan).Play(); }

}  // namespace sluice::spool
