// Judges messages by a program: by its index, or plainly, one rule after the other, which makes it
// the oracle of the index.
//
// Run is Find and Draft of all that was found. A stage between the two may hold rules back and
// evaluate expressions of its own on the message: (Run | (Find | Start) Evaluate* Draft)*
//
// For one thread. Allocates only to grow: a judge that has seen its program's worst message
// allocates nothing more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/message_view.h"
#include "filters/language/value.h"
#include "filters/match/drafter.h"
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

  // The rules that match, in order; lives until the next Find or Start.
  std::span<const uint16_t> Find(const language::MessageView& message);
  // The same in two steps: takes a message up, of which no rule has matched yet; judges it.
  void Start(const language::MessageView& message);
  std::span<const uint16_t> Find();
  // Of the message at hand, whose body is read if need be. A string lives until the next call.
  language::Value Evaluate(const language::Expression& expression);
  // As it stands in the body, where the expression is a member of it; else empty.
  std::string_view Raw(const language::Expression& expression) const;
  // The rules that Find found, of which those in `passed` (in order) send the message.
  const Verdict& Draft(std::span<const uint16_t> passed);

  const compile::Program& program() const { return *program_; }
  // What is known of the last message's body; kUnread if no rule asked.
  language::BodyReader::State body_state() const { return body_.state(); }

 private:
  enum class Outcome : uint8_t { kNoMatch, kMatch, kBodyError };

  Outcome JudgeRule(const compile::Rule& rule);
  Outcome JudgeWithoutBody(const language::Expression& where);
  uint8_t PossibleTruths(const language::Expression& where, language::NodeId node);
  void CollectMatches();
  bool AddMatches(uint32_t begin, uint32_t end, bool body_read);
  void AddMatchesPlainly(uint32_t begin);
  void AddMatchesOfBadBody(uint32_t begin);
  bool Add(uint16_t rule, Outcome outcome);
  bool TakesTopic(const compile::Rule& rule);

  std::shared_ptr<const compile::Program> program_;
  const Method method_;
  language::BodyReader body_;
  language::Evaluator evaluator_;
  RuleFinder finder_;
  Drafter drafter_;
  const language::MessageView* message_ = nullptr;
  std::vector<uint16_t> matches_;
  std::vector<uint16_t> errors_;
};

}  // namespace sluice::match
