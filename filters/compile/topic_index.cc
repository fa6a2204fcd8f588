#include "filters/compile/topic_index.h"

#include <utility>

#include "filters/compile/text_hash.h"

namespace sluice::compile {

uint64_t TopicIndex::HashOf(uint32_t parent, uint64_t name_hash) {
  return MixBits(name_hash + parent);
}

uint32_t TopicIndex::NewNode() {
  nodes_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t TopicIndex::FindChild(uint32_t parent, std::string_view name, uint64_t name_hash) const {
  const uint64_t hash = HashOf(parent, name_hash);
  for (uint64_t place = hash;; ++place) {
    const Child& child = children_[place & (children_.size() - 1)];
    if (child.node == kNone) return kNone;
    if (child.hash == hash && child.parent == parent && child.name == name) return child.node;
  }
}

uint32_t TopicIndex::AddChild(uint32_t parent, const std::string& name) {
  if (2 * ++child_count_ > children_.size()) {
    std::vector<Child> old(2 * children_.size());
    std::swap(old, children_);
    for (Child& child : old) {
      if (child.node != kNone) Enter(std::move(child));
    }
  }
  const uint32_t node = NewNode();
  nodes_[parent].has_names = true;
  Enter({HashOf(parent, HashText(name)), parent, node, name});
  return node;
}

void TopicIndex::Enter(Child child) {
  uint64_t place = child.hash;
  while (children_[place & (children_.size() - 1)].node != kNone) ++place;
  children_[place & (children_.size() - 1)] = std::move(child);
}

uint32_t TopicIndex::Add(const TopicPattern& pattern) {
  uint32_t at = 0;
  for (const TopicPattern::Level& level : pattern.levels()) {
    uint32_t child = level.any ? nodes_[at].any : FindChild(at, level.text, HashText(level.text));
    if (child == kNone) {
      child = level.any ? NewNode() : AddChild(at, level.text);
      if (level.any) nodes_[at].any = child;
    }
    at = child;
  }
  uint32_t& number = pattern.and_below() ? nodes_[at].below : nodes_[at].ends;
  if (number == kNone) number = patterns_++;
  return number;
}

void TopicIndex::Find(std::span<const std::string_view> levels, Scratch* scratch,
                      std::vector<uint32_t>* found) const {
  if (patterns_ == 0) return;
  // [MQTT-4.7.2-1] No wildcard at the start of a pattern selects a topic that begins with a dollar.
  const bool dollar = levels[0].starts_with('$');
  scratch->here.assign(1, 0);
  for (size_t depth = 0; !scratch->here.empty(); ++depth) {
    const bool wildcards = depth > 0 || !dollar;
    uint64_t hash = 0;
    bool is_hashed = false;
    scratch->next.clear();
    for (const uint32_t at : scratch->here) {
      const Node& node = nodes_[at];
      if (node.below != kNone && wildcards) found->push_back(node.below);
      if (depth == levels.size()) {
        if (node.ends != kNone) found->push_back(node.ends);
        continue;
      }
      if (node.any != kNone && wildcards) scratch->next.push_back(node.any);
      if (!node.has_names) continue;
      if (!is_hashed) hash = HashText(levels[depth]);
      is_hashed = true;
      const uint32_t child = FindChild(at, levels[depth], hash);
      if (child != kNone) scratch->next.push_back(child);
    }
    std::swap(scratch->here, scratch->next);
    if (depth == levels.size()) break;
  }
}

}  // namespace sluice::compile
