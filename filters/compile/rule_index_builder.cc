// Builds a RuleIndex: groups rules by topic, has their conditions taken apart and the way to each
// planned, lays the arrays out.
#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "filters/compile/access_plan.h"
#include "filters/compile/bucket_builder.h"
#include "filters/compile/condition_parts.h"
#include "filters/compile/node_key.h"
#include "filters/compile/program.h"
#include "filters/compile/rule_index.h"

namespace sluice::compile {

using language::SyntaxTree;
using language::Value;

class RuleIndexBuilder {
 public:
  explicit RuleIndexBuilder(std::span<const Rule> rules)
      : rules_(rules), parts_(rules, &index_.fields_), buckets_(&index_) {}

  RuleIndex Run();

 private:
  // Of one topic pattern: its rules, then its clauses by how they are reached.
  struct GroupPlan {
    std::vector<uint16_t> rules;
    std::vector<PlannedClause> clauses;
    std::vector<uint32_t> numbers;  // of the clauses
  };
  // Clauses that ask for one value, or for one text.
  template <typename Wanted>
  struct Reached {
    Wanted wanted;
    std::vector<uint32_t> clauses;
  };
  // What clauses look for in the text of one field.
  struct Texts {
    std::map<std::string, Reached<TextIndex::Entry>> needles;
    std::map<std::string, Reached<uint32_t>> patterns;  // and their conjuncts
  };
  using Values = std::map<std::string, Reached<Value>>;

  void GroupByTopic();
  void NoteRule(uint16_t rule);
  void PlanGroup(GroupPlan* plan);
  void PlaceClauses();
  uint32_t PlaceClause(const PlannedClause& planned);
  uint32_t NumberOfConjunct(uint16_t rule, language::NodeId node);
  RuleIndex::Group BuildGroup(const GroupPlan& plan);
  RuleIndex::Column BuildColumn(uint32_t field, const Values& values);
  RuleIndex::TextColumn BuildTextColumn(uint32_t field, const Texts& texts);
  uint32_t AddBucket(const std::vector<uint32_t>& clauses);

  const std::span<const Rule> rules_;
  RuleIndex index_;
  ConditionParts parts_;
  BucketBuilder buckets_;
  std::vector<std::vector<Item>> items_;  // by rule
  std::vector<GroupPlan> plans_;
  std::unordered_map<std::string, uint32_t> conjuncts_;
};

RuleIndex RuleIndexBuilder::Run() {
  GroupByTopic();
  for (GroupPlan& plan : plans_) PlanGroup(&plan);
  PlaceClauses();
  for (const GroupPlan& plan : plans_) index_.groups_.push_back(BuildGroup(plan));
  index_.ShrinkToFit();
  return std::move(index_);
}

void RuleIndexBuilder::GroupByTopic() {
  items_.resize(rules_.size());
  GroupPlan everywhere;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const auto rule = static_cast<uint16_t>(i);
    NoteRule(rule);
    if (!rules_[i].takes_devices) continue;
    GroupPlan* plan = &everywhere;
    if (rules_[i].from) {
      const uint32_t number = index_.topics_.Add(*rules_[i].from);
      if (number == plans_.size()) plans_.emplace_back();
      plan = &plans_[number];
    }
    plan->rules.push_back(rule);
  }
  plans_.push_back(std::move(everywhere));
}

void RuleIndexBuilder::NoteRule(uint16_t rule) {
  const auto& where = rules_[rule].where;
  index_.all_of_body_.push_back(where && IsAllOfBody(where->tree(), where->tree().root_id()));
  items_[rule] = parts_.TakeApart(rule);
}

void RuleIndexBuilder::PlanGroup(GroupPlan* plan) {
  AccessPlanner planner;
  for (const uint16_t rule : plan->rules) planner.Count(items_[rule]);
  for (const uint16_t rule : plan->rules) planner.Plan(rule, items_[rule], &plan->clauses);
  plan->numbers.resize(plan->clauses.size());
}

// In the order of the rules, whatever their topics are.
void RuleIndexBuilder::PlaceClauses() {
  std::vector<std::pair<const PlannedClause*, uint32_t*>> all;
  for (GroupPlan& plan : plans_) {
    for (size_t i = 0; i < plan.clauses.size(); ++i)
      all.emplace_back(&plan.clauses[i], &plan.numbers[i]);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first->rule < b.first->rule; });
  index_.clauses_.reserve(all.size());
  for (const auto& [clause, number] : all) *number = PlaceClause(*clause);
}

uint32_t RuleIndexBuilder::PlaceClause(const PlannedClause& planned) {
  RuleIndex::Clause clause;
  clause.rule = planned.rule;
  clause.tests = static_cast<uint32_t>(index_.tests_.size());
  clause.conjuncts = static_cast<uint32_t>(index_.conjuncts_.size());
  for (const Item* const item : planned.items) {
    if (item->test) {
      index_.tests_.push_back(*item->test);
      ++clause.test_count;
    } else {
      index_.conjuncts_.push_back({NumberOfConjunct(planned.rule, item->node), item->is_negated});
      ++clause.conjunct_count;
    }
  }
  index_.clauses_.push_back(clause);
  return static_cast<uint32_t>(index_.clauses_.size() - 1);
}

uint32_t RuleIndexBuilder::NumberOfConjunct(uint16_t rule, language::NodeId node) {
  const SyntaxTree& tree = rules_[rule].where->tree();
  const auto [entry, is_new] = conjuncts_.emplace(
      NodeKey(tree, node), static_cast<uint32_t>(index_.conjunct_places_.size()));
  if (is_new) index_.conjunct_places_.push_back({rule, ReadsBody(tree, node), node});
  return entry->second;
}

