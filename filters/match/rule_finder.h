// Finds the rules that match one message by a program's index. Fields and conjuncts are judged at
// most once a message.
//
// Start (Find IsMatch*)* ; for one thread. Allocates only to grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/evaluate.h"

namespace sluice::match {

class RuleFinder {
 public:
  // Both outlive the finder.
  RuleFinder(const compile::Program& program, language::Evaluator& evaluator);
  RuleFinder(const RuleFinder&) = delete;
  RuleFinder& operator=(const RuleFinder&) = delete;

  // A message begins, for which the evaluator has been started.
  void Start(std::span<const std::string_view> topic_levels);

  // Of the rules for this topic, the first that reads the body, and the first that drops or is
  // final; kNone where there is none.
  uint32_t first_body_rule() const { return first_body_rule_; }
  uint32_t first_ending_rule() const { return first_ending_rule_; }

  // The rules from `begin` to before `end` that may match, in order; alive until the next call.
  // Whether the body has been read must not change what they come to: none of them reads it, or it
  // has been.
  std::span<const uint16_t> Find(uint32_t begin, uint32_t end, bool body_read);
  // Whether such a rule matches.
  bool IsMatch(uint16_t rule);

 private:
  using Index = compile::RuleIndex;

  struct FieldValue {
    language::Value value;
    uint64_t hash = 0;
    uint32_t message = 0;  // of which message_number_
  };
  struct KnownTruth {
    uint32_t message = 0;
    bool is_true = false;
  };

  const FieldValue& Field(uint32_t field);
  bool Passes(const Index::Test& test);
  size_t PassingPrefix(const Index::Segment& segment, const Index::Dimension& dimension);
  void AddBucket(const Index::Bucket& bucket);
  void AddSegment(const Index::Segment& segment);
  void AddRules(std::span<const uint16_t> rules);

  const compile::Program& program_;
  const Index& index_;
  language::Evaluator& evaluator_;
  const language::Profile profile_;
  compile::TopicIndex::Scratch topic_scratch_;
  std::vector<uint32_t> groups_;  // of this message's topic
  std::vector<FieldValue> fields_;
  std::vector<KnownTruth> truths_;
  std::vector<uint16_t> candidates_;
  uint32_t message_number_ = 0;
  uint32_t first_body_rule_ = Index::kNone;
  uint32_t first_ending_rule_ = Index::kNone;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  bool body_read_ = false;
};

}  // namespace sluice::match
