#include "filters/compile/path_tree.h"

namespace sluice::compile {

void PathTree::Add(std::span<const language::PathStep> path) {
  uint32_t node = 0;
  for (const language::PathStep& step : path) {
    node = Member(node, step.key);
    if (step.index) node = Element(node, *step.index);
  }
  nodes_[node].is_end = true;
}

uint32_t PathTree::Member(uint32_t parent, const std::string& name) {
  for (const auto& [other, node] : nodes_[parent].members) {
    if (other == name) return node;
  }
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_[parent].members.emplace_back(name, node);
  nodes_.emplace_back();
  return node;
}

uint32_t PathTree::Element(uint32_t parent, uint32_t index) {
  for (const auto& [other, node] : nodes_[parent].elements) {
    if (other == index) return node;
  }
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_[parent].elements.emplace_back(index, node);
  nodes_.emplace_back();
  return node;
}

}  // namespace sluice::compile
