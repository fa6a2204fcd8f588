// The states that reducers keep: found by their keys, bounded in memory, the least recently used
// going first.
//
// Knows nothing of rules: states belong to slots, and a slot is found again by the definition of
// its rule, so that states outlive the program that made them. Indexes of states stay the same;
// references to them last until the next Insert. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filters/reduce/aggregate.h"
#include "filters/reduce/hash.h"

namespace sluice::reduce {

inline constexpr uint32_t kNoIndex = UINT32_MAX;

// Of one stream: a rule's messages of one device, topic and values of `per`. A cache line is what a
// message costs.
struct State {
  enum Watched : uint32_t { kNothing, kNumber, kOther };

  uint64_t hash = 0;
  uint32_t slot = 0;
  uint32_t used_before = kNoIndex;  // the states used just before and after this one was
  uint32_t used_after = kNoIndex;
  uint32_t window = kNoIndex;
  uint64_t watched_value = 0;  // of on_change: a double's bits, or a hash of another value
  int64_t passed_us = 0;       // when on_change, or of a duplicate's state dedup, let one pass
  int64_t rate_used = 0;       // of the bucket, in messages times microseconds, at:
  int64_t rate_us = 0;
  uint32_t watched : 2 = kNothing;
  uint32_t is_duplicate : 1 = 0;  // it is dedup's, for one body, and in its slot's list
  uint32_t sampled : 29 = 0;      // messages since the last that passed
};
static_assert(sizeof(State) == 64);

struct OpenWindow {
  int64_t from_us = 0;
  int64_t to_us = 0;
  uint64_t text_bytes = 0;  // that its values hold
  std::vector<Accumulator> values;
};

// States in a row, linked through the store.
struct StateList {
  uint32_t first = kNoIndex;
  uint32_t last = kNoIndex;
};

// All states of one rule.
struct Slot {
  std::string definition;
  uint64_t hash = 0;
  uint64_t states = 0;
  StateList open;        // with an open window, in the order these close
  StateList duplicates;  // of dedup, in the order they were passed
};

class StateStore {
 public:
  StateStore(HashKey key, uint64_t max_bytes);
  ~StateStore();
  StateStore(StateStore&& other) noexcept;
  StateStore& operator=(StateStore&& other) noexcept;

  const HashKey& hash_key() const { return key_; }
  uint64_t max_bytes() const { return max_bytes_; }
  void set_max_bytes(uint64_t max_bytes) { max_bytes_ = max_bytes; }

  // The slot of this definition, made if there is none.
  uint32_t SlotOf(std::string_view definition);
  Slot& slot(uint32_t slot) { return slots_[slot]; }
  const Slot& slot(uint32_t slot) const { return slots_[slot]; }
  uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }
  // Erases all states of other slots, and these slots.
  void Retain(const std::vector<uint32_t>& slots);

  // kNoIndex where there is none. `digest` is DigestOf(hash_key(), key); 96 bits of it stand for
  // the key, which is not looked at: nobody without the hash key can find two that agree.
  uint32_t Find(uint32_t slot, const Digest& digest) const;
  // Before a Find that is likely, each some time after the other: memory comes meanwhile.
  void Prefetch(uint32_t slot, const Digest& digest) const;
  void PrefetchState(uint32_t slot, const Digest& digest) const;
  // The key must not be there. The state is the most recently used.
  uint32_t Insert(uint32_t slot, std::string_view key, const Digest& digest);
  void Erase(uint32_t state);

  State& state(uint32_t state) { return states_[state]; }
  const State& state(uint32_t state) const { return states_[state]; }
  std::string_view key(uint32_t state) const { return {cold_[state].key, cold_[state].key_size}; }
  // It is the most recently used now.
  void Touch(uint32_t state);
  // From the least recently used to the most: First, Next … until kNoIndex.
  uint32_t First() const { return lru_.first; }
  uint32_t Next(uint32_t state) const { return states_[state].used_after; }

  // All times that states hold are so much earlier now; windows' are not.
  void MoveTimes(int64_t earlier_us);

  // A state of dedup passed a body now: it is the last of its slot's list.
  void AppendDuplicate(uint32_t state);

  // In the list that it is in, of open windows or of duplicates.
  uint32_t NextOfList(uint32_t state) const { return cold_[state].list_next; }

  // The state's window, of `values` accumulators; appended to its slot's list.
  OpenWindow& Open(uint32_t state, size_t values, int64_t from_us, int64_t to_us);
  OpenWindow& window(uint32_t window) { return windows_[window]; }
  const OpenWindow& window(uint32_t window) const { return windows_[window]; }
  // The window's texts take so many bytes now.
  void SetTextBytes(uint32_t window, uint64_t bytes);
  // The state has no window any more.
  void Close(uint32_t state);

  uint64_t states() const { return count_; }
  // Of states, keys and open windows.
  uint64_t bytes() const { return bytes_; }
  bool is_full() const { return bytes_ > max_bytes_; }

 private:
  // What a message rarely needs of a state.
  struct Cold {
    char* key = nullptr;
    uint32_t key_size = 0;
    uint32_t list_previous = kNoIndex;
    uint32_t list_next = kNoIndex;
  };
  struct Entry {
    uint32_t tag = 0;  // the rest of the digest
    uint32_t state = kNoIndex;
  };

  uint64_t StateHash(uint32_t slot, const Digest& digest) const;
  size_t Home(uint64_t hash) const { return hash & (table_.size() - 1); }
  static uint32_t Tag(const Digest& digest) { return static_cast<uint32_t>(digest.high); }
  uint32_t NewState();
  void Grow();
  void Enter(const Entry& entry);
  void Leave(uint32_t state);
  void Append(StateList* list, uint32_t state);
  void Remove(StateList* list, uint32_t state);
  void AppendUsed(uint32_t state);
  void RemoveUsed(uint32_t state);
  void FreeKeys();

  HashKey key_;
  uint64_t max_bytes_;
  uint64_t bytes_ = 0;
  uint64_t count_ = 0;
  std::vector<Entry> table_;  // open addressing, at most half full
  std::vector<State> states_;
  std::vector<Cold> cold_;
  std::vector<uint32_t> free_states_;
  StateList lru_;
  std::vector<OpenWindow> windows_;
  std::vector<uint32_t> free_windows_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::unordered_map<std::string, uint32_t> slots_by_definition_;
};

}  // namespace sluice::reduce
