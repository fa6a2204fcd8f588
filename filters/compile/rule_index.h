// What leads from a message to the few rules that may match it. Immutable, part of a program.
//
// A condition is taken apart into clauses, one of which must hold; a clause is a conjunction of
// tests, which compare a field with a literal, and of conjuncts, which are all else. Rules with one
// topic pattern are a group. In it, a clause is reached through its rarest operand that can lead to
// it: an equality (a column: field to value to bucket), a text to be found in another (a text
// column), or, lacking these, in the group's root bucket. In a bucket, clauses with numeric bounds
// stand in segments: which of them a value lets pass is looked up, not compared.
//
// The index may name rules that do not match, never leaves one out that does. It knows nothing of
// a body that is no sound JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filters/compile/text_index.h"
#include "filters/compile/topic_index.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::compile {

struct Rule;

class RuleIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kMaxDimensions = 8;  // of a segment
  static constexpr size_t kBandBlock = 16;

  // Some node of some rule's condition: equal ones of all rules are one.
  struct Place {
    uint16_t rule = 0;
    bool reads_body = false;
    language::NodeId node = 0;
  };
  struct Field : Place {
    uint32_t body_slot = kNone;  // of a plain member of the body: where its reader keeps it
  };

  // field op literal. The literal views the rule's condition.
  struct Test {
    language::Value literal;
    uint32_t field = 0;
    language::Op op = language::Op::kEqual;
  };
  // A part of a condition that must be true, or, where `is_negated`, false.
  struct Conjunct {
    uint32_t place : 31 = 0;
    uint32_t is_negated : 1 = 0;
  };
  // What of a rule is left to check, once its bucket is reached. Clauses stand in the order of
  // their rules.
  struct Clause {
    uint32_t tests = 0;  // the first one
    uint32_t conjuncts = 0;
    uint16_t test_count = 0;
    uint16_t conjunct_count = 0;
    uint16_t rule = 0;
  };

  // A bound on a number. Of `x < c`, -x and -c are compared, so that small bounds pass first.
  struct Dimension {
    uint32_t field = 0;
    bool is_negated = false;
    bool reads_body = false;
    uint32_t count = 0;   // of bounds; a clause of the segment may have none
    uint32_t bounds = 0;  // the first one, ascending
    uint32_t order = 0;   // the first place in the segment, in the same order
    uint32_t bitmaps = 0;
  };
  // Up to 64 clauses for each word of a bitmap. A dimension's bitmap number i has those that pass
  // when its first i * step bounds do. Of bands there are none: a field's lower bound and its upper
  // one are all that each clause has, and the minima find what passes both.
  struct Segment {
    uint32_t clauses = 0;  // the first one; ascending
    uint32_t count = 0;
    uint32_t dimensions = 0;
    uint16_t dimension_count = 0;  // 0: every clause passes
    bool is_prefix = false;        // one dimension, which all clauses have
    bool is_bands = false;         // two of one field, which all clauses have
    uint32_t step = 0;

    uint32_t words() const { return (count + 63) / 64; }
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

    bool is_short() const { return mask < 4; }
  };
  struct TextColumn {
    uint32_t field = 0;
    uint32_t index = 0;     // into texts
    uint32_t buckets = 0;   // of the text index's number 0
    uint32_t patterns = 0;  // the place of its first expression's conjunct
    bool reads_body = false;
  };
  struct Group {
    uint32_t columns = 0;
    uint32_t column_count = 0;
    uint32_t text_columns = 0;
    uint32_t text_column_count = 0;
    Bucket root;
    uint32_t rule = kNone;    // any one of its rules
    uint32_t open_rules = 0;  // the first one
    uint32_t open_rule_count = 0;
    uint32_t first_body_rule = kNone;    // of its rules that read the body, the first
    uint32_t first_ending_rule = kNone;  // of those that drop or are final
  };

  // Groups of the patterns that match; the last group is that of rules for all topics.
  const TopicIndex& topics() const { return topics_; }
  std::span<const Group> groups() const { return groups_; }
  std::span<const Field> fields() const { return fields_; }
  std::span<const Place> conjunct_places() const { return conjunct_places_; }

  std::span<const Column> columns(const Group& group) const {
    return {columns_.data() + group.columns, group.column_count};
  }
  std::span<const Entry> entries(const Column& column) const {
    return {entries_.data() + column.entries, size_t{column.mask} + 1};
  }
  // Null where no rule of the column wants this value. `hash` is HashOf(value), not 0.
  const Bucket* Find(const Column& column, const language::Value& value, uint64_t hash) const;
  // The same of a short column: to compare with all there are is cheaper than to hash.
  const Bucket* FindShort(const Column& column, const language::Value& value) const {
    for (const Entry& entry : entries(column)) {
      if (entry.bucket != kNone && Same(entry.value, value)) return &buckets_[entry.bucket];
    }
    return nullptr;
  }

  std::span<const TextColumn> text_columns(const Group& group) const {
    return {text_columns_.data() + group.text_columns, group.text_column_count};
  }
  // Rules that may match, whatever the message has but for its body: not reached by other things.
  std::span<const uint16_t> open_rules(const Group& group) const {
    return {open_rules_.data() + group.open_rules, group.open_rule_count};
  }
  // The conjunct of one of the column's expressions, counted from 0: known where it is found.
  uint32_t pattern_place(const TextColumn& column, uint32_t expression) const {
    return pattern_places_[column.patterns + expression];
  }
  const TextIndex& text(const TextColumn& column) const { return texts_[column.index]; }

  const Bucket& bucket(uint32_t number) const { return buckets_[number]; }
  std::span<const Segment> segments(const Bucket& bucket) const {
    return {segments_.data() + bucket.segments, bucket.segment_count};
  }
  // Numbers of clauses.
  std::span<const uint32_t> clauses(const Segment& segment) const {
    return {segment_clauses_.data() + segment.clauses, segment.count};
  }
  std::span<const Dimension> dimensions(const Segment& segment) const {
    return {dimensions_.data() + segment.dimensions, segment.dimension_count};
  }
  std::span<const double> bounds(const Dimension& dimension) const {
    return {bounds_.data() + dimension.bounds, dimension.count};
  }
  std::span<const uint32_t> order(const Dimension& dimension) const {
    return {order_.data() + dimension.order, dimension.count};
  }
  // Of bands, in the order of their first dimension: the bounds of the second; then the least of
  // each kBandBlock of these, and of each kBandBlock of those.
  std::span<const double> minima(const Segment& bands) const {
    return {minima_.data() + dimensions(bands)[1].bitmaps, MinimaOf(bands.count)};
  }
  // Of those that pass when the first `passing` bounds do, and perhaps some more.
  const uint64_t* bitmap(const Segment& segment, const Dimension& dimension, size_t passing) const {
    const size_t number = (passing + segment.step - 1) / segment.step;
    return bitmaps_.data() + dimension.bitmaps + number * segment.words();
  }

  std::span<const Clause> clauses() const { return clauses_; }
  std::span<const Test> tests(const Clause& clause) const {
    return {tests_.data() + clause.tests, clause.test_count};
  }
  std::span<const Conjunct> conjuncts(const Clause& clause) const {
    return {conjuncts_.data() + clause.conjuncts, clause.conjunct_count};
  }

  static constexpr size_t BlocksOf(size_t count) { return (count + kBandBlock - 1) / kBandBlock; }
  static constexpr size_t MinimaOf(size_t count) {
    return count + BlocksOf(count) + BlocksOf(BlocksOf(count));
  }

  // Whether every operand of the rule's condition reads the body: without one, nothing is known.
  bool is_all_of_body(uint16_t rule) const { return all_of_body_[rule]; }

  // 0: a value that equals no literal.
  static uint64_t HashOf(const language::Value& value);
  static bool Same(const language::Value& a, const language::Value& b) {
    if (a.kind() != b.kind()) return false;
    if (a.is_string()) return a.string() == b.string();
    if (a.is_number()) return a.number() == b.number();
    return a.is_bool() && a.bool_value() == b.bool_value();
  }

 private:
  friend class RuleIndexBuilder;
  friend class BucketBuilder;

  void ShrinkToFit();

  TopicIndex topics_;
  std::vector<Group> groups_;
  std::vector<Field> fields_;
  std::vector<Place> conjunct_places_;
  std::vector<Column> columns_;
  std::vector<Entry> entries_;
  std::vector<TextColumn> text_columns_;
  std::vector<TextIndex> texts_;
  std::vector<uint32_t> pattern_places_;
  std::vector<uint16_t> open_rules_;
  std::vector<Bucket> buckets_;
  std::vector<Segment> segments_;
  std::vector<uint32_t> segment_clauses_;
  std::vector<Dimension> dimensions_;
  std::vector<double> bounds_;
  std::vector<uint32_t> order_;
  std::vector<uint64_t> bitmaps_;
  std::vector<double> minima_;
  std::vector<Clause> clauses_;
  std::vector<Test> tests_;
  std::vector<Conjunct> conjuncts_;
  std::vector<bool> all_of_body_;  // by rule
};

// `rules` stay where they are as long as the index is used.
RuleIndex BuildRuleIndex(std::span<const Rule> rules);

}  // namespace sluice::compile
