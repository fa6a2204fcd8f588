#include "gateway/commands/waiting_room.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gateway/operate/log.h"
#include "gateway/spool/disk_queue.h"
#include "gateway/spool/memory_queue.h"
#include "gateway/spool/spool_folder.h"

namespace sluice::commands {
namespace {

namespace fs = std::filesystem;

constexpr char kMessages[] = "spool_messages";
constexpr char kMessagesHelp[] = "Messages in the spool";
constexpr char kBytes[] = "spool_bytes";
constexpr char kBytesHelp[] = "Bytes that they take on the disk";

class InMemory final : public WaitingRoom {
 public:
  InMemory(uint64_t max_bytes, OutputEvents events, spool::Doorbell& bell)
      : queue_({.max_bytes = max_bytes, .on_room = std::move(events.room)}, bell) {}

  spool::Store& store() override { return queue_; }
  bool Close(bool sent) override { return sent; }
  std::string Trouble() const override { return {}; }
  void AddMetrics(operate::MetricsPage* page,
                  const operate::MetricsPage::Labels& labels) const override {
    page->AddGauge("output_waiting_messages", "Accepted and not safe yet",
                   static_cast<double>(queue_.records()), labels);
    page->AddGauge("output_waiting_bytes", "Memory that they take",
                   static_cast<double>(queue_.bytes()), labels);
  }

 private:
  spool::MemoryQueue queue_;
};

operate::MetricsPage::Labels With(operate::MetricsPage::Labels labels, const char* name,
                                  const char* value) {
  labels.emplace_back(name, value);
  return labels;
}

class OnDisk final : public WaitingRoom {
 public:
  explicit OnDisk(std::unique_ptr<spool::DiskQueue> queue) : queue_(std::move(queue)) {}

  spool::Store& store() override { return *queue_; }
  // What is not sent is on the disk.
  bool Close(bool) override { return queue_->Stop(); }
  std::string Trouble() const override {
    return queue_->failing() ? "the spool takes no messages; see the log" : "";
  }
  void AddMetrics(operate::MetricsPage* page,
                  const operate::MetricsPage::Labels& labels) const override {
    const spool::SpoolCounters& counters = queue_->counters();
    const uint64_t records = queue_->records();
    page->AddGauge(kMessages, kMessagesHelp, static_cast<double>(records), labels);
    page->AddGauge(kBytes, kBytesHelp, records == 0 ? 0 : static_cast<double>(queue_->used_bytes()),
                   labels);
    page->AddGauge("spool_max_bytes", "Bytes that they may take",
                   static_cast<double>(queue_->max_bytes()), labels);
    page->AddGauge("spool_oldest_seconds", "Age of the oldest message in the spool", OldestAge(),
                   labels);
    page->AddCounter("spool_stored_total", "Messages written to the spool", counters.stored.Get(),
                     labels);
    page->AddCounter("spool_settled_total", "Messages that the far side took",
                     counters.settled.Get(), labels);
    page->AddCounter("spool_commits_total", "Transactions: one fsync each", counters.commits.Get(),
                     labels);
    page->AddCounter("spool_failures_total", "Transactions that failed and were tried again",
                     counters.failures.Get(), labels);
    page->AddHistogram("spool_commit_seconds", "How long transactions took", {&counters.commit_us},
                       labels);
    constexpr char kDropped[] = "spool_dropped_total";
    constexpr char kHelp[] = "Messages that left the spool without being sent, by reason";
    page->AddCounter(kDropped, kHelp, counters.dropped_overflow.Get(),
                     With(labels, "reason", "overflow"));
    page->AddCounter(kDropped, kHelp, counters.dropped_expired.Get(),
                     With(labels, "reason", "expired"));
    page->AddCounter(kDropped, kHelp, counters.dropped_damaged.Get(),
                     With(labels, "reason", "damaged"));
  }

 private:
  double OldestAge() const {
    const int64_t oldest = queue_->oldest_us();
    if (oldest == 0 || queue_->records() == 0) return 0;
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return std::max(0.0, static_cast<double>(now.count() - oldest) * 1e-6);
  }

