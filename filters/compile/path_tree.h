// The paths of a `select` or `redact` as a tree, walked beside a body.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "filters/language/json_paths.h"

namespace sluice::compile {

class PathTree {
 public:
  struct Node {
    bool is_end = false;  // a path ends here: all below is meant, too
    std::vector<std::pair<std::string, uint32_t>> members;  // name and node, in the order written
    std::vector<std::pair<uint32_t, uint32_t>> elements;    // index and node, in the order written
  };

  PathTree() : nodes_(1) {}

  void Add(std::span<const language::PathStep> path);

  bool empty() const { return nodes_.size() == 1; }
  const Node& root() const { return nodes_[0]; }
  const Node& node(uint32_t index) const { return nodes_[index]; }

 private:
  uint32_t Member(uint32_t parent, const std::string& name);
  uint32_t Element(uint32_t parent, uint32_t index);

  std::vector<Node> nodes_;
};

}  // namespace sluice::compile
