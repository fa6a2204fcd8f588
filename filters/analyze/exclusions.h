// Which rules exclude each other: no message matches both.
//
// Certain, as all findings; that two are not known to exclude each other proves nothing.
#pragma once

#include <cstddef>
#include <vector>

#include "filters/analyze/terms.h"
#include "filters/compile/program.h"

namespace sluice::analyze {

class Exclusions {
 public:
  // `program` outlives it.
  explicit Exclusions(const compile::Program& program);

  // Indexes of rules whose topics meet; what reducers hold counts as matched.
  bool Exclude(size_t rule, size_t other) const;

 private:
  const compile::Program& program_;
  Terms terms_;
  std::vector<Condition> conditions_;  // by rule
};

}  // namespace sluice::analyze
