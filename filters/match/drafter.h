// The messages that matches ask for: equal output and shape are one, with what `set` gives each.
//
// For one thread. Allocates only to grow.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/message_view.h"
#include "filters/match/verdict.h"

namespace sluice::match {

class Drafter {
 public:
  // All outlive the drafter.
  Drafter(const compile::Program& program, language::BodyReader& body,
          language::Evaluator& evaluator);
  Drafter(const Drafter&) = delete;
  Drafter& operator=(const Drafter&) = delete;

  // `passed`, in order, are the rules that send the message: those of `matches` that no reducer
  // holds. The evaluator has been started for `message`. The verdict and all it views live until
  // the next call, the spans given as long.
  const Verdict& Draft(const language::MessageView& message, std::span<const uint16_t> matches,
                       std::span<const uint16_t> errors, std::span<const uint16_t> passed);

 private:
  // A delivery being put together; its spans would not survive the vectors' growth.
  struct Delivering {
    uint16_t output;
    uint16_t shape;
    uint8_t priority;
    uint32_t rules_end;
    uint32_t set_end;
  };

  void ResolveSets(const language::MessageView& message);
  void DraftDeliveries();
  void DraftDelivery(uint16_t output, uint16_t shape);
  void AddSet(uint32_t index, uint32_t set_start);
  void Publish(bool untaken);

  const compile::Program& program_;
  language::BodyReader& body_;
  language::Evaluator& evaluator_;
  std::span<const uint16_t> passed_;
  std::vector<SetProperty> resolved_;          // by rule that passed, one behind the other
  std::vector<uint32_t> resolved_ends_;        // of each, into resolved_
  std::vector<language::NumberText> numbers_;  // one for each set field of the program
  std::vector<Delivering> drafts_;
  std::vector<uint16_t> delivery_rules_;
  std::vector<SetProperty> delivery_sets_;
  std::vector<Delivery> deliveries_;
  Verdict verdict_;
};

}  // namespace sluice::match
