// The distinct members that a set of conditions reads from a JSON document, each with a slot of its
// own.
//
// Build it up while conditions are compiled; a reader made for it needs it whole and unchanged from
// then on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/key_table.h"

namespace sluice::language {

inline constexpr size_t kMaxPathSteps = 100;

// One step of a path: `key` or `key[index]`.
struct PathStep {
  std::string key;
  std::optional<uint32_t> index;

  friend bool operator==(const PathStep&, const PathStep&) = default;
};

// Parses what stands behind "$body." or "$twin.": step *( "." step ). `select` and `redact` are
// written so, too. Nothing where it is no path; then `*bad` (if not null) is the offset of the
// first byte at fault.
std::optional<std::vector<PathStep>> ParsePath(std::string_view text, size_t* bad);

// The paths as a tree: readers walk it beside the document.
class JsonPaths {
 public:
  using Slot = uint32_t;
  static constexpr uint32_t kNone = UINT32_MAX;

  // A place in the document that some path leads to or through. Node 0 is the document itself.
  struct Node {
    Slot slot = kNone;  // of the path that ends here
    uint32_t parent = kNone;
    uint32_t depth = 0;
    bool has_keys = false;           // whether any path goes on to a member
    uint32_t first_element = kNone;  // the elements that paths go on to, in order of index
    uint32_t next_element = kNone;   // of a node reached by index: its next sibling
    uint32_t index = kNone;          // which element it is
  };

  JsonPaths();

  // Equal paths get equal slots; slots count from 0.
  Slot Intern(std::span<const PathStep> path);

  size_t size() const { return texts_.size(); }
  const std::string& text(Slot slot) const { return texts_[slot]; }  // "pump.readings[2]"

  const std::vector<Node>& nodes() const { return nodes_; }
  // The node one step on, or kNone. Nothing at or behind `readable_end` is read, which is not
  // before the key's end.
  uint32_t FindKey(uint32_t parent, std::string_view key, const char* readable_end) const {
    return keys_.Find(parent, key, readable_end);
  }
  uint32_t FindIndex(uint32_t parent, uint32_t index) const;

 private:
  uint32_t AddKey(uint32_t parent, const std::string& key);
  uint32_t AddIndex(uint32_t parent, uint32_t index);
  uint32_t AddNode(uint32_t parent);

  std::vector<Node> nodes_;
  KeyTable keys_;
  std::vector<std::string> texts_;
};

// All that a set of conditions reads out of JSON.
struct FieldPaths {
  JsonPaths body;
  JsonPaths twin;
};

}  // namespace sluice::language
