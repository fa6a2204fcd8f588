// Judges messages by a program: by its index, or plainly, one rule after the other, which makes it
// the oracle of the index.
//
// For one thread. Allocates only to grow: a judge that has seen its program's worst message
// allocates nothing more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/message_view.h"
#include "filters/match/rule_finder.h"
#include "filters/match/verdict.h"

namespace sluice::match {

class Judge {
 public:
  enum class Method : uint8_t {
    kIndexed,  // only rules that the program's index cannot rule out
    kPlain,    // every rule, one after the other: the oracle
  };

  explicit Judge(std::shared_ptr<const compile::Program> program, Method method = Method::kIndexed);
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // The verdict and all it views live until the next call; `message` must live as long.
  const Verdict& Run(const language::MessageView& message);

  const compile::Program& program() const { return *program_; }
  // What is known of the last message's body; kUnread if no rule asked.
  language::BodyReader::State body_state() const { return body_.state(); }

 private:
  enum class Outcome : uint8_t { kNoMatch, kMatch, kBodyError };
  // A delivery being put together; its spans would not survive the vectors' growth.
  struct Draft {
    uint16_t output;
    uint16_t shape;
    uint8_t priority;
    uint32_t rules_end;
    uint32_t set_end;
  };

  Outcome JudgeRule(const compile::Rule& rule);
  Outcome JudgeWithoutBody(const language::Expression& where);
  uint8_t PossibleTruths(const language::Expression& where, language::NodeId node);
  void CollectMatches();
  bool AddMatches(uint32_t begin, uint32_t end, bool body_read);
  void AddMatchesPlainly(uint32_t begin);
  void AddMatchesOfBadBody(uint32_t begin);
  bool Add(uint16_t rule, Outcome outcome);
  bool TakesTopic(const compile::Rule& rule) const;
  void ResolveSets();
  void DraftDeliveries();
  void DraftDelivery(uint16_t output, uint16_t shape);
  void AddSet(uint32_t match, uint32_t set_start);
  void Publish();

  std::shared_ptr<const compile::Program> program_;
  const Method method_;
  language::BodyReader body_;
  language::Evaluator evaluator_;
  RuleFinder finder_;
  const language::MessageView* message_ = nullptr;
  std::vector<std::string_view> levels_;
  std::vector<uint16_t> matches_;
  std::vector<uint16_t> errors_;
  std::vector<SetProperty> resolved_;          // by match, one behind the other
  std::vector<uint32_t> resolved_ends_;        // of each match, into resolved_
  std::vector<language::NumberText> numbers_;  // one for each set field of the program
  std::vector<Draft> drafts_;
  std::vector<uint16_t> delivery_rules_;
  std::vector<SetProperty> delivery_sets_;
  std::vector<Delivery> deliveries_;
  Verdict verdict_;
};

}  // namespace sluice::match
