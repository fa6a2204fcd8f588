// What conditions can come to, and what follows for their parts from what they came to: the plain
// evaluator over all messages at once.
//
// "Cannot be" is certain; "can be" is not. Work is bounded: beyond it, everything can be.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "filters/analyze/terms.h"
#include "filters/analyze/value_set.h"
#include "filters/compile/topic_pattern.h"
#include "filters/language/profile.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/text_scratch.h"

namespace sluice::analyze {

// What is known of the messages that are left: of some parts of conditions, what they can be.
using Knowledge = std::map<Term, ValueSet>;

struct Messages {
  const compile::TopicPattern* from = nullptr;  // null: every topic
  language::Profile profile = language::Profile::kDefault;
  // Their bodies should be JSON and are not: a predicate that reads them is left open, each by
  // itself.
  bool body_is_bad = false;
};

class Reasoner {
 public:
  explicit Reasoner(const Messages& messages) : messages_(messages) {}

  // All that this part can come to. TruthOf is of kTruth.
  ValueSet ValueOf(const Condition& condition, language::NodeId id, const Knowledge& known);
  Kinds TruthOf(const Condition& condition, language::NodeId id, const Knowledge& known);

  // Adds what follows from this part coming to `truth` (kTrue or kFalse). False: it cannot.
  bool Assume(const Condition& condition, language::NodeId id, Kinds truth, Knowledge* known);

 private:
  static constexpr size_t kMaxSteps = 20'000;  // nodes looked at

  ValueSet Compute(const Condition& condition, language::NodeId id, const Knowledge& known);
  ValueSet Arithmetic(const Condition& condition, language::NodeId id, const Knowledge& known);
  ValueSet CallOf(const Condition& condition, language::NodeId id, const Knowledge& known);
  ValueSet TopicText() const;
  ValueSet TopicLevel(uint32_t level) const;
  Kinds Logic(const Condition& condition, language::NodeId id, const Knowledge& known);
  Kinds StrictPair(const Condition& condition, language::NodeId id, const Knowledge& known);
  Kinds Atom(const Condition& condition, language::NodeId id, const Knowledge& known);

  bool AssumeAll(const Condition& condition, language::NodeId id, Kinds truth, Knowledge* known);
  bool AssumeAny(const Condition& condition, language::NodeId id, Kinds truth, Knowledge* known);
  bool AssumeComparison(const Condition& condition, language::NodeId id, Kinds truth,
                        Knowledge* known);
  bool AssumeCall(const Condition& condition, language::NodeId id, Kinds truth, Knowledge* known);
  // This part is one of `values`. False: it cannot be.
  bool Narrow(const Condition& condition, language::NodeId id, const ValueSet& values,
              Knowledge* known);

  Messages messages_;
  size_t steps_ = 0;
  language::TextScratch scratch_;
};

// Whether this part, on a body that is no JSON, can always come to something else than `truth`.
bool LeavesOpen(const Condition& condition, language::NodeId id, Kinds truth);

bool IsLogic(const language::Node& node);

}  // namespace sluice::analyze
