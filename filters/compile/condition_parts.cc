#include "filters/compile/condition_parts.h"

#include <algorithm>
#include <utility>

#include "filters/compile/node_key.h"
#include "filters/compile/program.h"
#include "filters/language/comparison.h"
#include "filters/language/functions.h"
#include "filters/language/system_names.h"

namespace sluice::compile {

using language::Node;
using language::NodeId;
using language::Op;
using language::Profile;
using language::StaticType;
using language::Value;

namespace {

// Leaves whose value stays where it is while a message is judged.
bool IsFieldLeaf(const Node& node) {
  switch (node.op) {
    case Op::kSystem:
    case Op::kSystemOrProperty:
    case Op::kPropertyOrSystem:
      // Its text is made on request.
      return node.system() == nullptr ||
             node.system()->derived != language::SystemName::Derived::kEnqueuedTime;
    case Op::kProperty:
    case Op::kBody:
    case Op::kPropertyOrBody:
    case Op::kTopic:
    case Op::kTopicLevel:
    case Op::kDevice:
    case Op::kNow:
      return true;
    default:
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

// What starts_with, ends_with and contains look for.
std::optional<Needle> NeedleOf(std::string_view function, std::string_view text) {
  if (text.empty()) return std::nullopt;
  Needle needle;
  needle.text = text;
  if (function == "starts_with") {
    needle.at_start = true;
  } else if (function == "ends_with") {
    needle.at_end = true;
  } else if (function != "contains") {
    return std::nullopt;
  }
  return needle;
}

}  // namespace

std::vector<Item> ConditionParts::TakeApart(uint16_t rule) {
  std::vector<Item> items;
  if (!rules_[rule].where) return items;
  rule_ = rule;
  tree_ = &rules_[rule].where->tree();
  AddItems(tree_->root_id(), false, &items);
  return items;
}

// Whether the node, an AND or an OR, is true (false, if negated) if and only if all of its children
// are; or, where `op` is kOr, one of them is.
//
// The word null has rules of its own: what it stands in stays whole. edgeHub joins a bare value
// from the body with its right neighbour only where both are booleans, so that neither decides
// alone.
bool ConditionParts::IsSplit(const Node& node, bool is_negated, Op op) const {
  if (node.op != Op::kAnd && node.op != Op::kOr) return false;
  if (((node.op == op) == is_negated) || node.type == StaticType::kNull) return false;
  const auto children = tree_->children_of(node);
  if (std::any_of(children.begin(), children.end(),
                  [&](NodeId child) { return tree_->node(child).type == StaticType::kNull; })) {
    return false;
  }
  return op == Op::kAnd || rules_[rule_].where->profile() != Profile::kEdgeHub ||
         tree_->node(children[0]).type != StaticType::kDynamic;
}

void ConditionParts::AddItems(NodeId id, bool is_negated, std::vector<Item>* items) {
  const Node& node = tree_->node(id);
  const auto children = tree_->children_of(node);
  if (node.op == Op::kNot && tree_->node(children[0]).type != StaticType::kNull)
    return AddItems(children[0], !is_negated, items);
  if (!IsSplit(node, is_negated, Op::kAnd)) {
    items->push_back(MakeItem(id, is_negated));
    return;
  }
  for (const NodeId child : children) AddItems(child, is_negated, items);
}

Item ConditionParts::MakeItem(NodeId id, bool is_negated) {
  const Node& node = tree_->node(id);
  Item item;
  item.node = id;
  item.is_negated = is_negated;
  if (IsSplit(node, is_negated, Op::kOr)) {
    AddAlternatives(node, &item);
  } else if (IsComparison(node.op)) {
    AddTest(node, &item);
  } else if (IsFieldLeaf(node)) {  // a value from the body that is a condition by itself
    item.test = RuleIndex::Test{Value::Bool(!is_negated), *AsField(id), Op::kEqual};
  } else if (!is_negated) {
    AddTextMatch(node, &item);
  }
  if (item.test && item.test->op == Op::kEqual)
    item.equality = Equality{item.test->field, {item.test->literal}};
  return item;
}

// A leaf, or a number made of leaves, such as as_number(p).
std::optional<uint32_t> ConditionParts::AsField(NodeId id) {
  const Node& node = tree_->node(id);
  const bool is_number = node.type == StaticType::kNumber && node.op != Op::kConstant;
  if (!IsFieldLeaf(node) && (!is_number || ReadsTwin(*tree_, id))) return std::nullopt;
  const auto [entry, is_new] =
      numbers_.emplace(NodeKey(*tree_, id), static_cast<uint32_t>(fields_.size()));
  if (is_new) {
    RuleIndex::Field field{{rule_, ReadsBody(*tree_, id), id}};
    // edgeHub sees some members otherwise than they stand in the body.
    if (node.op == Op::kBody && rules_[rule_].where->profile() == Profile::kDefault)
      field.body_slot = node.slot;
    fields_.push_back(field);
  }
  return entry->second;
}

void ConditionParts::AddTest(const Node& node, Item* item) {
  const auto children = tree_->children_of(node);
  const bool mirrored = IsLiteral(tree_->node(children[0]));
  const Node& literal = tree_->node(children[mirrored ? 0 : 1]);
  if (!IsLiteral(literal)) return;
  const std::optional<uint32_t> field = AsField(children[mirrored ? 1 : 0]);
  if (!field) return;
  const Op op = item->is_negated ? language::Opposite(node.op) : node.op;
  item->test = RuleIndex::Test{literal.constant, *field, mirrored ? language::Mirrored(op) : op};
}

void ConditionParts::AddTextMatch(const Node& node, Item* item) {
  const auto children = tree_->children_of(node);
  TextMatch match;
  if (node.op == Op::kRegexMatch) {
    match.pattern = node.text();
    match.literals = AnalysePattern(node.text());
  } else if (node.op == Op::kCall && children.size() == 2) {
    const Value& argument = tree_->node(children[1]).constant;
    if (tree_->node(children[1]).op != Op::kConstant || !argument.is_string()) return;
    std::optional<Needle> needle = NeedleOf(node.function()->name, argument.string());
    if (!needle) return;
    match.literals.alternatives.push_back({{std::move(*needle)}, true});
  } else {
    return;
  }
  if (!IsFieldLeaf(tree_->node(children[0]))) return;
  if (match.literals.alternatives.empty() && !match.literals.suits_set) return;
  match.field = *AsField(children[0]);
  item->text = std::move(match);
}

// a = 'x' OR a = 'y' is an equality, too.
void ConditionParts::AddAlternatives(const Node& node, Item* item) {
  for (const NodeId child : tree_->children_of(node)) {
    std::vector<Item>& items = item->either.emplace_back();
    AddItems(child, item->is_negated, &items);
    // An OR in an OR is one OR.
    if (items.size() == 1 && !items[0].either.empty()) {
      std::vector<std::vector<Item>> inner = std::move(items[0].either);
      item->either.pop_back();
      std::move(inner.begin(), inner.end(), std::back_inserter(item->either));
    }
  }
  Equality equality;
  for (const std::vector<Item>& items : item->either) {
    if (items.size() != 1 || !items[0].equality) return;
    const Equality& part = *items[0].equality;
    if (!equality.values.empty() && part.field != equality.field) return;
    equality.field = part.field;
    for (const Value& value : part.values) {
      const bool twice =
          std::any_of(equality.values.begin(), equality.values.end(),
                      [&](const Value& other) { return RuleIndex::Same(value, other); });
      if (!twice) equality.values.push_back(value);
    }
  }
  item->equality = std::move(equality);
  item->either.clear();
}

}  // namespace sluice::compile
