#include "filters/reduce/state_store.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace sluice::reduce {
namespace {

constexpr size_t kFirstTable = 64;
// What a state takes beside its key: itself, its key's place, two entries of the table, the
// allocator's share of the key.
constexpr uint64_t kStateBytes = sizeof(State) + 24 + 16 + 16;

uint64_t WindowBytes(size_t values) {
  return sizeof(OpenWindow) + values * (sizeof(Accumulator) + 16);
}

}  // namespace

StateStore::StateStore(HashKey key, uint64_t max_bytes)
    : key_(key), max_bytes_(max_bytes), table_(kFirstTable) {}

StateStore::~StateStore() { FreeKeys(); }

StateStore::StateStore(StateStore&& other) noexcept : StateStore(other.key_, other.max_bytes_) {
  *this = std::move(other);
}

StateStore& StateStore::operator=(StateStore&& other) noexcept {
  if (this == &other) return *this;
  FreeKeys();
  key_ = other.key_;
  max_bytes_ = other.max_bytes_;
  bytes_ = std::exchange(other.bytes_, 0);
  count_ = std::exchange(other.count_, 0);
  table_ = std::exchange(other.table_, std::vector<Entry>(kFirstTable));
  states_ = std::exchange(other.states_, {});
  cold_ = std::exchange(other.cold_, {});
  free_states_ = std::exchange(other.free_states_, {});
  lru_ = std::exchange(other.lru_, {});
  windows_ = std::exchange(other.windows_, {});
  free_windows_ = std::exchange(other.free_windows_, {});
  slots_ = std::exchange(other.slots_, {});
  free_slots_ = std::exchange(other.free_slots_, {});
  slots_by_definition_ = std::exchange(other.slots_by_definition_, {});
  return *this;
}

void StateStore::FreeKeys() {
  for (const Cold& cold : cold_) delete[] cold.key;
}

uint32_t StateStore::SlotOf(std::string_view definition) {
  const auto [entry, is_new] = slots_by_definition_.emplace(std::string(definition), kNoIndex);
  if (!is_new) return entry->second;
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = entry->second = free_slots_.back();
  free_slots_.pop_back();
  slots_[index].definition = definition;
  slots_[index].hash = Hash(key_, definition);
  return index;
}

void StateStore::Retain(const std::vector<uint32_t>& slots) {
  std::vector<bool> retained(slots_.size());
  for (const uint32_t slot : slots) retained[slot] = true;
  for (uint32_t i = lru_.first, next = kNoIndex; i != kNoIndex; i = next) {
    next = states_[i].used_after;
    if (!retained[states_[i].slot]) Erase(i);
  }
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (retained[i] || slots_[i].definition.empty()) continue;
    slots_by_definition_.erase(slots_[i].definition);
    slots_[i] = Slot{};
    free_slots_.push_back(i);
  }
}

uint64_t StateStore::StateHash(uint32_t slot, const Digest& digest) const {
  const uint64_t hash = (digest.low ^ slots_[slot].hash) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >> 32);
}

uint32_t StateStore::Find(uint32_t slot, const Digest& digest) const {
  const uint64_t hash = StateHash(slot, digest);
  for (size_t at = Home(hash);; at = (at + 1) & (table_.size() - 1)) {
    const Entry& entry = table_[at];
    if (entry.state == kNoIndex) return kNoIndex;
    if (entry.tag == Tag(digest) && states_[entry.state].hash == hash) return entry.state;
  }
}

void StateStore::Prefetch(uint32_t slot, const Digest& digest) const {
  __builtin_prefetch(&table_[Home(StateHash(slot, digest))]);
}

void StateStore::PrefetchState(uint32_t slot, const Digest& digest) const {
  const uint32_t state = table_[Home(StateHash(slot, digest))].state;
  if (state != kNoIndex) __builtin_prefetch(&states_[state]);
}

uint32_t StateStore::NewState() {
  if (!free_states_.empty()) {
    const uint32_t index = free_states_.back();
    free_states_.pop_back();
    return index;
  }
  states_.emplace_back();
  cold_.emplace_back();
  return static_cast<uint32_t>(states_.size() - 1);
}

uint32_t StateStore::Insert(uint32_t slot, std::string_view key, const Digest& digest) {
  if (2 * (count_ + 1) > table_.size()) Grow();
  const uint32_t index = NewState();
  State& state = states_[index];
  state = State{};
  state.hash = StateHash(slot, digest);
  state.slot = slot;
  Cold& cold = cold_[index];
  cold.key = new char[key.size()];
  cold.key_size = static_cast<uint32_t>(key.size());
  std::memcpy(cold.key, key.data(), key.size());
  ++count_;
  ++slots_[slot].states;
  bytes_ += kStateBytes + key.size();
  Enter({Tag(digest), index});
  AppendUsed(index);
  return index;
}