  std::unique_ptr<spool::DiskQueue> queue_;
};

absl::Status CheckAbandoned(const std::string& path, const std::string& name, bool discard) {
  absl::StatusOr<spool::SpoolFolder> folder = spool::SpoolFolder::Claim(path);
  if (!folder.ok()) return folder.status();
  uint64_t messages = 0;
  {
    spool::Contents contents;
    spool::Salvage salvage;
    const absl::StatusOr<spool::SpoolFile> file = folder->Open(&contents, &salvage);
    if (!file.ok()) return file.status();
    messages = contents.records;
  }
  if (messages > 0 && !discard) {
    return absl::FailedPreconditionError(
        fmt::format("{} messages wait in {} for output '{}', which keeps none on the disk any "
                    "more: put it back "
                    "with ack: stored until they are sent, save them by `sluice spool export {}`, "
                    "or throw them "
                    "away by spool: {{discard: true}}",
                    messages, path, name, path));
  }
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return absl::ErrnoToStatus(error.value(), path);
  if (messages > 0) {
    operate::Log(operate::LogLevel::kWarning, "spool_discarded",
                 "messages of an output that is no longer here were thrown away, as spool.discard "
                 "says",
                 {{"output", name}, {"messages", std::to_string(messages)}});
  }
  return absl::OkStatus();
}

spool::Overflow OverflowOf(config::Overflow overflow) {
  switch (overflow) {
    case config::Overflow::kBlock:
      return spool::Overflow::kBlock;
    case config::Overflow::kDropOldest:
      return spool::Overflow::kDropOldest;
    case config::Overflow::kDropNewest:
      break;
  }
  return spool::Overflow::kDropNewest;
}

}  // namespace

void AddNoSpoolMetrics(operate::MetricsPage* page) {
  page->AddGauge(kMessages, kMessagesHelp, 0);
  page->AddGauge(kBytes, kBytesHelp, 0);
}

absl::Status CheckAbandonedSpools(const config::Config& config) {
  std::error_code error;
  const fs::path root = fs::path(config.gateway.state) / "spool";
  for (const fs::directory_entry& folder : fs::directory_iterator(root, error)) {
    const std::string name = folder.path().filename().string();
    const bool in_use = std::any_of(
        config.outputs.begin(), config.outputs.end(),
        [&](const config::OutputOptions& each) { return each.name == name && IsSpooled(each); });
    if (in_use || !fs::exists(spool::SpoolFolder::FileIn(folder.path().string()), error)) continue;
    if (absl::Status s = CheckAbandoned(folder.path().string(), name, config.spool.discard);
        !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

bool IsSpooled(const config::OutputOptions& output) {
  return output.type != config::OutputOptions::Type::kFile && output.ack == config::Ack::kStored;
}

std::string SpoolFolderOf(const config::GatewayOptions& gateway, const std::string& output) {
  return fmt::format("{}/spool/{}", gateway.state, output);
}

absl::StatusOr<std::unique_ptr<WaitingRoom>> MakeWaitingRoom(const config::OutputOptions& options,
                                                             const OutputSurroundings& around,
                                                             OutputEvents events,
                                                             spool::Doorbell& bell) {
  if (!IsSpooled(options))
    return std::make_unique<InMemory>(around.gateway.max_memory, std::move(events), bell);
  const config::SpoolOptions& spool = around.spool;
  spool::DiskQueue::Options disk;
  disk.name = options.name;
  disk.folder = SpoolFolderOf(around.gateway, options.name);
  disk.epoch = around.epoch;
  disk.max_bytes = spool.max_bytes;
  disk.min_free = spool.min_free;
  disk.overflow = OverflowOf(options.overflow.value_or(spool.overflow));
  disk.ttl = options.ttl.value_or(spool.ttl);
  disk.backlog_share = spool.backlog_share;
  disk.max_memory = std::min<uint64_t>(around.gateway.max_memory, 64 << 20);
  disk.on_stored = std::move(events.settled);
  disk.on_room = std::move(events.room);
  absl::StatusOr<std::unique_ptr<spool::DiskQueue>> queue =
      spool::DiskQueue::Open(std::move(disk), bell);
  if (absl::IsPermissionDenied(queue.status()) || absl::IsNotFound(queue.status())) {
    return absl::PermissionDeniedError(
        fmt::format("cannot keep messages on the disk: {}; set gateway.state to a folder that this "
                    "user may write, or ack: delivered",
                    std::string(queue.status().message())));
  }
  if (!queue.ok()) return queue.status();
  return std::make_unique<OnDisk>(*std::move(queue));
}

}  // namespace sluice::commands
