// Builds a RuleIndex: takes conditions apart, picks how each rule is reached, lays the arrays out.
#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "filters/compile/program.h"
#include "filters/compile/rule_index.h"
#include "filters/language/expression.h"

namespace sluice::compile {

using language::Node;
using language::NodeId;
using language::Op;
using language::StaticType;
using language::SyntaxTree;
using language::Value;

namespace {

constexpr size_t kMaxDimensions = 4;
constexpr size_t kSmallSegment = 4;  // so few rules are checked faster than looked up

bool IsField(Op op) {
  switch (op) {
    case Op::kProperty:
    case Op::kSystem:
    case Op::kSystemOrProperty:
    case Op::kPropertyOrSystem:
    case Op::kBody:
    case Op::kPropertyOrBody:
    case Op::kTopic:
    case Op::kTopicLevel:
    case Op::kDevice:
      return true;
    default:  // the twin is read for what is left of the rules only
      return false;
  }
}

bool IsLiteral(const Node& node) {
  return node.op == Op::kConstant &&
         (node.constant.is_string() || node.constant.is_number() || node.constant.is_bool());
}

bool IsComparison(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual ||
         op == Op::kEqual || op == Op::kNotEqual;
}

// The operator of b op a that says the same as a op b.
Op Mirrored(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

bool IsLower(Op op) { return op == Op::kGreater || op == Op::kGreaterEqual; }
bool IsUpper(Op op) { return op == Op::kLess || op == Op::kLessEqual; }

template <typename T>
void AppendBytes(const T& value, std::string* key) {
  // Pointers too: their own bytes are meant. NOLINTNEXTLINE(bugprone-sizeof-expression)
  key->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendText(std::string_view text, std::string* key) {
  AppendBytes(text.size(), key);
  key->append(text);
}

void AppendConstant(const Value& value, std::string* key) {
  AppendBytes(value.kind(), key);
  if (value.is_string()) {
    AppendText(value.string(), key);
  } else if (value.is_number()) {
    AppendBytes(value.number(), key);
  } else {
    AppendBytes(value.is_bool() && value.bool_value(), key);
    AppendBytes(value.is_bool() ? language::Reason::kNone : value.reason(), key);
  }
}

// Equal keys, equal values on every message.
void AppendKey(const SyntaxTree& tree, const Node& node, std::string* key) {
  AppendBytes(node.op, key);
  AppendBytes(node.type, key);
  AppendBytes(node.slot, key);
  AppendBytes(node.function, key);
  AppendBytes(node.system, key);
  AppendText(node.op == Op::kTopicLevel ? std::string_view() : node.text, key);
  if (node.op == Op::kConstant) AppendConstant(node.constant, key);
  AppendBytes(node.child_count, key);
  for (const NodeId child : tree.children_of(node)) AppendKey(tree, tree.node(child), key);
}

bool ReadsBody(const SyntaxTree& tree, const Node& node) {
  if (node.op == Op::kBody || node.op == Op::kPropertyOrBody) return true;
  const auto children = tree.children_of(node);
  return std::any_of(children.begin(), children.end(),
                     [&](NodeId child) { return ReadsBody(tree, tree.node(child)); });
}

bool IsAllOfBody(const SyntaxTree& tree, const Node& node) {
  const auto children = tree.children_of(node);
  const auto reads = [&](NodeId child) { return IsAllOfBody(tree, tree.node(child)); };
  switch (node.op) {
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
      return std::all_of(children.begin(), children.end(), reads);
    case Op::kBody:
      return true;
    default:  // one that reads it anywhere has any value
      return std::any_of(children.begin(), children.end(), reads);
  }
}

// The operands of which each must be true. The word null has rules of its own: an AND with it stays
// whole.
void AddOperands(const SyntaxTree& tree, NodeId id, std::vector<NodeId>* operands) {
  const Node& node = tree.node(id);
  const auto children = tree.children_of(node);
  const bool splits = node.op == Op::kAnd && node.type != StaticType::kNull &&
                      std::none_of(children.begin(), children.end(), [&](NodeId child) {
                        return tree.node(child).type == StaticType::kNull;
                      });
  if (!splits) {
    operands->push_back(id);
    return;
  }
  for (const NodeId child : children) AddOperands(tree, child, operands);
}

std::string KeyOf(const Value& value) {
  std::string key;
  AppendConstant(value.is_number() && value.number() == 0 ? Value::Number(0) : value, &key);
  return key;
}

}  // namespace

class RuleIndexBuilder {
 public:
  explicit RuleIndexBuilder(std::span<const Rule> rules) : rules_(rules) {
    index_.checks_.resize(rules.size());
    for (size_t i = 0; i < rules.size(); ++i) {
      if (!rules[i].where) continue;
      const SyntaxTree& tree = rules[i].where->tree();
      index_.checks_[i].all_of_body = IsAllOfBody(tree, tree.root());
    }
  }

  RuleIndex Run();

 private:
  using Test = RuleIndex::Test;
  // One way to reach a rule: its field equals one of these.
  struct Equality {
    uint32_t field = 0;
    std::vector<Value> values;
    size_t test = SIZE_MAX;  // which of the rule's tests says the same, if one does
  };
  struct Parts {
    uint16_t rule = 0;
    std::vector<Test> tests;
    std::vector<uint32_t> conjuncts;
    std::vector<Equality> equalities;
  };
  using Dimensions = std::vector<std::pair<uint32_t, bool>>;  // field, negated; ascending

  uint32_t Intern(uint16_t rule, NodeId node, std::unordered_map<std::string, uint32_t>* known,
                  std::vector<RuleIndex::Place>* places);
  std::optional<Test> AsTest(uint16_t rule, NodeId id);
  std::optional<Equality> AsEquality(uint16_t rule, NodeId id);
  Parts TakeApart(uint16_t rule);
  RuleIndex::Group BuildGroup(const std::vector<uint16_t>& members);
  const Equality* Rarest(const Parts& parts,
                         const std::map<std::pair<uint32_t, std::string>, size_t>& counts) const;
  RuleIndex::Column BuildColumn(
      uint32_t field, const std::map<std::string, std::pair<Value, std::vector<Parts*>>>& values);
  RuleIndex::Bucket BuildBucket(const std::vector<Parts*>& members);
  RuleIndex::Segment BuildSegment(const Dimensions& dimensions, std::vector<Parts*> members);
  static Dimensions DimensionsOf(const Parts& parts);
  static double BoundOf(const Parts& parts, const std::pair<uint32_t, bool>& dimension);
  void PlaceChecks(const Parts& parts);

  std::span<const Rule> rules_;
  RuleIndex index_;
  std::unordered_map<std::string, uint32_t> fields_;
  std::unordered_map<std::string, uint32_t> conjuncts_;
  std::vector<bool> placed_ = std::vector<bool>(rules_.size());
};

RuleIndex RuleIndexBuilder::Run() {
  std::vector<std::vector<uint16_t>> groups;
  std::vector<uint16_t> everywhere;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].takes_devices) continue;
    std::vector<uint16_t>* group = &everywhere;
    if (rules_[i].from) {
      const uint32_t number = index_.topics_.Add(*rules_[i].from);
      if (number == groups.size()) groups.emplace_back();
      group = &groups[number];
    }
    group->push_back(static_cast<uint16_t>(i));
  }
  groups.push_back(std::move(everywhere));
  for (const std::vector<uint16_t>& members : groups) index_.groups_.push_back(BuildGroup(members));
  return std::move(index_);
}

