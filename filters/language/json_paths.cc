#include "filters/language/json_paths.h"

#include <algorithm>
#include <cstring>

#include "filters/language/lexer.h"

namespace sluice::language {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

uint64_t Load(const char* bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

// Eight bytes a step: every key of a document is looked up. Only keys that some rule names are in
// the table, so that nobody but the rules' author can make it cluster.
uint64_t Hash(uint32_t parent, std::string_view key) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t hash = (key.size() + parent) * kMultiplier;
  const char* at = key.data();
  size_t left = key.size();
  for (; left > 8; left -= 8, at += 8) {
    hash = (hash ^ Load(at, 8)) * kMultiplier;
    hash ^= hash >> 32;
  }
  if (left >= 4) {
    hash ^= Load(at, 4) | Load(at + left - 4, 4) << 32;
  } else if (left > 0) {
    hash ^= Load(at, 1) | Load(at + left / 2, 1) << 8 | Load(at + left - 1, 1) << 16;
  }
  hash *= kMultiplier;
  return hash ^ hash >> 32;
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

JsonPaths::JsonPaths() : nodes_(1), table_(16, kNone) {}

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

uint32_t JsonPaths::FindKey(uint32_t parent, std::string_view key) const {
  const size_t mask = table_.size() - 1;
  for (size_t i = Hash(parent, key) & mask; table_[i] != kNone; i = (i + 1) & mask) {
    const Node& node = nodes_[table_[i]];
    if (node.parent == parent && node.key == key) return table_[i];
  }
  return kNone;
}

uint32_t JsonPaths::FindIndex(uint32_t parent, uint32_t index) const {
  for (uint32_t node = nodes_[parent].first_element; node != kNone;
       node = nodes_[node].next_element) {
    if (nodes_[node].index >= index) return nodes_[node].index == index ? node : kNone;
  }
  return kNone;
}

uint32_t JsonPaths::AddKey(uint32_t parent, const std::string& key) {
  if (const uint32_t found = FindKey(parent, key); found != kNone) return found;
  const auto node = AddNode(parent);
  nodes_[node].key = key;
  nodes_[parent].has_keys = true;
  if (++keys_ * 2 > table_.size()) {
    table_.assign(table_.size() * 2, kNone);
    for (uint32_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].is_key()) Enter(i);
    }
  } else {
    Enter(node);
  }
  return node;
}

void JsonPaths::Enter(uint32_t node) {
  const size_t mask = table_.size() - 1;
  size_t i = Hash(nodes_[node].parent, nodes_[node].key) & mask;
  while (table_[i] != kNone) i = (i + 1) & mask;
  table_[i] = node;
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
  nodes_.push_back(std::move(node));
  return static_cast<uint32_t>(nodes_.size() - 1);
}

}  // namespace sluice::language
