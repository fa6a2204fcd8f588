#include "filters/analyze/exclusions.h"

#include "filters/analyze/reasoner.h"

namespace sluice::analyze {

Exclusions::Exclusions(const compile::Program& program)
    : program_(program), conditions_(program.rules().size()) {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const compile::Rule& rule = program_.rules()[i];
    if (rule.where) conditions_[i] = terms_.Number(rule.where->tree());
  }
}

// A body that is bad makes no pair match that none of the good ones would: rules match it only
// where it does not matter what their predicates of the body come to.
bool Exclusions::Exclude(size_t rule, size_t other) const {
  const compile::Rule& first = program_.rules()[rule];
  Reasoner reasoner({first.from.get(), program_.body_options().profile, false});
  Knowledge known;
  for (int pass = 0; pass < 2; ++pass) {
    for (const size_t each : {rule, other}) {
      const Condition& condition = conditions_[each];
      if (condition.tree != nullptr && !reasoner.Assume(condition, condition.root(), kTrue, &known))
        return true;
    }
  }
  return false;
}

}  // namespace sluice::analyze
