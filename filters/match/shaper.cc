#include "filters/match/shaper.h"

#include <algorithm>

#include "filters/json/reader.h"
#include "filters/json/unescape.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"

namespace sluice::match {

using compile::PathTree;
using PathNode = PathTree::Node;

namespace {

class Redactor {
 public:
  Redactor(const PathTree& paths, std::string_view body, std::string* out)
      : paths_(paths), reader_(body), out_(*out) {}

  bool Run() {
    Copy(paths_.root());
    return removed_;
  }

 private:
  const PathNode* FindMember(const PathNode& parent, std::string_view raw_key) const {
    for (const auto& [name, node] : parent.members) {
      if (json::UnescapedEquals(raw_key, name)) return &paths_.node(node);
    }
    return nullptr;
  }

  const PathNode* FindElement(const PathNode& parent, uint32_t index) const {
    for (const auto& [place, node] : parent.elements) {
      if (place == index) return &paths_.node(node);
    }
    return nullptr;
  }

  // Copies the next value without what the paths below `node` name.
  void Copy(const PathNode& node) {
    const json::Kind kind = reader_.Peek();
    if (kind == json::Kind::kObject && !node.members.empty()) {
      CopyObject(node);
    } else if (kind == json::Kind::kArray && !node.elements.empty()) {
      CopyArray(node);
    } else {
      CopyWhole();
    }
  }

  void CopyWhole() {
    std::string_view raw;
    if (reader_.ReadValue(&raw)) out_.append(raw);
  }

  void Skip() {
    std::string_view raw;
    removed_ = true;
    reader_.ReadValue(&raw);
  }

  void CopyObject(const PathNode& node) {
    reader_.BeginObject();
    out_.push_back('{');
    std::string_view key;
    for (bool first = true; reader_.Next(&key);) {
      const PathNode* const child = FindMember(node, key);
      if (child != nullptr && child->is_end) {
        Skip();
        continue;
      }
      out_.append(first ? "\"" : ",\"").append(key).append("\":");
      first = false;
      child != nullptr ? Copy(*child) : CopyWhole();
    }
    out_.push_back('}');
  }

  void CopyArray(const PathNode& node) {
    reader_.BeginArray();
    out_.push_back('[');
    std::string_view no_key;
    for (uint32_t index = 0; reader_.Next(&no_key); ++index) {
      if (index > 0) out_.push_back(',');
      const PathNode* const child = FindElement(node, index);
      if (child == nullptr) {
        CopyWhole();
      } else if (!child->is_end) {
        Copy(*child);
      } else {
        Skip();
        out_.append("null");
      }
    }
    out_.push_back(']');
  }

  const PathTree& paths_;
  json::Reader reader_;
  std::string& out_;
  bool removed_ = false;
};

class Selector {
 public:
  Selector(const PathTree& paths, std::vector<std::string_view>* scratch, std::string* out)
      : paths_(paths), found_(*scratch), out_(*out) {}

  void Run(std::string_view body) {
    if (!Pick(paths_.root(), body)) out_ = "{}";
  }

 private:
  // Writes what the paths from `node` on name of `raw`. If that is nothing, writes nothing.
  bool Pick(const PathNode& node, std::string_view raw) {
    if (node.is_end) {
      out_.append(raw);
      return true;
    }
    if (raw.front() == '{' && !node.members.empty()) return PickMembers(node, raw);
    if (raw.front() == '[' && !node.elements.empty()) return PickElements(node, raw);
    return false;
  }

  bool PickMembers(const PathNode& node, std::string_view raw) {
    const size_t found = FindMembers(node, raw);
    const size_t start = out_.size();
    out_.push_back('{');
    bool any = false;
    size_t place = found;
    for (const auto& [name, child] : node.members) {
      const std::string_view value = found_[place++];
      if (value.empty()) continue;
      const size_t before = out_.size();
      if (any) out_.push_back(',');
      json::AppendString(name, &out_);
      out_.push_back(':');
      if (Pick(paths_.node(child), value)) {
        any = true;
      } else {
        out_.resize(before);
      }
    }
    found_.resize(found);
    if (any) {
      out_.push_back('}');
    } else {
      out_.resize(start);
    }
    return any;
  }