uint32_t RuleIndexBuilder::Intern(uint16_t rule, NodeId node,
                                  std::unordered_map<std::string, uint32_t>* known,
                                  std::vector<RuleIndex::Place>* places) {
  const SyntaxTree& tree = rules_[rule].where->tree();
  std::string key;
  AppendKey(tree, tree.node(node), &key);
  const auto [entry, is_new] =
      known->emplace(std::move(key), static_cast<uint32_t>(places->size()));
  if (is_new) places->push_back({rule, node, ReadsBody(tree, tree.node(node))});
  return entry->second;
}

std::optional<RuleIndexBuilder::Test> RuleIndexBuilder::AsTest(uint16_t rule, NodeId id) {
  const SyntaxTree& tree = rules_[rule].where->tree();
  const Node& node = tree.node(id);
  if (!IsComparison(node.op)) return std::nullopt;
  const auto children = tree.children_of(node);
  const bool mirrored = IsLiteral(tree.node(children[0]));
  const NodeId field = children[mirrored ? 1 : 0];
  const Node& literal = tree.node(children[mirrored ? 0 : 1]);
  if (!IsField(tree.node(field).op) || !IsLiteral(literal)) return std::nullopt;
  return Test{literal.constant, Intern(rule, field, &fields_, &index_.fields_),
              mirrored ? Mirrored(node.op) : node.op};
}

// a = 'x' OR a = 'y'.
std::optional<RuleIndexBuilder::Equality> RuleIndexBuilder::AsEquality(uint16_t rule, NodeId id) {
  const SyntaxTree& tree = rules_[rule].where->tree();
  const Node& node = tree.node(id);
  if (node.op != Op::kOr || node.type == StaticType::kNull) return std::nullopt;
  Equality equality;
  for (const NodeId child : tree.children_of(node)) {
    const std::optional<Test> test = AsTest(rule, child);
    if (!test || test->op != Op::kEqual) return std::nullopt;
    if (!equality.values.empty() && test->field != equality.field) return std::nullopt;
    equality.field = test->field;
    const bool twice =
        std::any_of(equality.values.begin(), equality.values.end(),
                    [&](const Value& value) { return RuleIndex::Same(value, test->literal); });
    if (!twice) equality.values.push_back(test->literal);
  }
  return equality;
}

