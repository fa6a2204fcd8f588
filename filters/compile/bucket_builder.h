// Lays out buckets of a RuleIndex: clauses in segments by the numbers they bound.
#pragma once

#include <cstdint>
#include <vector>

#include "filters/compile/rule_index.h"

namespace sluice::compile {

class BucketBuilder {
 public:
  // Of an index whose clauses and fields are in place.
  explicit BucketBuilder(RuleIndex* index) : index_(*index) {}
  BucketBuilder(const BucketBuilder&) = delete;
  BucketBuilder& operator=(const BucketBuilder&) = delete;

  // `clauses` ascend.
  RuleIndex::Bucket Build(const std::vector<uint32_t>& clauses);

 private:
  // A clause's bound in one direction of one field.
  struct Bound {
    uint32_t field = 0;
    bool is_negated = false;
    double value = 0;

    bool SameDimension(const Bound& other) const {
      return field == other.field && is_negated == other.is_negated;
    }
  };

  static bool IsUpper(language::Op op);
  std::vector<Bound> BoundsOf(uint32_t clause) const;
  std::vector<std::vector<uint32_t>> Partition(const std::vector<uint32_t>& clauses) const;
  RuleIndex::Segment BuildSegment(const std::vector<uint32_t>& clauses);
  RuleIndex::Dimension BuildDimension(const RuleIndex::Segment& segment, const Bound& dimension,
                                      const std::vector<std::vector<Bound>>& bounds);

  void AddMinima(const RuleIndex::Segment& segment);

  RuleIndex& index_;
};

}  // namespace sluice::compile
