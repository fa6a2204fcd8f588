#include "config/document.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

namespace sluice::config {
namespace {

// Builds the tree out of yaml-cpp's events. After the first error it ignores the rest: events
// cannot be stopped.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, Diagnostics& diagnostics) : diagnostics_(diagnostics) {
    for (size_t from = 0; from <= text.size();) {
      const size_t end = std::min(text.find('\n', from), text.size());
      lines_.push_back(text.substr(from, end - from));
      from = end + 1;
    }
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.place = PlaceOf(mark);
    Complete(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!CheckTag(mark, tag)) return;
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    node.place = PlaceOf(mark);
    Locate(node);
    Complete(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      return Fail(PlaceOf(mark), "an alias cannot stand inside what it names");
    }
    Charge(PlaceOf(mark), found->second.second);
    if (!failed_) Complete(YamlNode(found->second.first), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  bool failed() const { return failed_; }
  YamlNode TakeRoot() { return std::move(root_); }

 private:
  struct Container {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;  // of a map: read, its value not yet
  };

  static Place PlaceOf(const YAML::Mark& mark) {
    return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1), 1};
  }

  void Fail(Place place, std::string message) {
    if (!failed_) diagnostics_.Error(place, "", std::move(message));
    failed_ = true;
  }

  bool CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return true;
    Fail(PlaceOf(mark), "tags (!…) are not supported");
    return false;
  }

  // Every value costs one, and copies of an anchored one as much as it holds.
  void Charge(Place place, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) Fail(place, fmt::format("more than {} values in one file", kMaxNodes));
  }

  // Whether the file says just this text at this place, and how long it is there.
  void Locate(YamlNode& node) {
    if (node.place.line > lines_.size()) return;
    const std::string_view line = lines_[node.place.line - 1];
    size_t at = node.place.column - 1;
    if (node.quoted && at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
    node.verbatim = at <= line.size() && !node.text.empty() &&
                    node.text.find('\n') == std::string::npos &&
                    line.substr(at).starts_with(node.text);
    if (!node.verbatim) return;
    node.place.column = static_cast<uint32_t>(at + 1);
    node.place.length = static_cast<uint32_t>(node.text.size());
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (failed_ || !CheckTag(mark, tag)) return;
    if (stack_.size() == kMaxDepth) {
      return Fail(PlaceOf(mark), fmt::format("nested deeper than {} levels", kMaxDepth));
    }
    Container container;
    container.node.kind = kind;
    container.node.place = PlaceOf(mark);
    container.anchor = anchor;
    stack_.push_back(std::move(container));
  }

  void Close() {
    if (failed_) return;
    Container done = std::move(stack_.back());
    stack_.pop_back();
    Complete(std::move(done.node), done.anchor);
  }

  static size_t CountNodes(const YamlNode& node) {
    size_t count = 1;
    for (const YamlNode& item : node.items) count += CountNodes(item);
    for (const auto& [key, value] : node.members) count += CountNodes(key) + CountNodes(value);
    return count;
  }

  void Complete(YamlNode node, YAML::anchor_t anchor) {
    if (failed_) return;
    Charge(node.place, 1);
    if (anchor != 0) {
      const size_t count = CountNodes(node);
      Charge(node.place, count);
      if (!failed_) anchored_[anchor] = {node, count};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Container& parent = stack_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.key) {
      parent.node.members.push_back({*std::move(parent.key), std::move(node)});
      parent.key.reset();
    } else if (node.kind != YamlNode::Kind::kScalar) {
      Fail(node.place, fmt::format("a key must be text, not {}", Describe(node.kind)));
    } else {
      parent.key = std::move(node);
    }
  }

  Diagnostics& diagnostics_;
  std::vector<std::string_view> lines_;
  std::vector<Container> stack_;
  std::map<YAML::anchor_t, std::pair<YamlNode, size_t>> anchored_;
  YamlNode root_;
  size_t nodes_ = 0;
  bool failed_ = false;
};

bool CheckText(const std::string& text, Diagnostics& diagnostics) {
  if (text.size() > kMaxFileBytes) {
    diagnostics.Error({}, "", fmt::format("larger than {} MiB", kMaxFileBytes >> 20));
    return false;
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    diagnostics.Error({}, "", "not UTF-8 text");
    return false;
  }
  const size_t nul = text.find('\0');
  if (nul != std::string::npos) {
    const auto line = static_cast<uint32_t>(
        1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(nul), '\n'));
    diagnostics.Error({line, 1, 1}, "", "a NUL byte, which no text has");
    return false;
  }
  return true;
}

}  // namespace

const char* Describe(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "";
}

std::optional<YamlNode> ParseDocument(const std::string& text, Diagnostics& diagnostics) {
  if (!CheckText(text, diagnostics)) return std::nullopt;
  TreeBuilder builder(text, diagnostics);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    TreeBuilder rest(text, diagnostics);
    if (!builder.failed() && parser.HandleNextDocument(rest)) {
      diagnostics.Error({}, "", "more than one YAML document in the file");
      return std::nullopt;
    }
  } catch (const YAML::Exception& error) {
    const bool placed = !error.mark.is_null();
    const Place place = placed ? Place{static_cast<uint32_t>(error.mark.line + 1),
                                       static_cast<uint32_t>(error.mark.column + 1), 1}
                               : Place{};
    diagnostics.Error(place, "", "not valid YAML: " + error.msg);
    return std::nullopt;
  }
  if (builder.failed()) return std::nullopt;
  return builder.TakeRoot();
}

}  // namespace sluice::config