void StateStore::Erase(uint32_t index) {
  State& state = states_[index];
  if (state.window != kNoIndex) Close(index);
  if (state.is_duplicate) Remove(&slots_[state.slot].duplicates, index);
  Leave(index);
  RemoveUsed(index);
  --count_;
  --slots_[state.slot].states;
  bytes_ -= kStateBytes + cold_[index].key_size;
  delete[] cold_[index].key;
  cold_[index] = Cold{};
  state = State{};
  free_states_.push_back(index);
}

void StateStore::Grow() {
  const std::vector<Entry> entries = std::exchange(table_, std::vector<Entry>(2 * table_.size()));
  for (const Entry& entry : entries) {
    if (entry.state != kNoIndex) Enter(entry);
  }
}

void StateStore::Enter(const Entry& entry) {
  size_t at = Home(states_[entry.state].hash);
  while (table_[at].state != kNoIndex) at = (at + 1) & (table_.size() - 1);
  table_[at] = entry;
}

// Entries behind it move up, so that no search ends early.
void StateStore::Leave(uint32_t index) {
  const size_t mask = table_.size() - 1;
  size_t hole = Home(states_[index].hash);
  while (table_[hole].state != index) hole = (hole + 1) & mask;
  for (size_t at = (hole + 1) & mask; table_[at].state != kNoIndex; at = (at + 1) & mask) {
    const size_t home = Home(states_[table_[at].state].hash);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;  // home lies behind the hole
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = Entry{};
}

void StateStore::Touch(uint32_t index) {
  if (lru_.last == index) return;
  RemoveUsed(index);
  AppendUsed(index);
}

void StateStore::MoveTimes(int64_t earlier_us) {
  for (uint32_t i = lru_.first; i != kNoIndex; i = states_[i].used_after) {
    states_[i].passed_us -= earlier_us;
    states_[i].rate_us -= earlier_us;
  }
}

void StateStore::AppendUsed(uint32_t index) {
  states_[index].used_before = lru_.last;
  states_[index].used_after = kNoIndex;
  (lru_.last == kNoIndex ? lru_.first : states_[lru_.last].used_after) = index;
  lru_.last = index;
}

void StateStore::RemoveUsed(uint32_t index) {
  const uint32_t before = states_[index].used_before;
  const uint32_t after = states_[index].used_after;
  (before == kNoIndex ? lru_.first : states_[before].used_after) = after;
  (after == kNoIndex ? lru_.last : states_[after].used_before) = before;
}

void StateStore::AppendDuplicate(uint32_t index) {
  State& state = states_[index];
  StateList* const list = &slots_[state.slot].duplicates;
  if (state.is_duplicate) Remove(list, index);
  state.is_duplicate = 1;
  Append(list, index);
}

void StateStore::Append(StateList* list, uint32_t index) {
  cold_[index].list_previous = list->last;
  cold_[index].list_next = kNoIndex;
  (list->last == kNoIndex ? list->first : cold_[list->last].list_next) = index;
  list->last = index;
}

void StateStore::Remove(StateList* list, uint32_t index) {
  const Cold& links = cold_[index];
  (links.list_previous == kNoIndex ? list->first : cold_[links.list_previous].list_next) =
      links.list_next;
  (links.list_next == kNoIndex ? list->last : cold_[links.list_next].list_previous) =
      links.list_previous;
}

OpenWindow& StateStore::Open(uint32_t index, size_t values, int64_t from_us, int64_t to_us) {
  State& state = states_[index];
  Slot& slot = slots_[state.slot];
  assert(state.window == kNoIndex);
  if (free_windows_.empty()) {
    state.window = static_cast<uint32_t>(windows_.size());
    windows_.emplace_back();
  } else {
    state.window = free_windows_.back();
    free_windows_.pop_back();
  }
  OpenWindow& window = windows_[state.window];
  window.from_us = from_us;
  window.to_us = to_us;
  window.values.resize(values);
  bytes_ += WindowBytes(values);
  Append(&slot.open, index);
  return window;
}

void StateStore::SetTextBytes(uint32_t index, uint64_t bytes) {
  bytes_ += bytes - windows_[index].text_bytes;
  windows_[index].text_bytes = bytes;
}

void StateStore::Close(uint32_t index) {
  State& state = states_[index];
  Slot& slot = slots_[state.slot];
  OpenWindow& window = windows_[state.window];
  bytes_ -= WindowBytes(window.values.size()) + window.text_bytes;
  window.text_bytes = 0;
  for (Accumulator& value : window.values) {
    value.count = 0;
    value.number = value.spread = 0;
    value.kept = Accumulator::Kept::kNothing;
    value.text = std::string();
  }
  Remove(&slot.open, index);
  free_windows_.push_back(state.window);
  state.window = kNoIndex;
}

}  // namespace sluice::reduce
