// A YAML document as a tree in which every value knows its place: the one place where yaml-cpp is
// used.
//
// What the tree may cost is bounded before it is built: bytes, depth, values (aliases counted as
// what they stand for). Tags, several documents in one file and keys that are no text are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"

namespace sluice::config {

inline constexpr size_t kMaxFileBytes = 16 << 20;
inline constexpr size_t kMaxDepth = 24;
inline constexpr size_t kMaxNodes = 1'000'000;

struct Member;

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;       // of a scalar
  bool quoted = false;    // of a scalar: quoted, or a block
  bool verbatim = false;  // of a scalar: stands in the file as it is, on one line, from place on
  Place place;            // of a quoted scalar that is verbatim: behind its quote
  std::vector<YamlNode> items;
  std::vector<Member> members;  // in the order written, duplicates included
};

struct Member {
  YamlNode name;
  YamlNode value;
};

// Reads `text`; what is wrong goes to `diagnostics` (whose source the caller has set). An empty
// document is kNull.
std::optional<YamlNode> ParseDocument(const std::string& text, Diagnostics& diagnostics);

// "a list", "text": for messages.
const char* Describe(YamlNode::Kind kind);

}  // namespace sluice::config
