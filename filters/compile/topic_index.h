// All topic patterns of a program as a tree of levels: which ones a topic is of, in one walk.
//
// Patterns that select the same topics have one number, whatever their levels are called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/topic_pattern.h"

namespace sluice::compile {

class TopicIndex {
 public:
  // What a walk needs of memory; reused, it allocates only to grow.
  struct Scratch {
    std::vector<uint32_t> here;
    std::vector<uint32_t> next;
  };

  // The pattern's number; numbers count from 0 in the order patterns are first added.
  uint32_t Add(const TopicPattern& pattern);

  bool empty() const { return patterns_ == 0; }

  // Appends the numbers of all patterns that match, each once. `levels` as SplitTopic gives them.
  void Find(std::span<const std::string_view> levels, Scratch* scratch,
            std::vector<uint32_t>* found) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Node {
    uint32_t any = kNone;    // the child for +
    uint32_t ends = kNone;   // the pattern that ends here
    uint32_t below = kNone;  // the pattern that ends here in #
    bool has_names = false;  // children for levels with a name
  };
  // A child for a level with a name. All of them are one hash table with open addressing, at most
  // half full.
  struct Child {
    uint64_t hash = 0;  // of the name and the parent
    uint32_t parent = kNone;
    uint32_t node = kNone;  // none: free
    std::string name;
  };

  static uint64_t HashOf(uint32_t parent, uint64_t name_hash);
  uint32_t NewNode();
  uint32_t FindChild(uint32_t parent, std::string_view name, uint64_t name_hash) const;
  uint32_t AddChild(uint32_t parent, const std::string& name);
  void Enter(Child child);

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Child> children_ = std::vector<Child>(2);
  size_t child_count_ = 0;
  uint32_t patterns_ = 0;
};

}  // namespace sluice::compile
