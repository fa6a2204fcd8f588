#include "filters/reduce/state_file.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "filters/json/utf8.h"
#include "filters/reduce/stream_key.h"

namespace sluice::reduce {

using compile::Reduction;
using Kept = Accumulator::Kept;

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "sluice reducers\n";
constexpr uint32_t kVersion = 1;
constexpr uint8_t kWorker = 1;
// Against damage, not against whoever may write the file.
constexpr HashKey kDigestKey{0x736c75696365, kVersion};
constexpr size_t kDigestBytes = sizeof(Digest);
constexpr uint32_t kMaxKey = 1 << 20;
constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min() / 2;

template <typename T>
void Put(T value, std::string* to) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutText(std::string_view text, std::string* to) {
  Put(static_cast<uint32_t>(text.size()), to);
  to->append(text);
}

uint32_t BitsOf(const State& state) {
  return state.watched | state.is_duplicate << 2 | state.sampled << 3;
}

void PutWindow(const OpenWindow& window, std::string* to) {
  Put(window.from_us, to);
  Put(window.to_us, to);
  Put(static_cast<uint32_t>(window.values.size()), to);
  for (const Accumulator& value : window.values) {
    Put(value.count, to);
    Put(value.number, to);
    Put(value.spread, to);
    Put(static_cast<uint8_t>(value.kept), to);
    PutText(value.text, to);
  }
}

void PutState(const StateStore& store, uint32_t index, uint32_t rule, bool only_windows,
              std::string* to) {
  State state;
  state.window = store.state(index).window;
  if (!only_windows) state = store.state(index);
  Put(rule, to);
  PutText(store.key(index), to);
  Put(state.watched_value, to);
  Put(state.passed_us, to);
  Put(state.rate_used, to);
  Put(state.rate_us, to);
  Put(BitsOf(state), to);
  Put(static_cast<uint8_t>(state.window != kNoIndex), to);
  if (state.window != kNoIndex) PutWindow(store.window(state.window), to);
}

// Takes bytes from the front; once there are too few, is_bad() for ever.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    const std::string_view bytes = TakeBytes(sizeof value);
    if (!bad_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view TakeBytes(size_t size) {
    if (bad_ || size > left_.size()) {
      bad_ = true;
      return {};
    }
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    return bytes;
  }
  std::string_view TakeText(uint32_t max) {
    const auto size = Take<uint32_t>();
    if (size > max) bad_ = true;
    return TakeBytes(size);
  }

  bool is_bad() const { return bad_; }
  void Fail() { bad_ = true; }
  bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool bad_ = false;
};

// One state as read, before anybody has it.
struct LoadedState {
  std::string_view key;
  std::string_view device;
  State state;
  std::optional<OpenWindow> window;
};

class Loader {
 public:
  Loader(std::string_view bytes, int64_t now_us, const std::function<bool(std::string_view)>& takes,
         const compile::Program& program)
      : cursor_(bytes), now_us_(now_us), takes_(takes) {
    for (const compile::Rule& rule : program.rules()) {
      if (rule.reduction) reductions_.emplace(rule.reduction->definition, rule.reduction.get());
    }
  }

  // Into `store`, which is empty. False: the bytes are no such file.
  bool Load(StateStore* store) {
    while (!cursor_.empty() && !cursor_.is_bad()) {
      if (cursor_.Take<uint8_t>() != kWorker) return false;
      LoadWorker(store);
    }
    if (cursor_.is_bad()) return false;
    // A rule's windows are kept in the order of their ends.
    std::stable_sort(windows_.begin(), windows_.end(),
                     [](const auto& a, const auto& b) { return a.second.to_us < b.second.to_us; });
    for (auto& [state, window] : windows_) Open(state, std::move(window), store);
    return true;
  }

 private:
  struct KnownRule {
    const Reduction* reduction = nullptr;  // null: it is gone, or not what it was
    uint32_t slot = kNoIndex;
  };

