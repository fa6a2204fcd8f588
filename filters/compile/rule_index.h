// What leads from a message to the few rules that may match it. Immutable, part of a program.
//
// A condition is a conjunction; each operand is needed for it to be true. An operand that compares
// a field with a literal is a test; all others are residual. Rules with one topic pattern are a
// group. In it, a rule is reached through its rarest equality (a column: field to value to bucket)
// or stands in the group's root bucket. In a bucket, rules with numeric bounds on the same fields
// are a segment, whose rules stand sorted by each of these bounds: those that a value lets pass are
// a prefix.
//
// The index may name rules that do not match, never leaves one out that does. It knows nothing of
// a body that is no sound JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filters/compile/topic_index.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::compile {

struct Rule;

class RuleIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Some node of some rule's condition: equal ones of all rules are one.
  struct Place {
    uint16_t rule = 0;
    language::NodeId node = 0;
    bool reads_body = false;
  };
  using Field = Place;
  using Conjunct = Place;

  // field op literal. The literal views the rule's condition.
  struct Test {
    language::Value literal;
    uint32_t field = 0;
    language::Op op = language::Op::kEqual;
  };
  // What of a rule is left to check, once its bucket is reached.
  struct Checks {
    uint32_t tests = 0;  // the first one
    uint32_t conjuncts = 0;
    uint16_t test_count = 0;
    uint16_t conjunct_count = 0;
    bool all_of_body = false;
  };

  // A bound on a number. Of `x < c`, -x and -c are compared, so that small bounds pass first.
  struct Dimension {
    uint32_t field = 0;
    bool negated = false;
    uint32_t bounds = 0;  // the first one; as many as the segment has rules, ascending
    uint32_t rules = 0;   // the first one, in the same order
  };
  struct Segment {
    uint32_t dimensions = 0;
    uint32_t dimension_count = 0;  // 0: every rule passes
    uint32_t rules = 0;            // without dimensions
    uint32_t rule_count = 0;
    bool reads_body = false;  // in its dimensions
  };
  struct Bucket {
    uint32_t segments = 0;
    uint32_t segment_count = 0;
  };

  // A hash table with open addressing, at most half full.
  struct Entry {
    language::Value value;
    uint64_t hash = 0;
    uint32_t bucket = kNone;  // none: free
  };
  struct Column {
    uint32_t field = 0;
    uint32_t entries = 0;
    uint32_t mask = 0;  // one less than there are
    bool reads_body = false;
  };
  struct Group {
    uint32_t columns = 0;
    uint32_t column_count = 0;
    Bucket root;
    uint32_t rule = kNone;               // any one of its rules
    uint32_t first_body_rule = kNone;    // of its rules that read the body, the first
    uint32_t first_ending_rule = kNone;  // of those that drop or are final
  };

  // Groups of the patterns that match; the last group is that of rules for all topics.
  const TopicIndex& topics() const { return topics_; }
  std::span<const Group> groups() const { return groups_; }
  std::span<const Field> fields() const { return fields_; }
  std::span<const Conjunct> conjuncts() const { return conjuncts_; }

  std::span<const Column> columns(const Group& group) const {
    return {columns_.data() + group.columns, group.column_count};
  }
  // Null where no rule of the column wants this value. `hash` is HashOf(value), not 0.
  const Bucket* Find(const Column& column, const language::Value& value, uint64_t hash) const;
  std::span<const Entry> entries(const Column& column) const {
    return {entries_.data() + column.entries, size_t{column.mask} + 1};
  }
  const Bucket& bucket(uint32_t number) const { return buckets_[number]; }
  std::span<const Segment> segments(const Bucket& bucket) const {
    return {segments_.data() + bucket.segments, bucket.segment_count};
  }
  std::span<const Dimension> dimensions(const Segment& segment) const {
    return {dimensions_.data() + segment.dimensions, segment.dimension_count};
  }
  std::span<const double> bounds(const Segment& segment, const Dimension& dimension) const {
    return {bounds_.data() + dimension.bounds, segment.rule_count};
  }
  // `first`: Segment::rules or Dimension::rules.
  std::span<const uint16_t> rules(uint32_t first, size_t count) const {
    return {rules_.data() + first, count};
  }
  std::span<const Test> tests(uint16_t rule) const {
    const Checks& checks = checks_[rule];
    return {tests_.data() + checks.tests, checks.test_count};
  }
  std::span<const uint32_t> conjuncts_of(uint16_t rule) const {
    const Checks& checks = checks_[rule];
    return {rule_conjuncts_.data() + checks.conjuncts, checks.conjunct_count};
  }

  // Whether every operand of the rule's condition reads the body: without one, nothing is known.
  bool is_all_of_body(uint16_t rule) const { return checks_[rule].all_of_body; }

  // 0: a value that equals no literal.
  static uint64_t HashOf(const language::Value& value);
  static bool Same(const language::Value& a, const language::Value& b);

 private:
  friend class RuleIndexBuilder;

  TopicIndex topics_;
  std::vector<Group> groups_;
  std::vector<Field> fields_;
  std::vector<Conjunct> conjuncts_;
  std::vector<Column> columns_;
  std::vector<Entry> entries_;
  std::vector<Bucket> buckets_;
  std::vector<Segment> segments_;
  std::vector<Dimension> dimensions_;
  std::vector<double> bounds_;
  std::vector<uint16_t> rules_;
  std::vector<Test> tests_;
  std::vector<uint32_t> rule_conjuncts_;
  std::vector<Checks> checks_;  // by rule
};

// `rules` stay where they are as long as the index is used.
RuleIndex BuildRuleIndex(std::span<const Rule> rules);

}  // namespace sluice::compile