RuleIndex::Group RuleIndexBuilder::BuildGroup(const GroupPlan& plan) {
  RuleIndex::Group group;
  for (const uint16_t number : plan.rules) {
    const Rule& rule = rules_[number];
    group.rule = number;
    if (rule.where && rule.where->reads_body() && group.first_body_rule == RuleIndex::kNone)
      group.first_body_rule = number;
    if ((rule.drop || rule.final_rule) && group.first_ending_rule == RuleIndex::kNone)
      group.first_ending_rule = number;
  }
  std::map<uint32_t, Values> columns;
  std::map<uint32_t, Texts> texts;
  std::vector<uint32_t> root;
  std::vector<uint16_t> open;
  for (size_t i = 0; i < plan.clauses.size(); ++i) {
    const Access& access = plan.clauses[i].access;
    const uint32_t clause = plan.numbers[i];
    const uint16_t rule = plan.clauses[i].rule;
    const bool is_open =
        access.kind == Access::Kind::kAlways || index_.fields_[access.field].reads_body;
    if (is_open && (open.empty() || open.back() != rule)) open.push_back(rule);
    if (access.kind == Access::Kind::kAlways) root.push_back(clause);
    for (const Value& value : access.values) {
      auto& reached = columns[access.field][ValueKey(value)];
      reached.wanted = value;
      reached.clauses.push_back(clause);
    }
    for (const TextIndex::Entry& entry : access.needles) {
      const Needle& needle = entry.needle;
      const char flags =
          static_cast<char>(needle.at_start + 2 * needle.at_end + 4 * needle.any_case);
      const auto* const next = reinterpret_cast<const char*>(needle.next.words);
      auto& reached =
          texts[access.field]
              .needles[needle.text + flags + std::string(next, sizeof(needle.next.words))];
      reached.wanted = entry;
      // Two alternatives may have one needle.
      if (reached.clauses.empty() || reached.clauses.back() != clause)
        reached.clauses.push_back(clause);
    }
    if (access.kind == Access::Kind::kPattern) {
      auto& reached = texts[access.field].patterns[std::string(access.pattern)];
      reached.wanted = NumberOfConjunct(rule, access.pattern_node);
      reached.clauses.push_back(clause);
    }
  }
  group.open_rules = static_cast<uint32_t>(index_.open_rules_.size());
  group.open_rule_count = static_cast<uint32_t>(open.size());
  index_.open_rules_.insert(index_.open_rules_.end(), open.begin(), open.end());
  group.root = buckets_.Build(root);
  group.columns = static_cast<uint32_t>(index_.columns_.size());
  group.column_count = static_cast<uint32_t>(columns.size());
  for (const auto& [field, values] : columns) index_.columns_.push_back(BuildColumn(field, values));
  group.text_columns = static_cast<uint32_t>(index_.text_columns_.size());
  group.text_column_count = static_cast<uint32_t>(texts.size());
  for (const auto& [field, wanted] : texts)
    index_.text_columns_.push_back(BuildTextColumn(field, wanted));
  return group;
}

uint32_t RuleIndexBuilder::AddBucket(const std::vector<uint32_t>& clauses) {
  index_.buckets_.push_back(buckets_.Build(clauses));
  return static_cast<uint32_t>(index_.buckets_.size() - 1);
}

RuleIndex::Column RuleIndexBuilder::BuildColumn(uint32_t field, const Values& values) {
  RuleIndex::Column column;
  column.field = field;
  column.reads_body = index_.fields_[field].reads_body;
  column.entries = static_cast<uint32_t>(index_.entries_.size());
  size_t room = 2;
  while (room < 2 * values.size()) room *= 2;
  column.mask = static_cast<uint32_t>(room - 1);
  index_.entries_.resize(index_.entries_.size() + room);
  for (const auto& [key, reached] : values) {
    const uint64_t hash = RuleIndex::HashOf(reached.wanted);
    uint64_t place = hash >> 1;
    while (index_.entries_[column.entries + (place & column.mask)].bucket != RuleIndex::kNone)
      ++place;
    index_.entries_[column.entries + (place & column.mask)] = {reached.wanted, hash,
                                                               AddBucket(reached.clauses)};
  }
  return column;
}

RuleIndex::TextColumn RuleIndexBuilder::BuildTextColumn(uint32_t field, const Texts& texts) {
  RuleIndex::TextColumn column;
  column.field = field;
  column.reads_body = index_.fields_[field].reads_body;
  column.buckets = static_cast<uint32_t>(index_.buckets_.size());
  std::vector<TextIndex::Entry> entries;
  std::vector<std::string> patterns;
  for (const auto& [key, reached] : texts.needles) {
    entries.push_back(reached.wanted);
    AddBucket(reached.clauses);
  }
  column.patterns = static_cast<uint32_t>(index_.pattern_places_.size());
  for (const auto& [pattern, reached] : texts.patterns) {
    patterns.push_back(pattern);
    index_.pattern_places_.push_back(reached.wanted);
    AddBucket(reached.clauses);
  }
  column.index = static_cast<uint32_t>(index_.texts_.size());
  index_.texts_.emplace_back(std::move(entries), std::move(patterns));
  return column;
}

RuleIndex BuildRuleIndex(std::span<const Rule> rules) { return RuleIndexBuilder(rules).Run(); }

}  // namespace sluice::compile