  void LoadWorker(StateStore* store) {
    std::vector<KnownRule> rules;
    const auto count = cursor_.Take<uint32_t>();
    for (uint32_t i = 0; i < count && !cursor_.is_bad(); ++i)
      rules.push_back(Find(cursor_.TakeText(UINT32_MAX), store));
    const auto states = cursor_.Take<uint64_t>();
    for (uint64_t i = 0; i < states && !cursor_.is_bad(); ++i) {
      const auto rule = cursor_.Take<uint32_t>();
      LoadedState loaded = TakeState();
      if (rule >= rules.size()) cursor_.Fail();
      if (cursor_.is_bad()) return;
      const KnownRule& known = rules[rule];
      if (known.reduction == nullptr || !takes_(loaded.device)) continue;
      Insert(*known.reduction, known.slot, std::move(loaded), store);
    }
  }

  KnownRule Find(std::string_view definition, StateStore* store) const {
    const auto found = reductions_.find(definition);
    if (found == reductions_.end()) return {};
    return {found->second, store->SlotOf(definition)};
  }

  LoadedState TakeState() {
    LoadedState loaded;
    loaded.key = cursor_.TakeText(kMaxKey);
    const std::optional<StreamKey> stream = ParseKey(loaded.key);
    if (!stream) cursor_.Fail();
    if (stream) loaded.device = stream->device;
    State& state = loaded.state;
    state.watched_value = cursor_.Take<uint64_t>();
    state.passed_us = TakeTime();
    state.rate_used = cursor_.Take<int64_t>();
    state.rate_us = TakeTime();
    const auto bits = cursor_.Take<uint32_t>();
    state.watched = bits & 3;
    state.is_duplicate = bits >> 2 & 1;
    state.sampled = bits >> 3;
    if (state.watched > State::kOther) cursor_.Fail();
    if (state.watched == State::kNumber && std::isnan(std::bit_cast<double>(state.watched_value)))
      cursor_.Fail();
    const auto has_window = cursor_.Take<uint8_t>();
    if (has_window > 1 || (has_window == 1 && state.is_duplicate)) cursor_.Fail();
    if (has_window == 1) loaded.window = TakeWindow();
    return loaded;
  }

  // None is later than now, nor so early that a difference would overflow.
  int64_t TakeTime() {
    return std::clamp(cursor_.Take<int64_t>(), std::min<int64_t>(0, now_us_), now_us_);
  }

  OpenWindow TakeWindow() {
    OpenWindow window;
    window.from_us = cursor_.Take<int64_t>();
    window.to_us = cursor_.Take<int64_t>();
    if (window.to_us < kEarliest) cursor_.Fail();
    const auto values = cursor_.Take<uint32_t>();
    for (uint32_t i = 0; i < values && !cursor_.is_bad(); ++i) {
      Accumulator& value = window.values.emplace_back();
      value.count = cursor_.Take<uint64_t>();
      value.number = cursor_.Take<double>();
      value.spread = cursor_.Take<double>();
      const auto kept = cursor_.Take<uint8_t>();
      if (kept > static_cast<uint8_t>(Kept::kText)) cursor_.Fail();
      value.kept = static_cast<Kept>(kept);
      value.text = cursor_.TakeText(kMaxKeptText);
      if (!json::IsUtf8(value.text)) cursor_.Fail();
    }
    return window;
  }

  // What the file says must be what this rule's reducers could have written.
  void Insert(const Reduction& reduction, uint32_t slot, LoadedState loaded, StateStore* store) {
    State& from = loaded.state;
    if (reduction.rate)
      from.rate_used = std::clamp<int64_t>(from.rate_used, 0,
                                           reduction.rate->messages * reduction.rate->period_us);
    if (reduction.sample > 0 && from.sampled >= reduction.sample) from.sampled = 0;
    const Digest digest = DigestOf(store->hash_key(), loaded.key);
    if ((loaded.window && !FitsRule(reduction, *loaded.window)) ||
        (from.is_duplicate && reduction.dedup_us == 0) || store->Find(slot, digest) != kNoIndex)
      return cursor_.Fail();
    const uint32_t index = store->Insert(slot, loaded.key, digest);
    State& state = store->state(index);
    state.watched_value = from.watched_value;
    state.passed_us = from.passed_us;
    state.rate_used = from.rate_used;
    state.rate_us = from.rate_us;
    state.watched = from.watched;
    state.sampled = from.sampled;
    if (from.is_duplicate) store->AppendDuplicate(index);
    if (!loaded.window) return;
    OpenWindow& window = *loaded.window;
    if (window.from_us > now_us_) {  // the clock has been set back: it is the window of now
      const int64_t every_us = reduction.window->every_us;
      window.from_us = FloorTo(now_us_, every_us);
      window.to_us = window.from_us + every_us;
    }
    windows_.emplace_back(index, std::move(window));
  }

