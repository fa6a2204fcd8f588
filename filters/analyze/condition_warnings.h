// What to tell the author of a condition, or of a value that is set, about what it can come to.
#pragma once

#include <cstddef>
#include <string>

#include "filters/analyze/reasoner.h"
#include "filters/analyze/terms.h"
#include "filters/compile/problem.h"
#include "filters/compile/rule_spec.h"
#include "filters/language/source_span.h"

namespace sluice::analyze {

// A condition or value as it stands in the file: `skipped` bytes into `at`.
struct Written {
  const compile::Located* at = nullptr;
  size_t skipped = 0;
  const language::SourceText* source = nullptr;
};

class ConditionWarnings {
 public:
  // All outlive it.
  ConditionWarnings(const Condition& condition, const Messages& messages, const Written& written,
                    compile::ProblemSink& sink)
      : condition_(condition), messages_(messages), written_(written), sink_(sink) {}

  // Of a condition that is never true: which part is at fault, or which two.
  void WarnOfNever();
  void WarnOfAlways();
  void Warn(language::NodeId at, std::string message, std::string hint = "");
  // Of one that may be true: operands that never count, levels that no topic has.
  void WarnOfIdleParts();
  // Of a value that on_change watches: it is always undefined.
  void WarnOfNoChange();
  // Of a value for `set`, where `known` is known: it comes to nothing that can be set.
  bool WarnOfNothingToSet(const std::string& name, const Knowledge& known);

 private:
  std::string Text(language::NodeId id) const;
  std::string WhyNever(language::NodeId id) const;
  std::string HintOf(language::NodeId id) const;
  // A level in this part that no topic of the rule has, as a reason; empty where there is none.
  std::string MissingLevel(language::NodeId id) const;
  void WarnOfIdleOperands(language::NodeId id, const Knowledge& known);
  void WarnOfMissingLevels(language::NodeId id);
  bool CanBeTrue(std::initializer_list<language::NodeId> parts) const;

  const Condition& condition_;
  const Messages& messages_;
  const Written& written_;
  compile::ProblemSink& sink_;
};

}  // namespace sluice::analyze
