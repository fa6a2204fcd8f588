#include "filters/compile/bucket_builder.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace sluice::compile {

using language::Op;

namespace {

constexpr size_t kSmallSegment = 4;    // so few clauses are checked faster than looked up
constexpr uint32_t kMaxBitmaps = 128;  // of a dimension: 16 bytes a clause

bool IsLower(Op op) { return op == Op::kGreater || op == Op::kGreaterEqual; }

}  // namespace

bool BucketBuilder::IsUpper(Op op) { return op == Op::kLess || op == Op::kLessEqual; }

// Of two bounds in one direction, the narrower.
std::vector<BucketBuilder::Bound> BucketBuilder::BoundsOf(uint32_t clause) const {
  std::vector<Bound> bounds;
  for (const RuleIndex::Test& test : index_.tests(index_.clauses_[clause])) {
    if (!test.literal.is_number() || !(IsLower(test.op) || IsUpper(test.op))) continue;
    Bound bound{test.field, IsUpper(test.op), test.literal.number()};
    if (bound.is_negated) bound.value = -bound.value;
    const auto other = std::find_if(bounds.begin(), bounds.end(), [&](const Bound& earlier) {
      return earlier.SameDimension(bound);
    });
    if (other == bounds.end()) {
      bounds.push_back(bound);
    } else {
      other->value = std::max(other->value, bound.value);
    }
  }
  return bounds;
}

// Clauses that bound one field together, beginning with the field that most do; then those that
// bound none.
std::vector<std::vector<uint32_t>> BucketBuilder::Partition(
    const std::vector<uint32_t>& clauses) const {
  std::map<uint32_t, size_t> counts;
  for (const uint32_t clause : clauses) {
    for (const Bound& bound : BoundsOf(clause)) ++counts[bound.field];
  }
  std::map<std::pair<size_t, uint32_t>, std::vector<uint32_t>> parts;
  for (const uint32_t clause : clauses) {
    std::pair<size_t, uint32_t> part(SIZE_MAX, 0);  // the most frequent field comes first
    for (const Bound& bound : BoundsOf(clause))
      part = std::min(part, {clauses.size() * 2 - counts[bound.field], bound.field});
    parts[part].push_back(clause);
  }
  std::vector<std::vector<uint32_t>> partition;
  partition.reserve(parts.size());
  for (auto& [field, part] : parts) partition.push_back(std::move(part));
  return partition;
}

RuleIndex::Bucket BucketBuilder::Build(const std::vector<uint32_t>& clauses) {
  std::vector<RuleIndex::Segment> segments;
  if (clauses.size() <= kSmallSegment) {
    if (!clauses.empty()) segments.push_back(BuildSegment(clauses));
  } else {
    for (const std::vector<uint32_t>& part : Partition(clauses))
      segments.push_back(BuildSegment(part));
  }
  RuleIndex::Bucket bucket;
  bucket.segments = static_cast<uint32_t>(index_.segments_.size());
  bucket.segment_count = static_cast<uint32_t>(segments.size());
  index_.segments_.insert(index_.segments_.end(), segments.begin(), segments.end());
  return bucket;
}

