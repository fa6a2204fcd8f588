#include "filters/compile/access_plan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "filters/compile/node_key.h"

namespace sluice::compile {

using language::Op;
using language::Value;

namespace {

constexpr size_t kMaxGrams = 64;  // of one needle that are counted
constexpr size_t kFewRules = 8;   // are looked at one by one

std::string Key(uint32_t field, std::string_view value) {
  std::string key(reinterpret_cast<const char*>(&field), sizeof(field));
  return key.append(value);
}

uint32_t GramOf(const TextIndex::Entry& entry) {
  uint32_t gram = 0;
  std::memcpy(&gram, entry.needle.text.data() + entry.gram_at, entry.gram_size);
  return gram;
}

// Calls with each gram a needle may be looked for by.
template <typename Call>
void ForEachGram(const Needle& needle, Call call) {
  TextIndex::Entry entry;
  entry.needle = needle;
  entry.gram_size = static_cast<uint32_t>(std::min(needle.text.size(), TextIndex::kGramBytes));
  const size_t grams = std::min(needle.text.size() - entry.gram_size + 1, kMaxGrams);
  for (entry.gram_at = 0; entry.gram_at < grams; ++entry.gram_at) call(entry);
}

bool HasBound(const std::vector<Item>& items) {
  return std::any_of(items.begin(), items.end(), IsBound);
}

}  // namespace

bool IsBound(const Item& item) {
  return item.test && item.test->literal.is_number() && item.test->op != Op::kEqual &&
         item.test->op != Op::kNotEqual;
}

void AccessPlanner::Count(const std::vector<Item>& items) {
  ++rules_;
  for (const Item& item : items) CountItem(item);
}

void AccessPlanner::CountItem(const Item& item) {
  if (item.equality) {
    for (const Value& value : item.equality->values)
      ++values_[Key(item.equality->field, ValueKey(value))];
  }
  if (item.text) {
    if (item.text->literals.suits_set) ++patterns_[Key(item.text->field, item.text->pattern)];
    for (const auto& alternative : item.text->literals.alternatives) {
      for (const Needle& needle : alternative.needles) {
        ForEachGram(needle,
                    [&](const TextIndex::Entry& entry) { ++GramCount(item.text->field, entry); });
      }
    }
  }
  for (const std::vector<Item>& items : item.either) {
    for (const Item& inner : items) CountItem(inner);
  }
}

uint32_t& AccessPlanner::GramCount(uint32_t field, const TextIndex::Entry& entry) {
  const uint64_t key = uint64_t{field} << 36 | uint64_t{entry.needle.any_case} << 35 |
                       uint64_t{entry.gram_size} << 32 | GramOf(entry);
  return grams_[key];
}

// Texts as short as these are met in most others.
size_t AccessPlanner::CostOfNeedle(uint32_t field, const TextIndex::Entry& entry) {
  const bool is_common = entry.gram_size < 3 && !entry.needle.at_start && !entry.needle.at_end;
  return 2 * size_t{GramCount(field, entry)} + 2 + (is_common ? rules_ / 4 : 0);
}

// Of each alternative the rarest needle, by its rarest gram.
size_t AccessPlanner::CostOfNeedles(const TextMatch& text, std::vector<TextIndex::Entry>* rarest) {
  if (text.literals.alternatives.empty()) return SIZE_MAX;
  size_t sum = 0;
  for (const auto& alternative : text.literals.alternatives) {
    size_t least = SIZE_MAX;
    TextIndex::Entry best;
    for (const Needle& needle : alternative.needles) {
      ForEachGram(needle, [&](const TextIndex::Entry& entry) {
        const size_t cost = CostOfNeedle(text.field, entry);
        if (cost >= least) return;
        least = cost;
        best = entry;
      });
    }
    sum += least;
    if (rarest != nullptr) rarest->push_back(std::move(best));
  }
  return sum;
}

size_t AccessPlanner::CostOfPattern(const TextMatch& text) const {
  if (!text.literals.suits_set) return SIZE_MAX;
  return 2 * size_t{patterns_.at(Key(text.field, text.pattern))} + 8;
}

AccessPlanner::Cost AccessPlanner::CostOf(const Item& item) {
  Cost cost;
  if (item.equality) {
    cost.rules = 0;
    for (const Value& value : item.equality->values)
      cost.rules += values_[Key(item.equality->field, ValueKey(value))];
  } else if (item.text) {
    cost.rules = std::min(CostOfNeedles(*item.text, nullptr), CostOfPattern(*item.text));
  } else if (IsBound(item)) {
    cost.rules = rules_ + 1;  // looked up in the root bucket
  } else if (!item.either.empty()) {
    cost = {0, 0};
    for (const std::vector<Item>& items : item.either) {
      Cost least;
      for (const Item& inner : items) {
        const Cost other = CostOf(inner);
        if (other.rules < least.rules) least = other;
      }
      if (least.rules == SIZE_MAX) return {};
      cost.rules += least.rules;
      cost.clauses += least.clauses;
    }
  }
  return cost;
}

void AccessPlanner::Plan(uint16_t rule, const std::vector<Item>& items,
                         std::vector<PlannedClause>* clauses) {
  rule_ = rule;
  clauses_ = clauses;
  first_clause_ = clauses->size();
  Items all;
  all.reserve(items.size());
  for (const Item& item : items) all.push_back(&item);
  Split(all);
}

bool AccessPlanner::HasRoomFor(size_t clauses) const {
  return clauses_->size() - first_clause_ + clauses <= kMaxClauses;
}

void AccessPlanner::Split(const Items& items) {
  Cost least;
  const Item* cheapest = nullptr;
  for (const Item* const item : items) {
    const Cost cost = CostOf(*item);
    if (cost.rules >= least.rules || (!item->either.empty() && !HasRoomFor(cost.clauses))) continue;
    least = cost;
    cheapest = item;
  }
  if (cheapest == nullptr || cheapest->either.empty()) return Reach(cheapest, items);
  for (const std::vector<Item>& alternative : cheapest->either) {
    Items inner;
    std::copy_if(items.begin(), items.end(), std::back_inserter(inner),
                 [&](const Item* item) { return item != cheapest; });
    for (const Item& item : alternative) inner.push_back(&item);
    Split(inner);
  }
}

// `access`: null, or one of the items.
void AccessPlanner::Reach(const Item* access, Items items) {
  PlannedClause clause;
  clause.rule = rule_;
  bool holds = false;  // where the clause has been reached
  if (access != nullptr && access->equality) {
    clause.access.kind = Access::Kind::kEqual;
    clause.access.field = access->equality->field;
    clause.access.values = access->equality->values;
    holds = true;
  } else if (access != nullptr && access->text) {
    const TextMatch& text = *access->text;
    clause.access.field = text.field;
    if (CostOfPattern(text) < CostOfNeedles(text, &clause.access.needles)) {
      clause.access.kind = Access::Kind::kPattern;
      clause.access.needles.clear();
      clause.access.pattern = text.pattern;
      clause.access.pattern_node = access->node;
    } else {
      clause.access.kind = Access::Kind::kNeedles;
      holds = std::all_of(text.literals.alternatives.begin(), text.literals.alternatives.end(),
                          [](const auto& alternative) { return alternative.is_exact; });
    }
  }
  if (holds) std::erase(items, access);
  clause.items = std::move(items);
  Finish(std::move(clause));
}

// An OR of bounds in a large bucket becomes a clause for each, so that they can be looked up.
void AccessPlanner::Finish(PlannedClause clause) {
  const Items& items = clause.items;
  const auto bounds = std::find_if(items.begin(), items.end(), [](const Item* item) {
    return !item->either.empty() && std::all_of(item->either.begin(), item->either.end(), HasBound);
  });
  const bool is_bounded =
      std::any_of(items.begin(), items.end(), [](const Item* item) { return IsBound(*item); });
  if (is_bounded || rules_ <= kFewRules || bounds == items.end() ||
      !HasRoomFor((*bounds)->either.size())) {
    clauses_->push_back(std::move(clause));
    return;
  }
  for (const std::vector<Item>& alternative : (*bounds)->either) {
    PlannedClause inner;
    inner.rule = clause.rule;
    inner.access = clause.access;
    std::copy_if(items.begin(), items.end(), std::back_inserter(inner.items),
                 [&](const Item* item) { return item != *bounds; });
    for (const Item& item : alternative) inner.items.push_back(&item);
    clauses_->push_back(std::move(inner));
  }
}

}  // namespace sluice::compile
