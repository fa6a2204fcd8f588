#include "filters/language/json_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "filters/json/scan.h"
#include "filters/json/unescape.h"
#include "filters/language/json_number.h"
#include "filters/language/numbers.h"

namespace sluice::language {
namespace {

constexpr uint32_t kNone = JsonPaths::kNone;
constexpr uint32_t kNever = UINT32_MAX;

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

// One pass over one document: a loop with a stack of its own, so that depth costs no call frames.
//
// Its place in the index is handed from function to function, so that it stays in a register; null
// is the end, by an error. Where the last token closes a container, whatever is expected of a place
// behind the last one is found missing at the last one already: only what follows a container's end
// has to ask whether there is anything.
class JsonWalk {
 public:
  JsonWalk(JsonReader& reader, std::string_view text)
      : reader_(reader),
        nodes_(reader.paths_.nodes().data()),
        text_(text.data()),
        text_end_(text.data() + text.size()),
        first_(reader.index_.offsets().data()),
        end_(first_ + reader.index_.offsets().size()) {
    FindEscape(0);
  }

  JsonReader::Verdict Run() {
    const char c = text_[*first_];
    const bool is_container = c == '{' || c == '[';
    Place at = is_container ? Open(first_, 0, c == '{') : TopScalar(first_);
    while (at != nullptr && depth_ > 0) at = frame().is_object ? Members(at) : Elements(at);
    if (at == nullptr) return verdict_;
    if (at != end_) {
      Fail(at);
      return verdict_;
    }
    return c == '{' ? JsonReader::Verdict::kObject : JsonReader::Verdict::kNotObject;
  }

 private:
  using Place = const uint32_t*;

  JsonReader::Frame& frame() { return reader_.frames_[depth_ - 1]; }

  [[gnu::noinline]] Place Fail(Place at, JsonReader::Verdict verdict = JsonReader::Verdict::kBad) {
    verdict_ = verdict;
    reader_.error_offset_ = *at;
    return nullptr;
  }

  // From a bracket to the first key or element in it, or behind what it closes.
  Place Open(Place at, uint32_t node, bool is_object) {
    if (depth_ == kMaxJsonDepth) return Fail(at, JsonReader::Verdict::kLimit);
    ++depth_;
    frame() = {node, node == kNone ? kNone : nodes_[node].first_element, 0, *at, is_object};
    ++at;
    return at != end_ && text_[*at] == (is_object ? '}' : ']') ? Close(at) : at;
  }

  // From the bracket that ends the innermost container, over the ends that follow it, to the next
  // key or element.
  Place Close(Place at) {
    while (true) {
      const JsonReader::Frame& closed = frame();
      if (closed.node != kNone && nodes_[closed.node].slot != kNone) {
        Keep(nodes_[closed.node].slot, closed.is_object ? Value::Object() : Value::Array(),
             closed.start, *at + 1);
      }
      ++at;
      if (--depth_ == 0) return at;
      if (at == end_) return Fail(at);
      const char c = text_[*at];
      if (c == ',') return at + 1;
      if (c != (frame().is_object ? '}' : ']')) return Fail(at);
    }
  }

  // From a key of the innermost container, an object, to the first element of another one.
  Place Members(Place at) {
    do {
      at = MembersOfOne(at);
    } while (at != nullptr && depth_ > 0 && frame().is_object);
    return at;
  }

  // The same, but to the first key or element of another one.
  [[gnu::always_inline]] Place MembersOfOne(Place at) {
    const uint32_t parent = frame().node;
    const bool has_keys = parent != kNone && nodes_[parent].has_keys;
    while (true) {
      if (text_[at[0]] != '"') return Fail(at);
      if (text_[at[1]] != ':') return Fail(at + 1);
      uint32_t node = kNone;
      if (next_escape_ < at[1]) {
        if (!EscapedKey(at, parent, has_keys, &node)) return Fail(at);
      } else if (has_keys) {
        node = reader_.paths_.FindKey(parent, Inside(at), text_end_);
      }
      if (node != kNone) Visit(node);
      at += 2;
      const char c = text_[*at];
      if (c == '{' || c == '[') return Open(at, node, c == '{');
      at = Scalar(at, node);
      if (at == nullptr) return at;
      if (text_[*at] != ',') return text_[*at] == '}' ? Close(at) : Fail(at);
      ++at;
    }
  }

