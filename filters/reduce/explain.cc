#include "filters/reduce/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string>

#include "filters/json/writer.h"
#include "filters/match/value_text.h"
#include "filters/reduce/decisions.h"
#include "filters/reduce/reducers.h"
#include "filters/reduce/stream_key.h"
#include "filters/utc/rfc3339.h"

namespace sluice::reduce {

using compile::Reduction;
using language::Value;

namespace {

std::string NumberText(double number) { return match::ValueText(Value::Number(number)); }

std::string SecondsJson(int64_t us) { return NumberText(static_cast<double>(us) / 1e6); }

// 250ms, 12.5s, 3m20s, 2h5m.
std::string DurationText(int64_t us) {
  if (us < 1'000'000) return fmt::format("{}ms", NumberText(static_cast<double>(us) / 1e3));
  const int64_t seconds = us / 1'000'000;
  if (seconds < 60)
    return fmt::format("{}s", NumberText(std::round(static_cast<double>(us) / 1e3) / 1e3));
  if (seconds < 3600) {
    return seconds % 60 == 0 ? fmt::format("{}m", seconds / 60)
                             : fmt::format("{}m{}s", seconds / 60, seconds % 60);
  }
  const int64_t minutes = seconds / 60;
  return minutes % 60 == 0 ? fmt::format("{}h", minutes / 60)
                           : fmt::format("{}h{}m", minutes / 60, minutes % 60);
}

std::string TimeText(int64_t time_us) {
  std::string text;
  utc::AppendRfc3339(time_us, &text);
  return text;
}

std::string Json(std::string_view text) {
  std::string json;
  json::AppendString(text, &json);
  return json;
}

// `state`: null where the stream is new.
ExplainedReducer ExplainDedup(const State* state, int64_t period_us, int64_t now_us) {
  ExplainedReducer explained{"dedup", true, "", {{"period_seconds", SecondsJson(period_us)}}};
  if (state == nullptr) {
    explained.reason =
        fmt::format("no such body has passed here in the last {}", DurationText(period_us));
    return explained;
  }
  const int64_t ago_us = now_us - state->passed_us;
  explained.passes = ago_us >= period_us;
  explained.state.emplace_back("passed_seconds_ago", SecondsJson(ago_us));
  explained.reason =
      fmt::format("this body passed here {} ago, {} {}", DurationText(ago_us),
                  explained.passes ? "no less than" : "less than", DurationText(period_us));
  return explained;
}

// What the value is to the last that passed; then whether that is a change.
class ChangeExplainer {
 public:
  ChangeExplainer(const compile::OnChange& on_change, const State* state, int64_t now_us)
      : on_change_(on_change), state_(state), now_us_(now_us) {}

  // `raw` as the judge has it; `hash` is of values that are no number.
  ExplainedReducer Run(const Value& value, std::string_view raw, uint64_t hash);

 private:
  std::string CompareNumber(double value);
  std::string CompareOther(const std::string& value, uint64_t hash);
  std::string By() const;

