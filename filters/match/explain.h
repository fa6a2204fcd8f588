// Why each rule did or did not match one message: for people, never on a message's way.
//
// Judges with the plain evaluator, rule by rule and predicate by predicate, and so says nothing
// about how a faster judge came to the same verdict. All answers own their text, which is safe to
// print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/message_view.h"
#include "filters/language/source_span.h"

namespace sluice::match {

// What a reference (`$body.temperature`) or a property that `set` writes came to.
struct ExplainedValue {
  std::string text;
  std::string value;   // "81.5", "'C'", "undefined"
  std::string reason;  // of an undefined one; never empty there
};

// A part of a condition that AND, OR and NOT combine.
struct ExplainedPredicate {
  std::string text;
  language::Truth value = language::Truth::kUndefined;
  std::string reason;         // of an undefined one; never empty there
  language::SourceSpan span;  // in ExplainedRule::condition
  bool decided = false;       // the condition came out as it did because of this one
  std::vector<ExplainedValue> operands;
};

struct ExplainedRule {
  enum class Outcome : uint8_t {
    kMatched,
    kNotMatched,
    kBodyError,   // the body should be JSON and is not, and the rule needs it: it does not match
    kNotReached,  // an earlier rule ended judging
  };

  Outcome outcome = Outcome::kNotMatched;
  std::string reason;  // unless it matched: why, in a few words

  std::string from;                // as written; empty: every topic
  bool from_matches = true;        // meaningless where the rule was not reached, as is all below
  std::string from_reason;         // where it does not
  language::SourceSpan from_span;  // the part of `from` at fault
  std::string condition;           // as written; empty: always
  std::optional<language::Truth> where;  // none: there is no condition, or the topic did not match
  std::vector<ExplainedPredicate> predicates;
  std::vector<ExplainedValue> set;  // of a rule that matched

  bool matched() const { return outcome == Outcome::kMatched; }
};

// "true", "false" or "undefined".
std::string_view TruthText(language::Truth truth);

// For one thread.
class Explainer {
 public:
  // `spec` is what `program` was compiled from, and is copied as far as needed.
  Explainer(std::shared_ptr<const compile::Program> program, const compile::RuleSetSpec& spec);

  // One answer for each rule, in order.
  std::vector<ExplainedRule> Explain(const language::MessageView& message);

 private:
  struct Source {
    std::string from;
    std::unique_ptr<language::SourceText> condition;  // null: none
  };

  void ExplainRule(size_t index, ExplainedRule* explained);
  void ExplainFrom(const compile::Rule& rule, ExplainedRule* explained);
  void ExplainSet(const compile::Rule& rule, ExplainedRule* explained);

  std::shared_ptr<const compile::Program> program_;
  std::vector<Source> sources_;
  language::BodyReader body_;
  language::Evaluator evaluator_;
  language::EvaluationInput input_;  // of the message at hand
  std::vector<std::string_view> levels_;
};

}  // namespace sluice::match
