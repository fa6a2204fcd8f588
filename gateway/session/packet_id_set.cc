#include "gateway/session/packet_id_set.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::session {
namespace {

constexpr size_t kFirstPlaces = 32;

}  // namespace

PacketIdSet::PacketIdSet(size_t limit) : limit_(limit) { assert(limit > 0); }

PacketIdSet::Entry* PacketIdSet::Find(uint16_t packet_id) {
  if (size_ == 0) return nullptr;
  for (size_t i = HomeOf(packet_id); places_[i].packet_id != 0; i = (i + 1) & mask_) {
    if (places_[i].packet_id == packet_id) return &places_[i];
  }
  return nullptr;
}

void PacketIdSet::Insert(uint16_t packet_id, uint32_t epoch) {
  assert(packet_id != 0 && !full() && Find(packet_id) == nullptr);
  if (places_ == nullptr || 2 * (size_ + 1) > mask_ + 1) Grow();
  Place({packet_id, false, epoch});
  ++size_;
}

void PacketIdSet::Place(const Entry& entry) {
  size_t i = HomeOf(entry.packet_id);
  while (places_[i].packet_id != 0) i = (i + 1) & mask_;
  places_[i] = entry;
}

void PacketIdSet::Grow() {
  const size_t old_places = places_ == nullptr ? 0 : mask_ + 1;
  const std::unique_ptr<Entry[]> old = std::move(places_);
  const size_t new_places = old_places == 0 ? kFirstPlaces : 2 * old_places;
  places_ = std::make_unique<Entry[]>(new_places);
  mask_ = new_places - 1;
  for (size_t i = 0; i < old_places; ++i) {
    if (old[i].packet_id != 0) Place(old[i]);
  }
}

// Closes the gap: a later entry of the run moves into it if its home does not lie behind the gap.
void PacketIdSet::Erase(Entry* entry) {
  auto gap = static_cast<size_t>(entry - places_.get());
  for (size_t i = (gap + 1) & mask_; places_[i].packet_id != 0; i = (i + 1) & mask_) {
    const size_t distance_from_home = (i - HomeOf(places_[i].packet_id)) & mask_;
    if (distance_from_home < ((i - gap) & mask_)) continue;
    places_[gap] = places_[i];
    gap = i;
  }
  places_[gap] = {};
  --size_;
}

void PacketIdSet::Clear() {
  if (size_ == 0) return;
  std::fill_n(places_.get(), mask_ + 1, Entry{});
  size_ = 0;
}

}  // namespace sluice::session
