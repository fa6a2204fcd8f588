#include "filters/reduce/windows.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <optional>
#include <string_view>

#include "filters/language/message_view.h"
#include "filters/reduce/stream_key.h"
#include "filters/utc/rfc3339.h"

namespace sluice::reduce {

using compile::Rule;
using language::Value;

namespace {

uint64_t BytesOf(const WindowResult& window) {
  return sizeof window + window.device.capacity() + window.topic.capacity() +
         window.body.capacity();
}

}  // namespace

int64_t FloorTo(int64_t time_us, int64_t every_us) {
  const int64_t into = time_us % every_us;
  return time_us - (into < 0 ? into + every_us : into);
}

void Windows::Bind(const std::vector<uint32_t>& slots) {
  slots_ = slots;
  rules_.clear();
  rules_of_slot_.assign(store_.slots(), 0);
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i] == kNoIndex) continue;
    rules_of_slot_[slots[i]] = static_cast<uint16_t>(i);
    if (program_.rules()[i].reduction->window) rules_.push_back(static_cast<uint16_t>(i));
  }
  FindNextClose();
}

void Windows::FindNextClose() {
  next_close_us_ = kNever;
  for (const uint16_t rule : rules_) next_close_us_ = std::min(next_close_us_, FirstEnd(rule));
}

int64_t Windows::FirstEnd(uint16_t rule) const {
  const uint32_t first = store_.slot(slots_[rule]).open.first;
  return first == kNoIndex ? kNever : store_.window(store_.state(first).window).to_us;
}

void Windows::Add(const compile::Window& spec, uint32_t state, int64_t now_us,
                  match::Judge& judge) {
  uint32_t window = store_.state(state).window;
  if (window != kNoIndex && store_.window(window).to_us <= now_us) {
    Detach(state);
    window = kNoIndex;
  }
  if (window == kNoIndex) {
    const int64_t from_us = FloorTo(now_us, spec.every_us);
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

void Windows::CloseInto(uint32_t index, WindowResult* result) {
  const State& state = store_.state(index);
  const OpenWindow& window = store_.window(state.window);
  result->rule = rules_of_slot_[state.slot];
  const std::optional<StreamKey> stream = ParseKey(store_.key(index));
  assert(stream);
  result->device = stream->device;
  result->topic = stream->topic;
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
void Windows::Detach(uint32_t state) {
  CloseInto(state, &detached_.emplace_back());
  detached_bytes_ += BytesOf(detached_.back());
  while (detached_bytes_ > program_.max_state() && detached_.size() > 1) {
    detached_bytes_ -= BytesOf(detached_.front());
    detached_.pop_front();
    ++lost_;
  }
}

// The slots whose windows are over, in due_; none: next_close_us_ is right again.
bool Windows::CollectDue(int64_t now_us) {
  if (now_us < next_close_us_) return false;
  next_close_us_ = kNever;
  for (const uint16_t rule : rules_) {
    const int64_t to_us = FirstEnd(rule);
    if (to_us != kNever && to_us <= now_us) due_.emplace_back(to_us, rule);
    next_close_us_ = std::min(next_close_us_, to_us);
  }
  std::sort(due_.begin(), due_.end(), std::greater<>());
  return !due_.empty();
}

const WindowResult* Windows::Next(int64_t now_us) {
  if (!detached_.empty()) {
    detached_bytes_ -= BytesOf(detached_.front());
    closed_ = std::move(detached_.front());
    detached_.pop_front();
    return &closed_;
  }
  while (!due_.empty() || CollectDue(now_us)) {
    const auto [to_us, rule] = due_.back();
    if (FirstEnd(rule) == to_us) {
      CloseInto(store_.slot(slots_[rule]).open.first, &closed_);
      return &closed_;
    }
    due_.pop_back();
  }
  return nullptr;
}

// They stay in the order of their ends: those that move end last, and together.
void Windows::SetBack(int64_t before_us, int64_t now_us) {
  due_.clear();
  for (const uint16_t rule : rules_) {
    const int64_t every_us = program_.rules()[rule].reduction->window->every_us;
    const int64_t from_us = FloorTo(now_us, every_us);
    while (FirstEnd(rule) < kNever && FirstEnd(rule) <= before_us)
      Detach(store_.slot(slots_[rule]).open.first);
    for (uint32_t state = store_.slot(slots_[rule]).open.first; state != kNoIndex;
         state = store_.NextOfList(state)) {
      OpenWindow& window = store_.window(store_.state(state).window);
      if (window.from_us <= now_us) continue;
      window.from_us = from_us;
      window.to_us = from_us + every_us;
    }
  }
  FindNextClose();
}

void Windows::DetachChanged(const compile::Program& next) {
  std::vector<std::string_view> kept;
  for (const Rule& rule : next.rules()) {
    if (rule.reduction) kept.push_back(rule.reduction->definition);
  }
  std::sort(kept.begin(), kept.end());
  for (const uint16_t rule : rules_) {
    const std::string& definition = program_.rules()[rule].reduction->definition;
    if (std::binary_search(kept.begin(), kept.end(), definition)) continue;
    const StateList& open = store_.slot(slots_[rule]).open;
    while (open.first != kNoIndex) Detach(open.first);
  }
}

}  // namespace sluice::reduce
