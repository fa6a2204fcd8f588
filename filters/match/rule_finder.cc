#include "filters/match/rule_finder.h"

#include <algorithm>
#include <array>
#include <bit>

#include "filters/language/operators.h"

namespace sluice::match {

using language::Op;
using language::Truth;
using language::Value;

namespace {

constexpr size_t kFewClauses = 16;  // are checked one by one

}  // namespace

RuleFinder::RuleFinder(const compile::Program& program, const language::BodyReader& body,
                       language::Evaluator& evaluator)
    : program_(program),
      index_(program.index()),
      body_(body),
      evaluator_(evaluator),
      profile_(program.body_options().profile),
      values_(index_.fields().size()),
      hashes_(index_.fields().size()),
      truths_(index_.conjunct_places().size()) {
  candidates_.reserve(index_.clauses().size());
  groups_.reserve(index_.groups().size());
  possible_.reserve(index_.clauses().size());
  const Index::Group& everywhere = index_.groups().back();
  groups_.push_back(static_cast<uint32_t>(index_.groups().size() - 1));
  first_body_rule_ = everywhere.first_body_rule;
  first_ending_rule_ = everywhere.first_ending_rule;
}

void RuleFinder::Start() {
  if (++message_number_ ==
      0) {  // numbers have come round: those of old messages would be met again
    std::fill(values_.begin(), values_.end(), KnownValue());
    std::fill(hashes_.begin(), hashes_.end(), KnownHash());
    std::fill(truths_.begin(), truths_.end(), KnownTruth());
    message_number_ = 1;
  }
  if (!index_.topics().empty()) FindGroups();
}

// Those of the message's topic, and the one of all topics.
void RuleFinder::FindGroups() {
  groups_.clear();
  index_.topics().Find(evaluator_.topic_levels(), &topic_scratch_, &groups_);
  groups_.push_back(static_cast<uint32_t>(index_.groups().size() - 1));
  first_body_rule_ = first_ending_rule_ = Index::kNone;
  for (const uint32_t number : groups_) {
    const Index::Group& group = index_.groups()[number];
    first_body_rule_ = std::min(first_body_rule_, group.first_body_rule);
    first_ending_rule_ = std::min(first_ending_rule_, group.first_ending_rule);
  }
}

void RuleFinder::Find(uint32_t begin, uint32_t end, bool body_read) {
  begin_ = begin;
  end_ = end;
  body_read_ = body_read;
  candidates_.clear();
  next_ = 0;
  for (const uint32_t number : groups_) FindGroup(index_.groups()[number]);
  // Those of one segment are.
  if (!std::is_sorted(candidates_.begin(), candidates_.end()))
    std::sort(candidates_.begin(), candidates_.end());
}

// Clauses stand in the order of their rules; a rule that matched by one of them needs no other.
uint32_t RuleFinder::Next() {
  while (next_ < candidates_.size()) {
    const Index::Clause& clause = index_.clauses()[candidates_[next_++]];
    if (!Holds(clause)) continue;
    while (next_ < candidates_.size() && index_.clauses()[candidates_[next_]].rule == clause.rule) {
      ++next_;
    }
    return clause.rule;
  }
  return Index::kNone;
}

// Its tests are known to pass.
bool RuleFinder::Holds(const Index::Clause& clause) {
  const auto conjuncts = index_.conjuncts(clause);
  return std::all_of(conjuncts.begin(), conjuncts.end(), [this](const Index::Conjunct& conjunct) {
    return TruthOf(conjunct.place) == (conjunct.is_negated ? Truth::kFalse : Truth::kTrue);
  });
}

Truth RuleFinder::TruthOf(uint32_t place) {
  KnownTruth& known = truths_[place];
  if (known.message != message_number_) {
    const Index::Place& conjunct = index_.conjunct_places()[place];
    known = {message_number_,
             evaluator_.Judge(*program_.rules()[conjunct.rule].where, conjunct.node)};
  }
  return known.truth;
}

// A member of the body is where its reader has it; what else a field may be is evaluated once.
const Value& RuleFinder::Field(uint32_t field) {
  const Index::Field& place = index_.fields()[field];
  if (place.body_slot != Index::kNone) return body_.value(place.body_slot);
  KnownValue& known = values_[field];
  if (known.message != message_number_) {
    known.value = evaluator_.Evaluate(*program_.rules()[place.rule].where, place.node);
    known.message = message_number_;
  }
  return known.value;
}

uint64_t RuleFinder::HashOfField(uint32_t field) {
  KnownHash& known = hashes_[field];
  if (known.message != message_number_) known = {Index::HashOf(Field(field)), message_number_};
  return known.hash;
}

// Of the rules that want the value that the column's field has.
const RuleFinder::Index::Bucket* RuleFinder::FindBucket(const Index::Column& column) {
  if (column.is_short()) return index_.FindShort(column, Field(column.field));
  const uint64_t hash = HashOfField(column.field);
  return hash == 0 ? nullptr : index_.Find(column, Field(column.field), hash);
}

bool RuleFinder::Passes(const Index::Test& test) {
  const Value& value = Field(test.field);
  if (value.is_number() && test.literal.is_number()) {
    const double a = value.number();
    const double b = test.literal.number();
    switch (test.op) {
      case Op::kLess:
        return a < b;
      case Op::kLessEqual:
        return a <= b;
      case Op::kGreater:
        return a > b;
      case Op::kGreaterEqual:
        return a >= b;
      case Op::kEqual:
        return a == b;
      default:
        return a != b;
    }
  }
  return language::ToTruth(language::Compare(test.op, value, test.literal, profile_)) ==
         Truth::kTrue;
}

void RuleFinder::FindGroup(const Index::Group& group) {
  AddBucket(group.root);
  for (const Index::Column& column : index_.columns(group)) {
    if (column.reads_body && !body_read_) continue;
    if (const Index::Bucket* const bucket = FindBucket(column)) AddBucket(*bucket);
  }
  for (const Index::TextColumn& column : index_.text_columns(group)) {
    if (column.reads_body && !body_read_) continue;
    if (Field(column.field).is_string()) AddTexts(column);
  }
}

void RuleFinder::AddTexts(const Index::TextColumn& column) {
  const compile::TextIndex& text = index_.text(column);
  const size_t needles = text.entries().size();
  text_scratch_.numbers.clear();
  const bool is_certain =
      text.Find(Field(column.field).string(), &text_scratch_, &text_scratch_.numbers);
  for (const uint32_t number : text_scratch_.numbers) {
    if (number >= needles && is_certain) {
      const uint32_t expression = number - static_cast<uint32_t>(needles);
      truths_[index_.pattern_place(column, expression)] = {message_number_, Truth::kTrue};
    }
    AddBucket(index_.bucket(column.buckets + number));
  }
}

// Rules that are reached by the body may be any of their kind; the others are as ever.
std::span<const uint16_t> RuleFinder::FindWithoutBody(uint32_t begin) {
  possible_.clear();
  const auto add = [&](uint16_t rule) {
    if (rule >= begin) possible_.push_back(rule);
  };
  const auto add_bucket = [&](const Index::Bucket& bucket) {
    for (const Index::Segment& segment : index_.segments(bucket)) {
      for (const uint32_t clause : index_.clauses(segment)) add(index_.clauses()[clause].rule);
    }
  };
  for (const uint32_t number : groups_) {
    const Index::Group& group = index_.groups()[number];
    for (const uint16_t rule : index_.open_rules(group)) add(rule);
    for (const Index::Column& column : index_.columns(group)) {
      if (column.reads_body) continue;
      if (const Index::Bucket* const bucket = FindBucket(column)) add_bucket(*bucket);
    }
    for (const Index::TextColumn& column : index_.text_columns(group)) {
      if (column.reads_body || !Field(column.field).is_string()) continue;
      text_scratch_.numbers.clear();
      index_.text(column).Find(Field(column.field).string(), &text_scratch_,
                               &text_scratch_.numbers);
      for (const uint32_t found : text_scratch_.numbers)
        add_bucket(index_.bucket(column.buckets + found));
    }
  }
  std::sort(possible_.begin(), possible_.end());
  possible_.erase(std::unique(possible_.begin(), possible_.end()), possible_.end());
  return possible_;
}

void RuleFinder::AddBucket(const Index::Bucket& bucket) {
  for (const Index::Segment& segment : index_.segments(bucket)) AddSegment(segment);
}

// How many of the dimension's bounds the message lets pass, and perhaps some that its clauses'
// tests will hold back.
size_t RuleFinder::Passing(const Index::Dimension& dimension) {
  if (dimension.reads_body && !body_read_) return 0;
  const Value& value = Field(dimension.field);
  const auto bounds = index_.bounds(dimension);
  if (value.is_number()) {
    const double number = dimension.is_negated ? -value.number() : value.number();
    return static_cast<size_t>(std::upper_bound(bounds.begin(), bounds.end(), number) -
                               bounds.begin());
  }
  // Of another type it is below all numbers, above them (edgeHub orders types), or neither.
  const Op op = dimension.is_negated ? Op::kLess : Op::kGreater;
  const Value order = language::Compare(op, value, Value::Number(0), profile_);
  return language::ToTruth(order) == Truth::kTrue ? bounds.size() : 0;
}

void RuleFinder::AddSegment(const Index::Segment& segment) {
  const auto clauses = index_.clauses(segment);
  if (segment.dimension_count == 0) {
    for (const uint32_t clause : clauses) AddClause(clause);
    return;
  }
  if (segment.is_bands) return AddBands(segment);
  if (!segment.is_prefix) return AddSurvivors(segment);
  const Index::Dimension& dimension = index_.dimensions(segment)[0];
  for (const uint32_t place : index_.order(dimension).first(Passing(dimension)))
    AddClause(clauses[place]);
}

// Of the bands that begin below the message's number, those that end above it: whole blocks end
// below it and are left out.
void RuleFinder::AddBands(const Index::Segment& segment) {
  const auto dimensions = index_.dimensions(segment);
  const size_t begun = Passing(dimensions[0]);
  if (begun == 0 || Passing(dimensions[1]) == 0) return;
  const auto bounds = index_.bounds(dimensions[1]);
  // The greatest bound that passes: where the value is no number, all or none do.
  const double open = bounds[Passing(dimensions[1]) - 1];
  const auto clauses = index_.clauses(segment);
  const auto order = index_.order(dimensions[0]);
  const std::span<const double> ends = index_.minima(segment);
  const auto blocks = ends.subspan(segment.count);
  const auto heaps = blocks.subspan(Index::BlocksOf(segment.count));
  constexpr size_t kBlock = Index::kBandBlock;
  for (size_t heap = 0; heap * kBlock * kBlock < begun; ++heap) {
    if (!(heaps[heap] <= open)) continue;
    for (size_t block = heap * kBlock; block < (heap + 1) * kBlock && block * kBlock < begun;
         ++block) {
      if (!(blocks[block] <= open)) continue;
      for (size_t i = block * kBlock; i < std::min((block + 1) * kBlock, begun); ++i) {
        if (ends[i] <= open) AddClause(clauses[order[i]]);
      }
    }
  }
}

// Those that pass in all dimensions.
void RuleFinder::AddSurvivors(const Index::Segment& segment) {
  const auto clauses = index_.clauses(segment);
  std::array<const uint64_t*, Index::kMaxDimensions> bitmaps;
  size_t count = 0;
  for (const Index::Dimension& dimension : index_.dimensions(segment)) {
    const size_t passing = Passing(dimension);
    if (passing <= kFewClauses && dimension.count == segment.count) {
      for (const uint32_t place : index_.order(dimension).first(passing)) AddClause(clauses[place]);
      return;
    }
    if (passing < dimension.count) bitmaps[count++] = index_.bitmap(segment, dimension, passing);
  }
  const uint32_t words = segment.words();
  for (uint32_t i = 0; i < words; ++i) {
    const uint32_t left = segment.count - 64 * i;
    uint64_t word = left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    for (size_t d = 0; d < count; ++d) word &= bitmaps[d][i];
    for (; word != 0; word &= word - 1)
      AddClause(clauses[64 * i + static_cast<uint32_t>(std::countr_zero(word))]);
  }
}

void RuleFinder::AddClause(uint32_t number) {
  const Index::Clause& clause = index_.clauses()[number];
  if (clause.rule < begin_ || clause.rule >= end_) return;
  const auto tests = index_.tests(clause);
  const bool may_match = std::all_of(tests.begin(), tests.end(),
                                     [this](const Index::Test& test) { return Passes(test); });
  if (may_match) candidates_.push_back(number);
}

}  // namespace sluice::match
