#include "filters/language/json_paths.h"

#include <algorithm>

#include "filters/language/lexer.h"

namespace sluice::language {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

}  // namespace

std::optional<std::vector<PathStep>> ParsePath(std::string_view text, size_t* bad) {
  std::vector<PathStep> steps;
  size_t at = 0;
  const auto fail = [&](size_t offset) {
    if (bad != nullptr) *bad = std::min(offset, text.size());
    return std::nullopt;
  };
  while (true) {
    size_t end = at;
    while (end < text.size() && IsNameByte(text[end]) && text[end] != '.') ++end;
    PathStep step;
    step.key = std::string(text.substr(at, end - at));
    // A key of digits alone is no key; a star would be a wildcard, which there is none.
    if (step.key.empty() || AllDigits(step.key) || step.key == "*") return fail(at);
    if (end < text.size() && text[end] == '[') {
      const size_t close = text.find(']', end);
      if (close == std::string_view::npos) return fail(text.size());
      const std::string_view digits = text.substr(end + 1, close - end - 1);
      if (!AllDigits(digits) || digits.size() > 9) return fail(end + 1);
      uint32_t index = 0;
      for (char c : digits) index = index * 10 + static_cast<uint32_t>(c - '0');
      step.index = index;
      end = close + 1;
    }
    steps.push_back(std::move(step));
    if (steps.size() > kMaxPathSteps) return fail(at);
    if (end == text.size()) return steps;
    if (text[end] != '.') return fail(end);
    at = end + 1;
  }
}

JsonPaths::JsonPaths() : nodes_(1) {}

JsonPaths::Slot JsonPaths::Intern(std::span<const PathStep> path) {
  uint32_t node = 0;
  std::string text;
  for (const PathStep& step : path) {
    node = AddKey(node, step.key);
    if (!text.empty()) text += '.';
    text += step.key;
    if (!step.index) continue;
    node = AddIndex(node, *step.index);
    text += '[' + std::to_string(*step.index) + ']';
  }
  if (nodes_[node].slot == kNone) {
    nodes_[node].slot = static_cast<Slot>(texts_.size());
    texts_.push_back(std::move(text));
  }
  return nodes_[node].slot;
}

uint32_t JsonPaths::FindIndex(uint32_t parent, uint32_t index) const {
  for (uint32_t node = nodes_[parent].first_element; node != kNone;
       node = nodes_[node].next_element) {
    if (nodes_[node].index >= index) return nodes_[node].index == index ? node : kNone;
  }
  return kNone;
}

uint32_t JsonPaths::AddKey(uint32_t parent, const std::string& key) {
  const uint32_t found = FindKey(parent, key, key.data() + key.size());
  if (found != kNone) return found;
  const uint32_t node = AddNode(parent);
  nodes_[parent].has_keys = true;
  keys_.Add(parent, key, node);
  return node;
}

uint32_t JsonPaths::AddIndex(uint32_t parent, uint32_t index) {
  if (const uint32_t found = FindIndex(parent, index); found != kNone) return found;
  const auto node = AddNode(parent);
  nodes_[node].index = index;
  // In order of index, so that a reader passes them as it passes the elements.
  uint32_t* link = &nodes_[parent].first_element;
  while (*link != kNone && nodes_[*link].index < index) link = &nodes_[*link].next_element;
  nodes_[node].next_element = *link;
  *link = node;
  return node;
}

uint32_t JsonPaths::AddNode(uint32_t parent) {
  Node node;
  node.parent = parent;
  node.depth = nodes_[parent].depth + 1;
  nodes_.push_back(node);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

}  // namespace sluice::language