  // From an element of the innermost container, an array, to the first key or element of another
  // one.
  Place Elements(Place at) {
    JsonReader::Frame& array = frame();
    while (true) {
      uint32_t node = kNone;
      if (array.next_element != kNone) {
        if (nodes_[array.next_element].index == array.element) {
          node = array.next_element;
          array.next_element = nodes_[node].next_element;
          Visit(node);
        }
        ++array.element;
      }
      const char c = text_[*at];
      if (c == '{' || c == '[') return Open(at, node, c == '{');
      at = Scalar(at, node);
      if (at == nullptr) return at;
      if (text_[*at] != ',') return text_[*at] == ']' ? Close(at) : Fail(at);
      ++at;
    }
  }

  // From a string, number or word to what follows it.
  [[gnu::always_inline]] Place Scalar(Place at, uint32_t node) {
    const JsonPaths::Slot slot = node == kNone ? kNone : nodes_[node].slot;
    const char c = text_[at[0]];
    if (c == '"') {
      if (next_escape_ < at[1]) return EscapedString(at, slot);
      if (slot != kNone) KeepToken(slot, Value::String(Inside(at)), at);
      return at + 1;
    }
    if (!json::IsDigit(c) && c != '-') return Word(at, slot);
    const uint32_t end = TokenEnd(at);
    const uint32_t size = end - at[0];
    if (size > ShortNumber::kMaxSize || end < sizeof(uint64_t)) {
      return slot == kNone && IsLongInteger(at[0], end) ? at + 1 : AnyNumber(at, slot);
    }
    const ShortNumber number(json::LoadEight(text_ + end - sizeof(uint64_t)), size);
    if (!number.is_sound()) return AnyNumber(at, slot);
    if (slot != kNone) KeepToken(slot, Value::Number(number.value()), at);
    return at + 1;
  }

  [[gnu::noinline]] Place TopScalar(Place at) { return Scalar(at, 0); }

  // Of 9 to 16 digits and nothing else, as a time in milliseconds is.
  bool IsLongInteger(uint32_t start, uint32_t end) const {
    if (end - start > 2 * sizeof(uint64_t) || text_[start] == '0' || end < sizeof(uint64_t))
      return false;
    const uint64_t head = json::LoadEight(text_ + start);
    const uint64_t tail = json::LoadEight(text_ + end - sizeof(uint64_t));
    return (json::NonDigits(head) | json::NonDigits(tail)) == 0;
  }

  [[gnu::noinline]] Place AnyNumber(Place at, JsonPaths::Slot slot) {
    const char* const start = text_ + at[0];
    const char* const end = text_ + TokenEnd(at);
    const char* number_end = start;
    if (!json::SkipNumber(&number_end, text_end_) || number_end != end) return Fail(at);
    const std::string_view number(start, static_cast<size_t>(end - start));
    if (slot != kNone) KeepToken(slot, Value::Number(DecimalValue(number)), at);
    return at + 1;
  }

  [[gnu::noinline]] Place Word(Place at, JsonPaths::Slot slot) {
    const std::string_view token(text_ + at[0], TokenEnd(at) - at[0]);
    Value value;
    if (token == "true") {
      value = Value::Bool(true);
    } else if (token == "false") {
      value = Value::Bool(false);
    } else if (token == "null") {
      value = Value::Null();
    } else {
      return Fail(at);
    }
    if (slot != kNone) KeepToken(slot, value, at);
    return at + 1;
  }

  // Of two members of one name the last counts: what the first one filled is forgotten.
  void Visit(uint32_t node) {
    if (reader_.visited_at_[node] != kNone) reader_.Forget(node);
    reader_.visited_at_[node] = static_cast<uint32_t>(reader_.visited_.size());
    reader_.visited_.push_back(node);
  }

  // What the quotes of the string at a place enclose.
  std::string_view Inside(Place at) const {
    const char* end = text_ + at[1] - 1;
    while (*end != '"') --end;
    const char* const start = text_ + at[0] + 1;
    return {start, static_cast<size_t>(end - start)};
  }

  // Without the blanks behind it.
  uint32_t TokenEnd(Place at) const {
    uint32_t end = at[1];
    if (text_[end - 1] > ' ') return end;  // as it mostly is
    while (IsBlank(text_[end - 1])) --end;
    return end;
  }

  [[gnu::noinline]] bool EscapedKey(Place at, uint32_t parent, bool has_keys, uint32_t* node) {
    const std::optional<std::string_view> key = Unescaped(at);
    if (key && has_keys) {
      *node = reader_.paths_.FindKey(parent, *key, key->data() + key->size());
    }
    return key.has_value();
  }

  [[gnu::noinline]] Place EscapedString(Place at, JsonPaths::Slot slot) {
    const std::optional<std::string_view> text = Unescaped(at);
    if (!text) return Fail(at);
    if (slot != kNone) {
      KeepToken(slot, Value::String(*text), at);
      unescaped_ += text->size();
    }
    return at + 1;
  }

