#include "gateway/uplink/pack.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::uplink {
namespace {

using spool::RecordView;

// Property sets that rules make up from messages can be any number. Beyond this many, all packs are
// closed and the sets forgotten: memory is bounded, and such sets do not pack well anyway.
constexpr size_t kMaxPacks = 256;

constexpr uint8_t kLastUrgentPriority = 2;

// No envelope is smaller:
// {"id":"e-1","device":"d","topic":"t","time":"2026-01-31T08:00:00.123Z","body":0}. A pack with
// less room than this left is full.
constexpr uint64_t kSmallestEnvelope = 80;

// What a compressed pack is taken for before any of its stream was: a quarter of its text.
constexpr uint64_t kFirstRatio = 4;
// What cannot be compressed grows by less.
constexpr uint64_t kGzipSlack = 512;

std::unique_ptr<Composer> NewComposer(const Packer::Options& options) {
  if (!options.broker_topic.empty())
    return std::make_unique<BrokerComposer>(options.broker_topic, options.epoch);
  return std::make_unique<HubComposer>(options.topic_prefix, options.epoch, options.gzip);
}

}  // namespace

Packer::Packer(Options options, Bill* bill)
    : options_(std::move(options)),
      topic_prefix_(options_.topic_prefix),
      composer_(NewComposer(options_)),
      bill_(bill),
      gzip_(options_.gzip ? std::make_unique<Gzip>() : nullptr) {}

uint64_t Packer::limit() const {
  return std::min(options_.max_bytes, composer_->max_message_bytes() - 1);
}

bool Packer::Add(const RecordView& record, const spool::Receipt& receipt, TimePoint now) {
  if (!options_.pack) return AddAlone(record, receipt);
  if (record.priority > kLastUrgentPriority && !urgent_.empty()) CloseUrgent();

  Pack* const pack = FindPack(record);
  if (pack == nullptr) return AddAlone(record, receipt);
  size_t begin = pack->body.size();
  pack->body.push_back(begin == 0 ? '[' : ',');
  composer_->AppendMember(record, &pack->body);
  if (gzip_ == nullptr && begin != 0 && pack->fixed_bytes + pack->body.size() + 1 > limit()) {
    CloseBefore(pack, begin);
    begin = 0;
  }
  const uint64_t own = pack->body.size() - begin + 1;
  const uint64_t most = composer_->max_message_bytes() - (gzip_ ? kGzipSlack : 0);
  if (own >= most || pack->fixed_bytes + own > most) {
    pack->body.resize(begin);
    if (begin != 0) Close(pack);
    return AddAlone(record, receipt);
  }
  if (pack->ends.empty()) Open(pack, now);
  pack->ends.push_back(static_cast<uint32_t>(pack->body.size()));
  pack->receipts.push_back(receipt);
  if (bill_ != nullptr) pack->shares.push_back(bill_->ShareOf(record, own));
  if (record.ticket) pack->tickets.push_back(*record.ticket);
  if (gzip_ != nullptr) {
    pack->ticket_ends.push_back(static_cast<uint32_t>(pack->tickets.size()));
    if (pack->body.size() >= pack->try_at) TryFull(pack, now);
  } else if (pack->fixed_bytes + pack->body.size() + 1 + kSmallestEnvelope > limit()) {
    Close(pack);
  }
  return true;
}

Packer::Pack* Packer::FindPack(const RecordView& record) {
  key_.assign(1, static_cast<char>(record.priority));
  composer_->AppendPackKey(record, &key_);
  if (last_pack_ != nullptr && key_ == last_key_) return last_pack_;

  auto found = packs_.find(key_);
  if (found == packs_.end()) {
    std::optional<Composer::Head> head = composer_->HeadOfPack(record);
    if (!head) return nullptr;
    if (packs_.size() >= kMaxPacks) {
      CloseAll();
      packs_.clear();
      last_pack_ = nullptr;
    }
    auto pack = std::make_unique<Pack>();
    pack->topic = std::make_shared<const std::string>(std::move(head->topic));
    pack->fixed_bytes = head->metered_bytes;
    pack->priority = record.priority;
    pack->try_at = kFirstRatio * limit();
    found = packs_.emplace(key_, std::move(pack)).first;
  }
  last_key_ = key_;
  last_pack_ = found->second.get();
  return last_pack_;
}