  static bool FitsRule(const Reduction& reduction, const OpenWindow& window) {
    return reduction.window && window.values.size() == reduction.window->aggregates.size() &&
           window.from_us % reduction.window->every_us == 0 &&
           window.from_us <= window.to_us - reduction.window->every_us &&
           window.to_us == window.from_us + reduction.window->every_us;
  }

  static void Open(uint32_t state, OpenWindow loaded, StateStore* store) {
    OpenWindow& window = store->Open(state, loaded.values.size(), loaded.from_us, loaded.to_us);
    window.values = std::move(loaded.values);
    uint64_t text_bytes = 0;
    for (const Accumulator& value : window.values) text_bytes += value.text.capacity();
    store->SetTextBytes(store->state(state).window, text_bytes);
  }

  Cursor cursor_;
  const int64_t now_us_;
  const std::function<bool(std::string_view)>& takes_;
  std::unordered_map<std::string_view, const Reduction*> reductions_;  // by definition
  std::vector<std::pair<uint32_t, OpenWindow>> windows_;               // and their states
};

}  // namespace

StateFileWriter::StateFileWriter(const HashKey& key, bool only_windows)
    : only_windows_(only_windows), bytes_(kMagic) {
  Put(kVersion, &bytes_);
  Put(key, &bytes_);
}

void StateFileWriter::Add(const Reducers& reducers) {
  const StateStore& store = reducers.store();
  Put(kWorker, &bytes_);
  std::vector<uint32_t> rules(store.slots(), kNoIndex);  // by slot
  uint32_t count = 0;
  const size_t count_at = bytes_.size();
  Put(count, &bytes_);
  for (uint32_t i = 0; i < store.slots(); ++i) {
    if (store.slot(i).states == 0) continue;
    rules[i] = count++;
    PutText(store.slot(i).definition, &bytes_);
  }
  std::memcpy(&bytes_[count_at], &count, sizeof count);
  const size_t states_at = bytes_.size();
  uint64_t states = 0;
  Put(states, &bytes_);
  for (uint32_t i = store.First(); i != kNoIndex; i = store.Next(i)) {
    if (only_windows_ && store.state(i).window == kNoIndex) continue;
    PutState(store, i, rules[store.state(i).slot], only_windows_, &bytes_);
    ++states;
  }
  std::memcpy(&bytes_[states_at], &states, sizeof states);
}

std::string StateFileWriter::Finish() {
  Put(DigestOf(kDigestKey, bytes_), &bytes_);
  return std::move(bytes_);
}

absl::Status ReadStateFile(std::string_view bytes, int64_t now_us,
                           const std::function<bool(std::string_view device)>& takes,
                           Reducers* reducers) {
  if (!bytes.starts_with(kMagic)) return absl::InvalidArgumentError("no file of reducers' states");
  Cursor cursor(bytes.substr(kMagic.size()));
  if (cursor.Take<uint32_t>() != kVersion)
    return absl::InvalidArgumentError("of another version of sluice");
  const auto key = cursor.Take<HashKey>();
  const size_t header = kMagic.size() + sizeof kVersion + sizeof key;
  if (cursor.is_bad() || bytes.size() < header + kDigestBytes)
    return absl::DataLossError("cut off");
  Digest digest;
  std::memcpy(&digest, &bytes[bytes.size() - kDigestBytes], kDigestBytes);
  bytes.remove_suffix(kDigestBytes);
  if (DigestOf(kDigestKey, bytes) != digest) return absl::DataLossError("damaged");

  StateStore store(key, reducers->store().max_bytes());
  Loader loader(bytes.substr(header), now_us, takes, reducers->program());
  if (!loader.Load(&store)) return absl::DataLossError("malformed");
  reducers->Load(std::move(store), now_us);
  return absl::OkStatus();
}

}  // namespace sluice::reduce
