#include "filters/reduce/reducers.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>

#include "filters/json/utf8.h"
#include "filters/utc/rfc3339.h"

namespace sluice::reduce {

using compile::Reduction;
using compile::Rule;
using language::Value;
using match::DropReason;

namespace {

// Longer texts stand as hashes in keys.
constexpr size_t kMaxKeyText = 64;

void AppendBytes(const void* bytes, size_t size, std::string* to) {
  to->append(static_cast<const char*>(bytes), size);
}

template <typename T>
void AppendPlain(T value, std::string* to) {
  AppendBytes(&value, sizeof value, to);
}

// A key: sizes of device and topic, both, then values.
struct StreamSizes {
  uint32_t device = 0;
  uint32_t topic = 0;
};

bool IsUndefined(const Value& value) {
  return value.is_undefined() ||
         (value.kind() == Value::Kind::kNull && value.reason() == language::Reason::kMemberMissing);
}

// Of two numbers, with `by` as written.
bool Differs(const compile::OnChange& on_change, double last, double value) {
  if (value == last) return false;
  const double distance = std::abs(value - last);
  return on_change.by_percent ? distance * 100 >= std::abs(last) * on_change.by
                              : distance >= on_change.by;
}

// Whether the bucket has room for one more. Levels are in messages times microseconds: one message
// is period_us of them, and `messages` of them run out a microsecond, so that nothing is rounded.
bool TakeFrom(const compile::Rate& rate, int64_t now_us, State* state) {
  const int64_t passed_us = std::max<int64_t>(0, now_us - state->rate_us);
  state->rate_used = passed_us >= rate.period_us
                         ? 0
                         : std::max<int64_t>(0, state->rate_used - passed_us * rate.messages);
  state->rate_us = now_us;
  if (state->rate_used + rate.period_us > rate.messages * rate.period_us) return false;
  state->rate_used += rate.period_us;
  return true;
}

uint64_t BytesOf(const WindowResult& window) {
  return sizeof window + window.device.capacity() + window.topic.capacity() +
         window.body.capacity();
}

}  // namespace

int64_t FloorTo(int64_t time_us, int64_t every_us) {
  const int64_t into = time_us % every_us;
  return time_us - (into < 0 ? into + every_us : into);
}

std::optional<std::string_view> DeviceOfKey(std::string_view key) {
  StreamSizes sizes;
  if (key.size() < sizeof sizes) return std::nullopt;
  std::memcpy(&sizes, key.data(), sizeof sizes);
  key.remove_prefix(sizeof sizes);
  if (uint64_t{sizes.device} + sizes.topic > key.size()) return std::nullopt;
  if (!json::IsUtf8(key.substr(0, sizes.device + sizes.topic))) return std::nullopt;
  return key.substr(0, sizes.device);
}

Reducers::Reducers(const compile::Program& program, HashKey key)
    : program_(program), store_(key, program.max_state()) {
  Bind();
}

void Reducers::Bind() {
  const std::vector<Rule>& rules = program_.rules();
  slots_.assign(rules.size(), kNoIndex);
  window_rules_.clear();
  for (size_t i = 0; i < rules.size(); ++i) {
    const Reduction* const reduction = rules[i].reduction.get();
    if (reduction == nullptr) continue;
    any_ = true;
    slots_[i] = store_.SlotOf(reduction->definition);
    if (slots_[i] >= rules_.size()) rules_.resize(slots_[i] + 1);
    rules_[slots_[i]] = static_cast<uint16_t>(i);
    if (reduction->window) window_rules_.push_back(static_cast<uint16_t>(i));
  }
}

void Reducers::Start(const language::MessageView& message) {
  payload_ = message.payload;
  key_.clear();
  AppendPlain(StreamSizes{static_cast<uint32_t>(message.device.size()),
                          static_cast<uint32_t>(message.topic.size())},
              &key_);
  key_.append(message.device).append(message.topic);
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
  AddToWindow(*reduction.window, state, judge);
  return DropReason::kWindow;
}

void Reducers::MakeKey(const Reduction& reduction, match::Judge& judge) {
  key_.resize(stream_size_);
  digest_ = stream_digest_;
  if (reduction.per.empty()) return;
  for (const language::Expression& expression : reduction.per) {
    const Value value = judge.Evaluate(expression);
    AppendValue(value, judge.Raw(expression));
    key_.append(value_);
  }
  digest_ = DigestOf(store_.hash_key(), key_);
}

// Writes into value_ what no other value writes, and what no longer one begins with.
void Reducers::AppendValue(const Value& value, std::string_view raw) {
  value_.clear();
  const Value::Kind kind = IsUndefined(value) ? Value::Kind::kUndefined : value.kind();
  value_.push_back(static_cast<char>(kind));
  std::string_view text = raw;
  switch (kind) {
    case Value::Kind::kBool:
      return value_.push_back(value.bool_value() ? 1 : 0);
    case Value::Kind::kNumber:
      return AppendPlain(value.number() == 0 ? 0.0 : value.number(), &value_);  // -0 is 0
    case Value::Kind::kString:
      text = value.string();
      break;
    case Value::Kind::kObject:
    case Value::Kind::kArray:
      break;
    default:
      return;
  }
  AppendPlain(static_cast<uint32_t>(text.size()), &value_);
  if (text.size() <= kMaxKeyText) {
    value_.append(text);
  } else {
    AppendPlain(DigestOf(store_.hash_key(), text), &value_);
  }
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
    if (store_.state(oldest).window != kNoIndex) Detach(oldest);
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
    AppendValue(value, raw);
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

void Reducers::AddToWindow(const compile::Window& spec, uint32_t state, match::Judge& judge) {
  uint32_t window = store_.state(state).window;
  if (window != kNoIndex && store_.window(window).to_us <= now_us_) {
    Detach(state);
    window = kNoIndex;
  }
  if (window == kNoIndex) {
    const int64_t from_us = FloorTo(now_us_, spec.every_us);
    const int64_t to_us = from_us + spec.every_us;
    store_.Open(state, spec.aggregates.size(), from_us, to_us);
    next_close_us_ = std::min(next_close_us_, to_us);
    window = store_.state(state).window;
  }
  uint64_t text_bytes = 0;
  for (size_t i = 0; i < spec.aggregates.size(); ++i) {
    const compile::Aggregate& aggregate = spec.aggregates[i];
    const Value value = aggregate.argument ? judge.Evaluate(*aggregate.argument) : Value();
    Accumulator& into = store_.window(window).values[i];
    Accumulate(aggregate, value, &into);
    text_bytes += into.text.capacity();
  }
  store_.SetTextBytes(window, text_bytes);
}

void Reducers::CloseInto(uint32_t index, WindowResult* result) {
  const State& state = store_.state(index);
  const OpenWindow& window = store_.window(state.window);
  result->rule = rules_[state.slot];
  StreamSizes sizes;
  const std::string_view key = store_.key(index);
  std::memcpy(&sizes, key.data(), sizeof sizes);
  result->device = key.substr(sizeof sizes, sizes.device);
  result->topic = key.substr(sizeof sizes + sizes.device, sizes.topic);
  result->from_us = window.from_us;
  result->to_us = window.to_us;

  const compile::Window& spec = *program_.rules()[result->rule].reduction->window;
  std::string& body = result->body;
  body = "{\"from\":\"";
  utc::AppendRfc3339(window.from_us, &body);
  body += "\",\"to\":\"";
  utc::AppendRfc3339(window.to_us, &body);
  body += '"';
  for (size_t i = 0; i < spec.aggregates.size(); ++i)
    AppendResult(spec.aggregates[i], window.values[i], &body);
  body += '}';
  const size_t size = body.size();
  body.resize(size + language::kPayloadSlack);
  body.resize(size);
  store_.Close(index);
}

// Whoever asks for windows may be kept from it for long, by outputs without room: what waits is
// bounded as states are.
void Reducers::Detach(uint32_t state) {
  CloseInto(state, &detached_.emplace_back());
  detached_bytes_ += BytesOf(detached_.back());
  while (detached_bytes_ > program_.max_state() && detached_.size() > 1) {
    detached_bytes_ -= BytesOf(detached_.front());
    detached_.pop_front();
    ++windows_lost_;
  }
}

// The slots whose windows are over, in due_; none: next_close_us_ is right again.
bool Reducers::CollectDue() {
  if (now_us_ < next_close_us_) return false;
  next_close_us_ = kNever;
  for (const uint16_t rule : window_rules_) {
    const uint32_t first = store_.slot(slots_[rule]).open.first;
    if (first == kNoIndex) continue;
    const int64_t to_us = store_.window(store_.state(first).window).to_us;
    if (to_us <= now_us_) due_.emplace_back(to_us, rule);
    next_close_us_ = std::min(next_close_us_, to_us);
  }
  std::sort(due_.begin(), due_.end(), std::greater<>());
  return !due_.empty();
}

const WindowResult* Reducers::NextClosed() {
  if (window_rules_.empty()) return nullptr;
  MakeRoom();
  if (!detached_.empty()) {
    detached_bytes_ -= BytesOf(detached_.front());
    closed_ = std::move(detached_.front());
    detached_.pop_front();
    return &closed_;
  }
  while (!due_.empty() || CollectDue()) {
    const auto [to_us, rule] = due_.back();
    const uint32_t first = store_.slot(slots_[rule]).open.first;
    if (first != kNoIndex && store_.window(store_.state(first).window).to_us == to_us) {
      CloseInto(first, &closed_);
      return &closed_;
    }
    due_.pop_back();
  }
  return nullptr;
}

void Reducers::CloseChanged(const compile::Program& next) {
  std::vector<std::string_view> kept;
  for (const Rule& rule : next.rules()) {
    if (rule.reduction) kept.push_back(rule.reduction->definition);
  }
  std::sort(kept.begin(), kept.end());
  for (const uint16_t rule : window_rules_) {
    const std::string& definition = program_.rules()[rule].reduction->definition;
    if (std::binary_search(kept.begin(), kept.end(), definition)) continue;
    const StateList& open = store_.slot(slots_[rule]).open;
    while (open.first != kNoIndex) Detach(open.first);
  }
}

void Reducers::Adopt(Reducers& old) {
  assert(old.detached_.empty());
  now_us_ = old.now_us_;
  evictions_ = old.evictions_;
  windows_lost_ = old.windows_lost_;
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
  next_close_us_ = window_rules_.empty() ? kNever : std::numeric_limits<int64_t>::min();
}

}  // namespace sluice::reduce