void Packer::Open(Pack* pack, TimePoint now) {
  pack->serial = next_serial_++;
  if (pack->priority <= kLastUrgentPriority) {
    urgent_.push_back(pack);
  } else {
    open_.push_back({pack, pack->serial, now + options_.max_delay});
  }
}

void Packer::Close(Pack* pack) {
  assert(!pack->ends.empty());
  if (gzip_ == nullptr) {
    pack->body.push_back(']');
    const size_t usual = pack->body.size();
    Emit(pack, std::move(pack->body));
    // The next pack of this stream will be about as large.
    pack->body = std::string();
    pack->body.reserve(std::min<size_t>(usual + usual / 8, 2 * options_.max_bytes));
    pack->ends.clear();
  } else {
    while (!pack->ends.empty()) EmitCompressed(pack, Compress(pack));
  }
  pack->serial = 0;
  Prune();
}

void Packer::CloseBefore(Pack* pack, size_t begin) {
  rest_.assign(pack->body, begin, std::string::npos);
  pack->body.resize(begin);
  Close(pack);
  rest_.front() = '[';
  pack->body.append(rest_);
}

// Everything in the pack but its body goes along with `payload`.
void Packer::Emit(Pack* pack, std::string payload) {
  HubMessage& message = closed_.emplace_back();
  message.topic = pack->topic;
  message.metered_bytes = pack->fixed_bytes + payload.size();
  message.payload = std::make_shared<const std::string>(std::move(payload));
  const size_t usual_count = pack->receipts.size();
  const size_t usual_tickets = pack->tickets.size();
  message.receipts = std::exchange(pack->receipts, {});
  message.tickets = std::exchange(pack->tickets, {});
  message.shares = std::exchange(pack->shares, {});
  pack->receipts.reserve(usual_count + 4);
  if (bill_ != nullptr) pack->shares.reserve(usual_count + 4);
  if (usual_tickets != 0) pack->tickets.reserve(usual_tickets + 4);
}

void Packer::Prune() {
  const auto is_closed = [](const Opened& o) { return o.serial != o.pack->serial; };
  while (!open_.empty() && is_closed(open_.front())) open_.pop_front();
  // A pack that stays open in front of busy ones must not make the list grow until it is due.
  if (open_.size() > 2 * packs_.size() + 64) std::erase_if(open_, is_closed);
}

void Packer::CloseUrgent() {
  for (Pack* const pack : urgent_) {
    if (pack->serial != 0) Close(pack);
  }
  urgent_.clear();
}

void Packer::CloseDue(TimePoint now) {
  CloseUrgent();
  while (!open_.empty() && open_.front().due <= now) Close(open_.front().pack);
}

void Packer::CloseAll() {
  CloseUrgent();
  while (!open_.empty()) Close(open_.front().pack);
}

std::optional<Packer::TimePoint> Packer::next_due() const {
  if (!urgent_.empty()) return TimePoint::min();
  if (open_.empty()) return std::nullopt;
  return open_.front().due;
}

void Packer::SetTopicPrefix(const std::string& prefix) {
  const size_t old_bytes = topic_prefix_.size();
  for (const auto& [key, pack] : packs_) {
    pack->topic = std::make_shared<const std::string>(prefix + pack->topic->substr(old_bytes));
  }
  for (HubMessage& message : closed_) message.Readdress(old_bytes, prefix);
  composer_->SetTopicPrefix(prefix);
  topic_prefix_ = prefix;
}

HubMessage Packer::TakeClosed() {
  HubMessage message = std::move(closed_.front());
  closed_.pop_front();
  return message;
}

bool Packer::AddAlone(const RecordView& record, const spool::Receipt& receipt) {
  std::optional<Composer::Head> head = composer_->HeadAlone(record);
  if (!head) return false;
  const uint64_t metered = head->metered_bytes + record.body.size();
  const uint64_t most = composer_->max_message_bytes();
  if (metered > most || record.body.size() >= most) return false;
  HubMessage& message = closed_.emplace_back();
  message.topic = std::make_shared<const std::string>(std::move(head->topic));
  message.payload = std::make_shared<const std::string>(record.body);
  message.metered_bytes = metered;
  message.receipts.push_back(receipt);
  if (bill_ != nullptr) message.shares.push_back(bill_->ShareOf(record, metered));
  if (record.ticket) message.tickets.push_back(*record.ticket);
  return true;
}

}  // namespace sluice::uplink
