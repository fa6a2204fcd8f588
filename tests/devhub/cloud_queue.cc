#include "tests/devhub/cloud_queue.h"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

namespace sluice::devhub {
namespace {

constexpr size_t kMostOutcomes = 1000;  // a test that never asks for them must not fill the memory

}  // namespace

void CloudQueue::Add(CloudMessage message) {
  assert(!full());
  entries_.push_back({std::move(message), next_sequence_++, 0, 0});
}

void CloudQueue::Finish(const CloudMessage& message, const char* status) {
  const bool success = std::string_view(status) == "Success";
  if (success ? !message.tell_success : !message.tell_failure) return;
  if (outcomes_.size() == kMostOutcomes) outcomes_.pop_front();
  outcomes_.push_back({message.message_id, status});
}

void CloudQueue::Expire(int64_t unix_us, int64_t steady_us) {
  std::erase_if(entries_, [&](Entry& entry) {
    if (entry.locked_until_us > steady_us) return false;  // its receiver may still complete it
    const bool expired = entry.message.expires_us <= unix_us;
    const bool given_up = entry.deliveries >= limits_.most_deliveries;
    if (!expired && !given_up) {
      entry.locked_until_us = 0;
      return false;
    }
    Finish(entry.message, expired ? "Expired" : "DeliveryCountExceeded");
    return true;
  });
}

const CloudQueue::Entry* CloudQueue::Lock(int64_t steady_us) {
  const auto locked = std::count_if(entries_.begin(), entries_.end(),
                                    [](const Entry& entry) { return entry.locked_until_us != 0; });
  if (static_cast<size_t>(locked) >= limits_.most_locked) return nullptr;
  for (Entry& entry : entries_) {
    if (entry.locked_until_us != 0) continue;
    entry.locked_until_us = steady_us + limits_.lock_us;
    ++entry.deliveries;
    return &entry;
  }
  return nullptr;
}

void CloudQueue::Complete(uint64_t sequence) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [sequence](const Entry& entry) {
    return entry.sequence == sequence && entry.locked_until_us != 0;
  });
  if (found == entries_.end()) return;
  Finish(found->message, "Success");
  entries_.erase(found);
}

bool CloudQueue::Has(uint64_t sequence) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [sequence](const Entry& entry) { return entry.sequence == sequence; });
}

size_t CloudQueue::Purge() {
  for (const Entry& entry : entries_) Finish(entry.message, "Purged");
  return std::exchange(entries_, {}).size();
}

int64_t CloudQueue::NextUnlock() const {
  int64_t next = INT64_MAX;
  for (const Entry& entry : entries_) {
    if (entry.locked_until_us != 0) next = std::min(next, entry.locked_until_us);
  }
  return next;
}

std::vector<CloudQueue::Outcome> CloudQueue::TakeOutcomes() {
  std::vector<Outcome> outcomes(outcomes_.begin(), outcomes_.end());
  outcomes_.clear();
  return outcomes;
}

}  // namespace sluice::devhub
