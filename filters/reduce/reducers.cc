#include "filters/reduce/reducers.h"

#include <bit>
#include <cassert>
#include <utility>

#include "filters/reduce/decisions.h"
#include "filters/reduce/stream_key.h"

namespace sluice::reduce {

using compile::Reduction;
using compile::Rule;
using language::Value;
using match::DropReason;

Reducers::Reducers(const compile::Program& program, HashKey key)
    : program_(program), store_(key, program.max_state()), windows_(program, store_) {
  Bind();
}

void Reducers::Bind() {
  const std::vector<Rule>& rules = program_.rules();
  slots_.assign(rules.size(), kNoIndex);
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i].reduction) continue;
    any_ = true;
    slots_[i] = store_.SlotOf(rules[i].reduction->definition);
  }
  windows_.Bind(slots_);
}

bool Reducers::Follow(int64_t clock_us) {
  if (now_us_ <= clock_us + kMaxWaitUs) {
    Advance(clock_us);
    return false;
  }
  store_.MoveTimes(now_us_ - clock_us);
  windows_.SetBack(now_us_, clock_us);
  now_us_ = clock_us;
  return true;
}

void Reducers::Start(const language::MessageView& message) {
  payload_ = message.payload;
  WriteKey({message.device, message.topic}, &key_);
  stream_size_ = key_.size();
  stream_digest_ = DigestOf(store_.hash_key(), key_);
}

void Reducers::Prefetch() const {
  if (likely_slot_ != kNoIndex) store_.Prefetch(likely_slot_, stream_digest_);
}

void Reducers::PrefetchState() const {
  if (likely_slot_ != kNoIndex) store_.PrefetchState(likely_slot_, stream_digest_);
}

DropReason Reducers::Hold(uint16_t rule, match::Judge& judge) {
  const Reduction& reduction = *program_.rules()[rule].reduction;
  const uint32_t slot = slots_[rule];
  MakeKey(reduction, judge);
  likely_slot_ = slot;
  if (reduction.dedup_us > 0 && IsDuplicate(slot, reduction.dedup_us)) return DropReason::kDedup;

  uint32_t state = kNoIndex;
  if (reduction.on_change && !HasChanged(*reduction.on_change, slot, judge, &state))
    return DropReason::kOnChange;
  if (state == kNoIndex && (reduction.sample > 0 || reduction.rate || reduction.window))
    state = FindOrInsert(slot);
  if (reduction.sample > 0) {
    State& sampled = store_.state(state);
    const bool is_turn = sampled.sampled == 0;
    sampled.sampled = (sampled.sampled + 1) % reduction.sample;
    if (!is_turn) return DropReason::kSample;
  }
  if (reduction.rate && !TakeFrom(*reduction.rate, now_us_, &store_.state(state)))
    return DropReason::kRate;
  if (!reduction.window) return DropReason::kNone;
  windows_.Add(*reduction.window, state, now_us_, judge);
  return DropReason::kWindow;
}

void Reducers::MakeKey(const Reduction& reduction, match::Judge& judge) {
  key_.resize(stream_size_);
  digest_ = stream_digest_;
  if (reduction.per.empty()) return;
  for (const language::Expression& expression : reduction.per) {
    const Value value = judge.Evaluate(expression);
    AppendKeyValue(store_.hash_key(), value, judge.Raw(expression), &key_);
  }
  digest_ = DigestOf(store_.hash_key(), key_);
}

uint32_t Reducers::FindOrInsert(uint32_t slot) {
  const uint32_t found = store_.Find(slot, digest_);
  if (found == kNoIndex) {
    MakeRoom();
    return store_.Insert(slot, key_, digest_);
  }
  store_.Touch(found);
  return found;
}

void Reducers::MakeRoom() {
  while (store_.is_full() && store_.First() != kNoIndex) {
    const uint32_t oldest = store_.First();
    if (store_.state(oldest).window != kNoIndex) windows_.Detach(oldest);
    store_.Erase(oldest);
    ++evictions_;
  }
}

bool Reducers::IsDuplicate(uint32_t slot, int64_t period_us) {
  // Each message brings at most one and takes up to two that are over: they get fewer, and none
  // stands long in place of what is needed.
  for (int i = 0; i < 2; ++i) {
    const uint32_t oldest = store_.slot(slot).duplicates.first;
    if (oldest == kNoIndex || now_us_ - store_.state(oldest).passed_us < period_us) break;
    store_.Erase(oldest);
  }
  const size_t size = key_.size();
  AppendPlain(DigestOf(store_.hash_key(), payload_), &key_);
  const Digest digest = DigestOf(store_.hash_key(), key_);
  uint32_t state = store_.Find(slot, digest);
  const bool is_duplicate =
      state != kNoIndex && now_us_ - store_.state(state).passed_us < period_us;
  if (state == kNoIndex) {
    MakeRoom();
    state = store_.Insert(slot, key_, digest);
  } else {
    store_.Touch(state);
  }
  if (!is_duplicate) {
    store_.state(state).passed_us = now_us_;
    store_.AppendDuplicate(state);
  }
  key_.resize(size);
  return is_duplicate;
}

bool Reducers::HasChanged(const compile::OnChange& on_change, uint32_t slot, match::Judge& judge,
                          uint32_t* found) {
  const Value value = judge.Evaluate(on_change.of);
  if (IsUndefined(value)) return false;
  const std::string_view raw = judge.Raw(on_change.of);
  if (value.is_container() && raw.empty()) return false;  // nothing is known of it
  State::Watched watched = State::kNumber;
  uint64_t bits = 0;
  if (value.is_number()) {
    bits = std::bit_cast<uint64_t>(value.number());
  } else {
    watched = State::kOther;
    value_.clear();
    AppendKeyValue(store_.hash_key(), value, raw, &value_);
    bits = Hash(store_.hash_key(), value_);
  }

  *found = FindOrInsert(slot);
  State& state = store_.state(*found);
  bool passes = state.watched != watched;  // the first, too
  if (!passes) {
    passes = watched == State::kNumber
                 ? Differs(on_change, std::bit_cast<double>(state.watched_value), value.number())
                 : state.watched_value != bits;
  }
  if (!passes && on_change.max_silence_us > 0)
    passes = now_us_ - state.passed_us >= on_change.max_silence_us;
  if (!passes) return false;
  state.watched = watched;
  state.watched_value = bits;
  state.passed_us = now_us_;
  return true;
}

const WindowResult* Reducers::NextClosed() {
  if (windows_.empty()) return nullptr;
  MakeRoom();
  return windows_.Next(now_us_);
}

void Reducers::Adopt(Reducers& old) {
  assert(!old.has_closed());
  now_us_ = old.now_us_;
  evictions_ = old.evictions_;
  windows_.set_lost(old.windows_.lost());
  TakeStore(std::move(old.store_));
}

void Reducers::Load(StateStore store, int64_t now_us) {
  now_us_ = now_us;
  TakeStore(std::move(store));
}

void Reducers::TakeStore(StateStore store) {
  store_ = std::move(store);
  store_.set_max_bytes(program_.max_state());
  Bind();
  likely_slot_ = kNoIndex;
  std::vector<uint32_t> kept;
  for (const uint32_t slot : slots_) {
    if (slot != kNoIndex) kept.push_back(slot);
  }
  store_.Retain(kept);
}

}  // namespace sluice::reduce
