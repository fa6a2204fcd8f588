#include "filters/match/drafter.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "filters/language/utf8.h"

namespace sluice::match {

using compile::Rule;
using language::BodyReader;
using language::MessageView;

Drafter::Drafter(const compile::Program& program, BodyReader& body, language::Evaluator& evaluator)
    : program_(program), body_(body), evaluator_(evaluator), numbers_(program.set_fields()) {}

const Verdict& Drafter::Draft(const MessageView& message, std::span<const uint16_t> matches,
                              std::span<const uint16_t> errors, std::span<const uint16_t> passed) {
  passed_ = passed;
  drafts_.clear();
  if (!passed.empty()) {
    ResolveSets(message);
    DraftDeliveries();
  }
  Publish(matches.empty() && passed.empty());
  verdict_.rules = matches;
  verdict_.errors = errors;
  return verdict_;
}

// Each rule's values once, however many outputs it has.
void Drafter::ResolveSets(const MessageView& message) {
  resolved_.clear();
  resolved_ends_.clear();
  size_t numbers = 0;
  for (const uint16_t passed : passed_) {
    for (const compile::SetField& field : program_.rules()[passed].set) {
      if (!field.expression) {
        resolved_.push_back({field.name, field.literal});
        continue;
      }
      if (field.expression->reads_body() && body_.state() == BodyReader::State::kUnread)
        body_.Read(message);
      const language::Value value = evaluator_.Evaluate(*field.expression);
      assert(numbers < numbers_.size());
      const std::optional<std::string_view> text =
          language::PropertyText(value, &numbers_[numbers]);
      if (!text) continue;
      ++numbers;
      resolved_.push_back({field.name, *text});
    }
    resolved_ends_.push_back(static_cast<uint32_t>(resolved_.size()));
  }
}

void Drafter::DraftDeliveries() {
  delivery_rules_.clear();
  delivery_sets_.clear();
  for (const uint16_t passed : passed_) {
    const Rule& rule = program_.rules()[passed];
    for (const uint16_t output : rule.outputs) {
      const bool drafted =
          std::any_of(drafts_.begin(), drafts_.end(), [&](const Delivering& draft) {
            return draft.output == output && draft.shape == rule.shape;
          });
      if (!drafted) DraftDelivery(output, rule.shape);
    }
  }
}

void Drafter::DraftDelivery(uint16_t output, uint16_t shape) {
  Delivering draft{output, shape, 9, 0, 0};
  const auto set_start = static_cast<uint32_t>(delivery_sets_.size());
  for (uint32_t i = 0; i < passed_.size(); ++i) {
    const Rule& rule = program_.rules()[passed_[i]];
    if (rule.shape != shape) continue;
    if (std::find(rule.outputs.begin(), rule.outputs.end(), output) == rule.outputs.end()) continue;
    draft.priority = std::min(draft.priority, rule.priority);
    delivery_rules_.push_back(passed_[i]);
    AddSet(i, set_start);
  }
  draft.rules_end = static_cast<uint32_t>(delivery_rules_.size());
  draft.set_end = static_cast<uint32_t>(delivery_sets_.size());
  drafts_.push_back(draft);
}

void Drafter::AddSet(uint32_t index, uint32_t set_start) {
  for (uint32_t i = index == 0 ? 0 : resolved_ends_[index - 1]; i < resolved_ends_[index]; ++i) {
    const SetProperty& property = resolved_[i];
    const bool taken = std::any_of(delivery_sets_.begin() + set_start, delivery_sets_.end(),
                                   [&](const SetProperty& other) {
                                     return language::EqualsIgnoringCase(other.name, property.name);
                                   });
    if (!taken) delivery_sets_.push_back(property);
  }
}

void Drafter::Publish(bool untaken) {
  deliveries_.clear();
  uint32_t rules_start = 0, set_start = 0;
  for (const Delivering& draft : drafts_) {
    Delivery& delivery = deliveries_.emplace_back();
    delivery.output = draft.output;
    delivery.shape = draft.shape;
    delivery.priority = draft.priority;
    delivery.rules = std::span(delivery_rules_).subspan(rules_start, draft.rules_end - rules_start);
    delivery.set = std::span(delivery_sets_).subspan(set_start, draft.set_end - set_start);
    rules_start = draft.rules_end;
    set_start = draft.set_end;
  }
  if (untaken && program_.default_output()) {
    Delivery& delivery = deliveries_.emplace_back();
    delivery.output = *program_.default_output();
    delivery.shape = compile::kUnchanged;
  }
  verdict_.reason = !deliveries_.empty() ? DropReason::kNone
                    : untaken            ? DropReason::kDefault
                                         : DropReason::kRule;
  verdict_.deliveries = deliveries_;
}

}  // namespace sluice::match