  // In the reader's buffer, which has room for whatever of the text is not behind us: unescaped
  // text is never longer.
  std::optional<std::string_view> Unescaped(Place at) {
    char* const out = reader_.unescaped_.get() + unescaped_;
    const std::optional<size_t> size = json::Unescape(Inside(at), out);
    FindEscape(at[1]);
    if (!size) return std::nullopt;
    return std::string_view(out, *size);
  }

  // Most documents have no backslash, and no string of theirs is searched for one.
  void FindEscape(uint32_t from) {
    const auto left = static_cast<size_t>(text_end_ - (text_ + from));
    const void* const found = std::memchr(text_ + from, '\\', left);
    next_escape_ =
        found == nullptr ? kNever : static_cast<uint32_t>(static_cast<const char*>(found) - text_);
  }

  void KeepToken(JsonPaths::Slot slot, const Value& value, Place at) {
    Keep(slot, value, *at, TokenEnd(at));
  }

  void Keep(JsonPaths::Slot slot, const Value& value, uint32_t start, uint32_t end) {
    reader_.values_[slot] = value;
    reader_.raws_[slot] = {text_ + start, end - start};
  }

  JsonReader& reader_;
  const JsonPaths::Node* const nodes_;
  const char* const text_;
  const char* const text_end_;
  const Place first_;
  const Place end_;
  size_t depth_ = 0;      // frames open
  size_t unescaped_ = 0;  // bytes of the reader's buffer that values view
  uint32_t next_escape_;  // offset of the first backslash that is not behind us
  JsonReader::Verdict verdict_ = JsonReader::Verdict::kBad;
};

JsonReader::JsonReader(const JsonPaths& paths)
    : paths_(paths),
      values_(paths.size(), Value::Undefined(Reason::kMemberMissing)),
      raws_(paths.size()),
      visited_at_(paths.nodes().size(), kNone),
      frames_(std::make_unique<Frame[]>(kMaxJsonDepth)) {
  visited_.reserve(paths.nodes().size());
  Clear(Reason::kBodyUnread);
}

JsonReader::~JsonReader() = default;

JsonReader::Verdict JsonReader::Read(std::string_view text) {
  for (uint32_t node : visited_) {
    visited_at_[node] = kNone;
    if (const JsonPaths::Slot slot = paths_.nodes()[node].slot; slot != kNone) {
      values_[slot] = Value::Undefined(Reason::kMemberMissing);
      raws_[slot] = {};
    }
  }
  visited_.clear();
  error_offset_ = 0;
  Verdict verdict = Verdict::kLimit;
  if (text.size() <= kMaxJsonBytes) {
    if (unescaped_capacity_ < text.size()) {
      unescaped_capacity_ = std::max(text.size(), 2 * unescaped_capacity_);
      unescaped_ = std::make_unique<char[]>(unescaped_capacity_);
    }
    if (index_.Build(text)) {
      verdict = JsonWalk(*this, Closed(text)).Run();
    } else {
      verdict = Verdict::kBad;
      error_offset_ = JsonIndex::ErrorOffset(text);
    }
  }
  filled_ = verdict == Verdict::kObject;
  nothing_ = Value::Undefined(verdict == Verdict::kNotObject ? Reason::kBodyNotObject
                              : verdict == Verdict::kLimit   ? Reason::kBodyLimit
                                                             : Reason::kBadJson);
  return verdict;
}

// The walk runs into whatever stands behind a text that ends within a container. Such a text is
// bad: nothing will be left that views it, and it is walked as a copy, with zeros behind, to tell
// where.
std::string_view JsonReader::Closed(std::string_view text) {
  const std::span<const uint32_t> offsets = index_.offsets();
  const char first = text[offsets.front()];
  const char last = text[offsets.back()];
  if ((first != '{' && first != '[') || last == '}' || last == ']') return text;
  unclosed_.assign(text);
  return unclosed_;
}

void JsonReader::Clear(Reason reason) {
  filled_ = false;
  nothing_ = Value::Undefined(reason);
}

// What lies below a node was met right behind it, so that forgetting costs no more than meeting
// did.
void JsonReader::Forget(uint32_t node) {
  const uint32_t depth = paths_.nodes()[node].depth;
  for (size_t i = visited_at_[node]; i < visited_.size(); ++i) {
    const JsonPaths::Node& below = paths_.nodes()[visited_[i]];
    if (i > visited_at_[node] && below.depth <= depth) break;
    visited_at_[visited_[i]] = i == visited_at_[node] ? visited_at_[node] : kNone;
    if (below.slot == kNone) continue;
    values_[below.slot] = Value::Undefined(Reason::kMemberMissing);
    raws_[below.slot] = {};
  }
}

}  // namespace sluice::language
