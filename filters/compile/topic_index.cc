#include "filters/compile/topic_index.h"

#include <utility>

namespace sluice::compile {

uint32_t TopicIndex::NewNode() {
  nodes_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t TopicIndex::Add(const TopicPattern& pattern) {
  uint32_t at = 0;
  for (const TopicPattern::Level& level : pattern.levels()) {
    uint32_t child = nodes_[at].any;
    if (!level.any) {
      const auto found = nodes_[at].children.find(level.text);
      child = found == nodes_[at].children.end() ? kNone : found->second;
    }
    if (child == kNone) {
      child = NewNode();
      if (level.any) {
        nodes_[at].any = child;
      } else {
        nodes_[at].children.emplace(level.text, child);
      }
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
    scratch->next.clear();
    for (const uint32_t at : scratch->here) {
      const Node& node = nodes_[at];
      if (node.below != kNone && wildcards) found->push_back(node.below);
      if (depth == levels.size()) {
        if (node.ends != kNone) found->push_back(node.ends);
        continue;
      }
      if (node.any != kNone && wildcards) scratch->next.push_back(node.any);
      if (node.children.empty()) continue;
      const auto child = node.children.find(levels[depth]);
      if (child != node.children.end()) scratch->next.push_back(child->second);
    }
    std::swap(scratch->here, scratch->next);
    if (depth == levels.size()) break;
  }
}

}  // namespace sluice::compile
