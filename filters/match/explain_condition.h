// One condition on one message, taken apart: what explain.h promises about predicates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"
#include "filters/language/message_view.h"
#include "filters/language/source_span.h"
#include "filters/match/explain.h"

namespace sluice::match {

// For one condition and message. Where the body should be JSON and is not, a predicate that reads
// it could be anything: then the condition is what the other predicates leave of it.
class ConditionExplainer {
 public:
  // All outlive it; the input's body has been read if `expression` reads it. `evaluator` is started
  // anew again and again.
  ConditionExplainer(const language::Expression& expression, const language::SourceText& source,
                     const language::EvaluationInput& input, language::Evaluator& evaluator);

  // Of the whole: undefined, too, where the bad body leaves it open.
  language::Truth Truth() const { return TruthOf(expression_.tree().root_id()); }
  // The bad body leaves open whether it would match.
  bool MightMatch() const;

  std::vector<ExplainedPredicate> Predicates() const;
  // Why this node is undefined (or is no truth): for people, never empty.
  std::string ReasonOf(language::NodeId id) const;
  std::string BodyReason() const;

 private:
  language::Value Evaluate(language::NodeId id) const;
  uint8_t Possible(language::NodeId id) const;
  language::Truth TruthOf(language::NodeId id) const;
  bool LeftOpen(language::NodeId id) const;
  language::NodeId Culprit(language::NodeId id) const;
  void Collect(language::NodeId id, bool decided, std::vector<ExplainedPredicate>* found) const;
  void CollectOperands(language::NodeId id, std::vector<ExplainedValue>* found) const;
  void AddValue(language::NodeId id, std::vector<ExplainedValue>* found) const;
  std::string NotJsonReason() const;

  const language::Expression& expression_;
  const language::SyntaxTree& tree_;
  const language::SourceText& source_;
  const language::EvaluationInput& input_;
  const language::MessageView& message_;
  const language::BodyReader& body_;
  language::Evaluator& evaluator_;
  const bool body_is_bad_;
};

}  // namespace sluice::match