  const compile::OnChange& on_change_;
  const State* const state_;
  const int64_t now_us_;
  ExplainedReducer explained_{"on_change", true, "", {}};
};

ExplainedReducer ChangeExplainer::Run(const Value& value, std::string_view raw, uint64_t hash) {
  const std::string text = match::ValueText(value);
  if (IsUndefined(value) || (value.is_container() && raw.empty())) {
    explained_.passes = false;
    explained_.reason =
        IsUndefined(value) ? "undefined is held" : text + " that is no part of the body is held";
    return explained_;
  }
  explained_.state.emplace_back("value", value.is_number() ? text : Json(text));
  if (state_ == nullptr || state_->watched == State::kNothing) {
    explained_.reason = fmt::format("{} is the first value here", text);
    return explained_;
  }
  const int64_t ago_us = now_us_ - state_->passed_us;
  explained_.state.emplace_back("passed_seconds_ago", SecondsJson(ago_us));
  explained_.reason = value.is_number() ? CompareNumber(value.number()) : CompareOther(text, hash);
  explained_.reason += fmt::format("; the last passed {} ago", DurationText(ago_us));
  if (on_change_.max_silence_us == 0) return explained_;
  explained_.state.emplace_back("max_silence_seconds", SecondsJson(on_change_.max_silence_us));
  if (explained_.passes) return explained_;
  explained_.passes = ago_us >= on_change_.max_silence_us;
  explained_.reason +=
      fmt::format(", {} max_silence {}", explained_.passes ? "no less than" : "less than",
                  DurationText(on_change_.max_silence_us));
  return explained_;
}

std::string ChangeExplainer::By() const {
  return NumberText(on_change_.by) + (on_change_.by_percent ? "%" : "");
}

std::string ChangeExplainer::CompareNumber(double value) {
  if (state_->watched != State::kNumber)
    return fmt::format("{} is a number, what last passed is none", NumberText(value));
  const double last = std::bit_cast<double>(state_->watched_value);
  const double distance = std::abs(value - last);
  explained_.state.emplace_back("last", NumberText(last));
  if (std::isfinite(distance)) explained_.state.emplace_back("difference", NumberText(distance));
  if (on_change_.by > 0) explained_.state.emplace_back("by", Json(By()));
  explained_.passes = Differs(on_change_, last, value);
  if (value == last) return fmt::format("{} is what last passed", NumberText(value));
  std::string text = fmt::format("{} differs from {}, which last passed, by {}", NumberText(value),
                                 NumberText(last), NumberText(distance));
  if (on_change_.by > 0)
    text += fmt::format(", {} {}", explained_.passes ? "at least" : "less than", By());
  return text;
}

// Of other values, no more than a hash is kept.
std::string ChangeExplainer::CompareOther(const std::string& value, uint64_t hash) {
  if (state_->watched == State::kNumber) {
    const double last = std::bit_cast<double>(state_->watched_value);
    explained_.state.emplace_back("last", NumberText(last));
    return fmt::format("{} is no number, and {} last passed", value, NumberText(last));
  }
  explained_.passes = state_->watched_value != hash;
  return value + (explained_.passes ? " is not what last passed" : " is what last passed");
}

ExplainedReducer ExplainSample(const State* state, uint32_t sample) {
  const uint32_t sampled = state == nullptr ? 0 : state->sampled;
  return {"sample",
          sampled == 0,
          fmt::format("message {} of {}, of which the first passes", sampled + 1, sample),
          {{"position", std::to_string(sampled + 1)}, {"of", std::to_string(sample)}}};
}

ExplainedReducer ExplainRate(const State* state, const compile::Rate& rate, int64_t now_us) {
  State before = state == nullptr ? State() : *state;
  // One more than it holds is asked for by nobody: what is left of the level tells the room.
  State after = before;
  const bool passes = TakeFrom(rate, now_us, &after);
  const int64_t used = after.rate_used - (passes ? rate.period_us : 0);
  const double room = static_cast<double>(rate.messages) -
                      static_cast<double>(used) / static_cast<double>(rate.period_us);
  ExplainedReducer explained{
      "rate",
      passes,
      fmt::format("the bucket of {} has room for {:.3g}", rate.messages, room),
      {{"room", NumberText(std::floor(room * 1000) / 1000)},
       {"bucket", std::to_string(rate.messages)}}};
  if (passes) return explained;
  // Rounded up: then there is room.
  const int64_t missing = used + rate.period_us - rate.messages * rate.period_us;
  const int64_t wait_us = (missing + rate.messages - 1) / rate.messages;
  explained.state.emplace_back("room_in_seconds", SecondsJson(wait_us));
  explained.reason += fmt::format(", for the next one in {}", DurationText(wait_us));
  return explained;
}

ExplainedReducer ExplainWindow(const OpenWindow* open, const compile::Window& spec,
                               int64_t now_us) {
  const int64_t from_us = FloorTo(now_us, spec.every_us);
  const bool is_open = open != nullptr && open->to_us > now_us;
  ExplainedReducer explained{"window", false, "", {}};
  const std::string from = TimeText(is_open ? open->from_us : from_us);
  const std::string to = TimeText(is_open ? open->to_us : from_us + spec.every_us);
  explained.state = {{"from", Json(from)}, {"to", Json(to)}};
  if (!is_open) {
    explained.reason = fmt::format("the first message of the window {} to {}", from, to);
    return explained;
  }
  std::string so_far;
  for (size_t i = 0; i < spec.aggregates.size(); ++i)
    AppendResult(spec.aggregates[i], open->values[i], &so_far);
  so_far = "{" + (so_far.empty() ? so_far : so_far.substr(1)) + "}";
  explained.reason =
      fmt::format("goes into the window {} to {}, so far {}", from, to, match::Printable(so_far));
  explained.state.emplace_back("so_far", std::move(so_far));
  return explained;
}

}  // namespace

ExplainedReduction Reducers::Explain(uint16_t rule, match::Judge& judge) {
  const Reduction& reduction = *program_.rules()[rule].reduction;
  const uint32_t slot = slots_[rule];
  ExplainedReduction explained;
  for (const language::Expression& expression : reduction.per)
    explained.per.push_back(match::ValueText(judge.Evaluate(expression)));
  MakeKey(reduction, judge);
  const auto state_of = [&](const Digest& digest) {
    const uint32_t found = store_.Find(slot, digest);
    return found == kNoIndex ? nullptr : &store_.state(found);
  };
  std::vector<ExplainedReducer>& reducers = explained.reducers;
  const auto holds = [&](ExplainedReducer reducer) {
    reducers.push_back(std::move(reducer));
    return !reducers.back().passes;
  };
  if (reduction.dedup_us > 0) {
    std::string key = key_;
    AppendPlain(DigestOf(store_.hash_key(), payload_), &key);
    const State* const duplicate = state_of(DigestOf(store_.hash_key(), key));
    if (holds(ExplainDedup(duplicate, reduction.dedup_us, now_us_))) return explained;
  }
  const State* const state = state_of(digest_);
  if (reduction.on_change) {
    const language::Expression& of = reduction.on_change->of;
    const Value value = judge.Evaluate(of);
    const std::string_view raw = judge.Raw(of);
    std::string other;
    AppendKeyValue(store_.hash_key(), value, raw, &other);
    if (holds(ChangeExplainer(*reduction.on_change, state, now_us_)
                  .Run(value, raw, Hash(store_.hash_key(), other))))
      return explained;
  }
  if (reduction.sample > 0 && holds(ExplainSample(state, reduction.sample))) return explained;
  if (reduction.rate && holds(ExplainRate(state, *reduction.rate, now_us_))) return explained;
  if (reduction.window) {
    const bool has_window = state != nullptr && state->window != kNoIndex;
    holds(ExplainWindow(has_window ? &store_.window(state->window) : nullptr, *reduction.window,
                        now_us_));
  }
  return explained;
}

}  // namespace sluice::reduce