RuleIndexBuilder::Parts RuleIndexBuilder::TakeApart(uint16_t rule) {
  Parts parts;
  parts.rule = rule;
  if (!rules_[rule].where) return parts;
  const SyntaxTree& tree = rules_[rule].where->tree();
  std::vector<NodeId> operands;
  AddOperands(tree, tree.root_id(), &operands);
  for (const NodeId operand : operands) {
    if (const std::optional<Test> test = AsTest(rule, operand)) {
      if (test->op == Op::kEqual)
        parts.equalities.push_back({test->field, {test->literal}, parts.tests.size()});
      parts.tests.push_back(*test);
      continue;
    }
    if (std::optional<Equality> equality = AsEquality(rule, operand))
      parts.equalities.push_back(std::move(*equality));
    parts.conjuncts.push_back(Intern(rule, operand, &conjuncts_, &index_.conjuncts_));
  }
  return parts;
}

// The equality that is expected to be met least often: whose values few rules want.
const RuleIndexBuilder::Equality* RuleIndexBuilder::Rarest(
    const Parts& parts, const std::map<std::pair<uint32_t, std::string>, size_t>& counts) const {
  const Equality* rarest = nullptr;
  size_t least = SIZE_MAX;
  for (const Equality& equality : parts.equalities) {
    size_t count = 0;
    for (const Value& value : equality.values)
      count += counts.find({equality.field, KeyOf(value)})->second;
    if (count >= least) continue;
    least = count;
    rarest = &equality;
  }
  return rarest;
}

RuleIndex::Group RuleIndexBuilder::BuildGroup(const std::vector<uint16_t>& members) {
  RuleIndex::Group group;
  std::vector<Parts> all;
  all.reserve(members.size());
  std::map<std::pair<uint32_t, std::string>, size_t> counts;
  for (const uint16_t member : members) {
    const Rule& rule = rules_[member];
    group.rule = member;
    if (rule.where && rule.where->reads_body() && group.first_body_rule == RuleIndex::kNone)
      group.first_body_rule = member;
    if ((rule.drop || rule.final_rule) && group.first_ending_rule == RuleIndex::kNone)
      group.first_ending_rule = member;
    const Parts& parts = all.emplace_back(TakeApart(member));
    for (const Equality& equality : parts.equalities) {
      for (const Value& value : equality.values) ++counts[{equality.field, KeyOf(value)}];
    }
  }
  std::map<uint32_t, std::map<std::string, std::pair<Value, std::vector<Parts*>>>> columns;
  std::vector<Parts*> root;
  for (Parts& parts : all) {
    const Equality* const access = Rarest(parts, counts);
    if (access == nullptr) {
      root.push_back(&parts);
      continue;
    }
    for (const Value& value : access->values) {
      auto& bucket = columns[access->field][KeyOf(value)];
      bucket.first = value;
      bucket.second.push_back(&parts);
    }
    // To be in the bucket is to have passed this test.
    if (access->test != SIZE_MAX)
      parts.tests.erase(parts.tests.begin() + static_cast<ptrdiff_t>(access->test));
  }
  std::vector<RuleIndex::Column> built;
  built.reserve(columns.size());
  for (const auto& [field, values] : columns) built.push_back(BuildColumn(field, values));
  group.root = BuildBucket(root);
  group.columns = static_cast<uint32_t>(index_.columns_.size());
  group.column_count = static_cast<uint32_t>(built.size());
  index_.columns_.insert(index_.columns_.end(), built.begin(), built.end());
  return group;
}

RuleIndex::Column RuleIndexBuilder::BuildColumn(
    uint32_t field, const std::map<std::string, std::pair<Value, std::vector<Parts*>>>& values) {
  RuleIndex::Column column;
  column.field = field;
  column.reads_body = index_.fields_[field].reads_body;
  column.entries = static_cast<uint32_t>(index_.entries_.size());
  size_t room = 2;
  while (room < 2 * values.size()) room *= 2;
  column.mask = static_cast<uint32_t>(room - 1);
  index_.entries_.resize(index_.entries_.size() + room);
  for (const auto& [key, value_and_rules] : values) {
    const uint64_t hash = RuleIndex::HashOf(value_and_rules.first);
    uint64_t place = hash >> 1;
    while (index_.entries_[column.entries + (place & column.mask)].bucket != RuleIndex::kNone)
      ++place;
    const RuleIndex::Bucket bucket = BuildBucket(value_and_rules.second);
    index_.entries_[column.entries + (place & column.mask)] = {
        value_and_rules.first, hash, static_cast<uint32_t>(index_.buckets_.size())};
    index_.buckets_.push_back(bucket);
  }
  return column;
}

