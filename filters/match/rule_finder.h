// Finds the rules that match one message by a program's index. Fields and conjuncts are judged at
// most once a message.
//
// Start (Find Next*)* FindWithoutBody? ; for one thread. Allocates only to grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"

namespace sluice::match {

class RuleFinder {
 public:
  // All outlive the finder; the evaluator evaluates on this body.
  RuleFinder(const compile::Program& program, const language::BodyReader& body,
             language::Evaluator& evaluator);
  RuleFinder(const RuleFinder&) = delete;
  RuleFinder& operator=(const RuleFinder&) = delete;

  // A message begins, for which the evaluator has been started.
  void Start();

  // Of the rules for this topic, the first that reads the body, and the first that drops or is
  // final; kNone where there is none.
  uint32_t first_body_rule() const { return first_body_rule_; }
  uint32_t first_ending_rule() const { return first_ending_rule_; }

  // Looks for the rules from `begin` to before `end`. Whether the body has been read must not
  // change what they come to: none of them reads it, or it has been.
  void Find(uint32_t begin, uint32_t end, bool body_read);
  // The rules from `begin` that may match where the body is none that can be read; alive until the
  // next call.
  std::span<const uint16_t> FindWithoutBody(uint32_t begin);
  // The next of those looked for that matches, in order; kNone: there is none.
  uint32_t Next();

 private:
  using Index = compile::RuleIndex;

  struct KnownValue {
    language::Value value;
    uint32_t message = 0;  // of which message_number_
  };
  struct KnownHash {
    uint64_t hash = 0;
    uint32_t message = 0;
  };
  struct KnownTruth {
    uint32_t message = 0;
    language::Truth truth = language::Truth::kUndefined;
  };

  const language::Value& Field(uint32_t field);
  uint64_t HashOfField(uint32_t field);
  const Index::Bucket* FindBucket(const Index::Column& column);
  language::Truth TruthOf(uint32_t place);
  bool Passes(const Index::Test& test);
  bool Holds(const Index::Clause& clause);
  size_t Passing(const Index::Dimension& dimension);
  void FindGroups();
  void FindGroup(const Index::Group& group);
  void AddTexts(const Index::TextColumn& column);
  void AddBucket(const Index::Bucket& bucket);
  void AddSegment(const Index::Segment& segment);
  void AddSurvivors(const Index::Segment& segment);
  void AddBands(const Index::Segment& segment);
  void AddClause(uint32_t number);

  const compile::Program& program_;
  const Index& index_;
  const language::BodyReader& body_;
  language::Evaluator& evaluator_;
  const language::Profile profile_;
  compile::TopicIndex::Scratch topic_scratch_;
  compile::TextIndex::Scratch text_scratch_;
  std::vector<uint32_t> groups_;    // of this message's topic
  std::vector<KnownValue> values_;  // by field
  std::vector<KnownHash> hashes_;   // by field
  std::vector<KnownTruth> truths_;
  std::vector<uint16_t> possible_;
  std::vector<uint32_t> candidates_;  // clauses
  size_t next_ = 0;                   // of them
  uint32_t message_number_ = 0;
  uint32_t first_body_rule_ = Index::kNone;
  uint32_t first_ending_rule_ = Index::kNone;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  bool body_read_ = false;
};

}  // namespace sluice::match
