#include "filters/reduce/rule_engine.h"

#include <string_view>
#include <utility>

namespace sluice::reduce {

using language::BodyReader;
using match::DropReason;
using match::Verdict;

RuleEngine::RuleEngine(std::shared_ptr<const compile::Program> program, HashKey key)
    : judge_(std::move(program)), reducers_(judge_.program(), key) {}

// Where reducers were needed for the last message, their states are fetched while this one is
// judged.
std::span<const uint16_t> RuleEngine::Find(const language::MessageView& message) {
  is_started_ = was_started_;
  if (!was_started_) return judge_.Find(message);
  reducers_.Start(message);
  reducers_.Prefetch();
  const std::span<const uint16_t> matches = judge_.Find(message);
  reducers_.PrefetchState();
  return matches;
}

const Verdict& RuleEngine::Run(const language::MessageView& message) {
  held_.clear();
  if (reducers_.empty()) return judge_.Run(message);
  reducers_.Advance(message.time_us);
  const std::span<const uint16_t> matches = Find(message);

  passed_.clear();
  errors_.clear();
  bool reduced = false;
  for (const uint16_t rule : matches) {
    const compile::Reduction* const reduction = program().rules()[rule].reduction.get();
    if (reduction == nullptr) {
      passed_.push_back(rule);
      continue;
    }
    if (!is_started_) reducers_.Start(message);
    is_started_ = true;
    reduced = true;
    const DropReason reason = reducers_.Hold(rule, judge_);
    if (reason == DropReason::kNone) {
      passed_.push_back(rule);
    } else {
      held_.push_back({rule, reason});
    }
    const BodyReader::State body = judge_.body_state();
    if (reduction->reads_body &&
        (body == BodyReader::State::kBad || body == BodyReader::State::kLimit))
      errors_.push_back(rule);
  }

  was_started_ = reduced;
  verdict_ = judge_.Draft(passed_);
  if (verdict_.reason == DropReason::kRule && !held_.empty())
    verdict_.reason = held_.front().reason;
  if (!errors_.empty()) {
    errors_.insert(errors_.end(), verdict_.errors.begin(), verdict_.errors.end());
    verdict_.errors = errors_;
  }
  return verdict_;
}

std::vector<RuleEngine::Explained> RuleEngine::Explain(const language::MessageView& message) {
  std::vector<Explained> explained;
  if (reducers_.empty()) return explained;
  reducers_.Advance(message.time_us);
  const std::span<const uint16_t> matches = judge_.Find(message);
  reducers_.Start(message);
  for (const uint16_t rule : matches) {
    if (program().rules()[rule].reduction)
      explained.push_back({rule, reducers_.Explain(rule, judge_)});
  }
  return explained;
}

const ClosedWindow* RuleEngine::NextClosed() {
  const WindowResult* const result = reducers_.NextClosed();
  if (result == nullptr) return nullptr;
  closed_.rule = result->rule;
  closed_.from_us = result->from_us;
  closed_.to_us = result->to_us;
  language::MessageView& message = closed_.message;
  message = {};
  message.device = result->device;
  message.topic = result->topic;
  message.payload = result->body;
  message.content_type = "application/json";
  message.content_encoding = "utf-8";
  message.format = language::ParseBodyFormat(message.content_type, message.content_encoding);
  message.time_us = result->to_us;
  judge_.Start(message);
  closed_.verdict = &judge_.Draft({&closed_.rule, 1});
  return &closed_;
}

}  // namespace sluice::reduce