RuleIndexBuilder::Dimensions RuleIndexBuilder::DimensionsOf(const Parts& parts) {
  Dimensions dimensions;
  for (const Test& test : parts.tests) {
    if (!test.literal.is_number() || !(IsLower(test.op) || IsUpper(test.op))) continue;
    const std::pair<uint32_t, bool> dimension(test.field, IsUpper(test.op));
    if (dimensions.size() < kMaxDimensions &&
        std::find(dimensions.begin(), dimensions.end(), dimension) == dimensions.end()) {
      dimensions.push_back(dimension);
    }
  }
  std::sort(dimensions.begin(), dimensions.end());
  return dimensions;
}

// Of the rule's tests in this dimension, the first: one that must hold is enough.
double RuleIndexBuilder::BoundOf(const Parts& parts, const std::pair<uint32_t, bool>& dimension) {
  for (const Test& test : parts.tests) {
    const bool fits = test.field == dimension.first && test.literal.is_number() &&
                      (dimension.second ? IsUpper(test.op) : IsLower(test.op));
    if (fits) return dimension.second ? -test.literal.number() : test.literal.number();
  }
  assert(false);
  return 0;
}

RuleIndex::Bucket RuleIndexBuilder::BuildBucket(const std::vector<Parts*>& members) {
  std::map<Dimensions, std::vector<Parts*>> by_dimensions;
  for (Parts* const parts : members) by_dimensions[DimensionsOf(*parts)].push_back(parts);
  std::vector<RuleIndex::Segment> segments;
  segments.reserve(by_dimensions.size());
  for (const auto& [dimensions, rules] : by_dimensions)
    segments.push_back(BuildSegment(dimensions, rules));
  RuleIndex::Bucket bucket;
  bucket.segments = static_cast<uint32_t>(index_.segments_.size());
  bucket.segment_count = static_cast<uint32_t>(segments.size());
  index_.segments_.insert(index_.segments_.end(), segments.begin(), segments.end());
  return bucket;
}

RuleIndex::Segment RuleIndexBuilder::BuildSegment(const Dimensions& dimensions,
                                                  std::vector<Parts*> members) {
  RuleIndex::Segment segment;
  segment.rule_count = static_cast<uint32_t>(members.size());
  segment.rules = static_cast<uint32_t>(index_.rules_.size());
  segment.dimensions = static_cast<uint32_t>(index_.dimensions_.size());
  if (dimensions.empty() || members.size() <= kSmallSegment) {
    for (const Parts* const parts : members) {
      index_.rules_.push_back(parts->rule);
      PlaceChecks(*parts);
    }
    return segment;
  }
  segment.dimension_count = static_cast<uint32_t>(dimensions.size());
  for (const auto& dimension : dimensions) {
    std::stable_sort(members.begin(), members.end(), [&](const Parts* a, const Parts* b) {
      return BoundOf(*a, dimension) < BoundOf(*b, dimension);
    });
    index_.dimensions_.push_back({dimension.first, dimension.second,
                                  static_cast<uint32_t>(index_.bounds_.size()),
                                  static_cast<uint32_t>(index_.rules_.size())});
    segment.reads_body |= index_.fields_[dimension.first].reads_body;
    for (const Parts* const parts : members) {
      index_.bounds_.push_back(BoundOf(*parts, dimension));
      index_.rules_.push_back(parts->rule);
      PlaceChecks(*parts);
    }
  }
  return segment;
}

// In the order in which rules are first laid out, so that neighbours are checked together.
void RuleIndexBuilder::PlaceChecks(const Parts& parts) {
  if (placed_[parts.rule]) return;
  placed_[parts.rule] = true;
  RuleIndex::Checks& checks = index_.checks_[parts.rule];
  checks.tests = static_cast<uint32_t>(index_.tests_.size());
  checks.test_count = static_cast<uint16_t>(parts.tests.size());
  checks.conjuncts = static_cast<uint32_t>(index_.rule_conjuncts_.size());
  checks.conjunct_count = static_cast<uint16_t>(parts.conjuncts.size());
  index_.tests_.insert(index_.tests_.end(), parts.tests.begin(), parts.tests.end());
  index_.rule_conjuncts_.insert(index_.rule_conjuncts_.end(), parts.conjuncts.begin(),
                                parts.conjuncts.end());
}

RuleIndex BuildRuleIndex(std::span<const Rule> rules) { return RuleIndexBuilder(rules).Run(); }

}  // namespace sluice::compile