RuleIndex::Segment BucketBuilder::BuildSegment(const std::vector<uint32_t>& clauses) {
  RuleIndex::Segment segment;
  segment.clauses = static_cast<uint32_t>(index_.segment_clauses_.size());
  segment.count = static_cast<uint32_t>(clauses.size());
  segment.step = segment.count / kMaxBitmaps + 1;
  index_.segment_clauses_.insert(index_.segment_clauses_.end(), clauses.begin(), clauses.end());
  segment.dimensions = static_cast<uint32_t>(index_.dimensions_.size());
  if (clauses.size() <= kSmallSegment) return segment;

  std::vector<std::vector<Bound>> bounds;
  std::map<std::pair<uint32_t, bool>, size_t> counts;
  for (const uint32_t clause : clauses) {
    for (const Bound& bound : bounds.emplace_back(BoundsOf(clause)))
      ++counts[{bound.field, bound.is_negated}];
  }
  std::vector<std::pair<size_t, Bound>> dimensions;
  dimensions.reserve(counts.size());
  for (const auto& [dimension, count] : counts)
    dimensions.push_back({count, {dimension.first, dimension.second, 0}});
  std::stable_sort(dimensions.begin(), dimensions.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (dimensions.size() > RuleIndex::kMaxDimensions) dimensions.resize(RuleIndex::kMaxDimensions);
  segment.dimension_count = static_cast<uint16_t>(dimensions.size());
  segment.is_prefix = dimensions.size() == 1 && dimensions[0].first == clauses.size();
  segment.is_bands = dimensions.size() == 2 && dimensions[1].first == clauses.size() &&
                     dimensions[0].second.field == dimensions[1].second.field;
  for (const auto& [count, dimension] : dimensions)
    index_.dimensions_.push_back(BuildDimension(segment, dimension, bounds));
  if (segment.is_bands) AddMinima(segment);
  return segment;
}

void BucketBuilder::AddMinima(const RuleIndex::Segment& segment) {
  const RuleIndex::Dimension& first = index_.dimensions_[segment.dimensions];
  RuleIndex::Dimension& second = index_.dimensions_[segment.dimensions + 1];
  second.bitmaps = static_cast<uint32_t>(index_.minima_.size());
  std::vector<double> level(segment.count);  // by place, then in the order of the first dimension
  for (uint32_t i = 0; i < segment.count; ++i)
    level[index_.order(second)[i]] = index_.bounds(second)[i];
  std::vector<double> ordered;
  for (const uint32_t place : index_.order(first)) ordered.push_back(level[place]);
  for (int i = 0; i < 3; ++i) {
    index_.minima_.insert(index_.minima_.end(), ordered.begin(), ordered.end());
    level.assign(RuleIndex::BlocksOf(ordered.size()), std::numeric_limits<double>::infinity());
    for (size_t j = 0; j < ordered.size(); ++j) {
      double& least = level[j / RuleIndex::kBandBlock];
      least = std::min(least, ordered[j]);
    }
    std::swap(level, ordered);
  }
}

RuleIndex::Dimension BucketBuilder::BuildDimension(const RuleIndex::Segment& segment,
                                                   const Bound& dimension,
                                                   const std::vector<std::vector<Bound>>& bounds) {
  std::vector<std::pair<double, uint32_t>> sorted;  // bounds and places in the segment
  std::vector<uint64_t> bitmap(segment.words());    // of the clauses without a bound
  for (uint32_t place = 0; place < bounds.size(); ++place) {
    const auto bound =
        std::find_if(bounds[place].begin(), bounds[place].end(),
                     [&](const Bound& other) { return other.SameDimension(dimension); });
    if (bound == bounds[place].end()) {
      bitmap[place / 64] |= uint64_t{1} << (place % 64);
    } else {
      sorted.emplace_back(bound->value, place);
    }
  }
  std::sort(sorted.begin(), sorted.end());
  RuleIndex::Dimension built;
  built.field = dimension.field;
  built.is_negated = dimension.is_negated;
  built.reads_body = index_.fields_[dimension.field].reads_body;
  built.count = static_cast<uint32_t>(sorted.size());
  built.bounds = static_cast<uint32_t>(index_.bounds_.size());
  built.order = static_cast<uint32_t>(index_.order_.size());
  built.bitmaps = static_cast<uint32_t>(index_.bitmaps_.size());
  const bool has_bitmaps = !segment.is_prefix && !segment.is_bands;
  for (size_t i = 0; i < sorted.size(); ++i) {
    index_.bounds_.push_back(sorted[i].first);
    index_.order_.push_back(sorted[i].second);
    if (!has_bitmaps) continue;
    if (i % segment.step == 0)
      index_.bitmaps_.insert(index_.bitmaps_.end(), bitmap.begin(), bitmap.end());
    bitmap[sorted[i].second / 64] |= uint64_t{1} << (sorted[i].second % 64);
  }
  if (has_bitmaps) index_.bitmaps_.insert(index_.bitmaps_.end(), bitmap.begin(), bitmap.end());
  return built;
}

}  // namespace sluice::compile