  // Puts the last value of each child of `node` onto found_; where the first one is.
  size_t FindMembers(const PathNode& node, std::string_view raw) {
    const size_t start = found_.size();
    found_.resize(start + node.members.size());
    json::Reader reader(raw);
    reader.BeginObject();
    std::string_view key, value;
    while (reader.Next(&key)) {
      if (!reader.ReadValue(&value)) break;
      size_t place = start;
      for (const auto& member : node.members) {
        if (json::UnescapedEquals(key, member.first)) found_[place] = value;
        ++place;
      }
    }
    return start;
  }

  bool PickElements(const PathNode& node, std::string_view raw) {
    const size_t start = out_.size();
    size_t end = start;  // of the last element that was picked
    out_.push_back('[');
    json::Reader reader(raw);
    reader.BeginArray();
    std::string_view no_key, value;
    for (uint32_t index = 0; reader.Next(&no_key); ++index) {
      if (!reader.ReadValue(&value)) break;
      if (index > 0) out_.push_back(',');
      if (PickElement(node, index, value)) {
        end = out_.size();
      } else {
        out_.append("null");
      }
    }
    out_.resize(end);
    if (end != start) out_.push_back(']');
    return end != start;
  }

  bool PickElement(const PathNode& node, uint32_t index, std::string_view value) {
    for (const auto& [place, child] : node.elements) {
      if (place == index) return Pick(paths_.node(child), value);
    }
    return false;
  }

  const PathTree& paths_;
  // A stack: the members of the objects that are being picked from.
  std::vector<std::string_view>& found_;
  std::string& out_;
};

}  // namespace

void Select(const PathTree& paths, std::string_view body, std::vector<std::string_view>* scratch,
            std::string* out) {
  out->clear();
  body.remove_prefix(body.find('{'));
  Selector(paths, scratch, out).Run(body);
}

bool Redact(const PathTree& paths, std::string_view body, std::string* out) {
  out->clear();
  return Redactor(paths, body, out).Run();
}

const Shaper::Result& Shaper::Apply(std::span<const compile::Shape> shapes, const Verdict& verdict,
                                    std::string_view payload) {
  shaped_.clear();
  deliveries_.clear();
  errors_.clear();
  used_buffers_ = 0;
  is_object_ = -1;
  for (const Delivery& delivery : verdict.deliveries) {
    if (delivery.shape == compile::kUnchanged) {
      deliveries_.push_back({&delivery, payload, false});
    } else if (IsObject(payload)) {
      const Shaped& shaped = ShapeOnce(shapes, delivery.shape, payload);
      deliveries_.push_back({&delivery, shaped.body, shaped.changed});
    } else {
      AddErrors(delivery.rules);
    }
  }
  result_.deliveries = deliveries_;
  result_.errors = errors_;
  return result_;
}

bool Shaper::IsObject(std::string_view payload) {
  if (is_object_ < 0) {
    json::Reader reader(payload);
    std::string_view raw;
    is_object_ = json::IsUtf8(payload) && reader.Peek() == json::Kind::kObject &&
                 reader.ReadValue(&raw) && reader.AtEnd();
  }
  return is_object_ == 1;
}

const Shaper::Shaped& Shaper::ShapeOnce(std::span<const compile::Shape> shapes, uint16_t index,
                                        std::string_view payload) {
  for (const Shaped& shaped : shaped_) {
    if (shaped.shape == index) return shaped;
  }
  const compile::Shape& shape = shapes[index];
  Shaped& shaped = shaped_.emplace_back();
  shaped.shape = index;
  shaped.body = payload;
  if (!shape.redact.empty()) {
    std::string& redacted = NextBuffer();
    if (Redact(shape.redact, shaped.body, &redacted)) {
      shaped.body = redacted;
      shaped.changed = true;
    }
  }
  if (!shape.select.empty()) {
    std::string& selected = NextBuffer();
    Select(shape.select, shaped.body, &scratch_, &selected);
    shaped.body = selected;
    shaped.changed = true;
  }
  return shaped;
}

void Shaper::AddErrors(std::span<const uint16_t> rules) {
  for (const uint16_t rule : rules) {
    if (std::find(errors_.begin(), errors_.end(), rule) == errors_.end()) errors_.push_back(rule);
  }
}

std::string& Shaper::NextBuffer() {
  if (used_buffers_ == buffers_.size()) buffers_.emplace_back();
  return buffers_[used_buffers_++];
}

}  // namespace sluice::match
