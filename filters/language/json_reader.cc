#include "filters/language/json_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "filters/json/scan.h"
#include "filters/json/unescape.h"
#include "filters/language/numbers.h"

namespace sluice::language {
namespace {

constexpr uint32_t kNone = JsonPaths::kNone;

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool IsNumber(std::string_view token) {
  const char* at = token.data();
  const char* const end = at + token.size();
  return json::SkipNumber(&at, end) && at == end;
}

}  // namespace

// One pass over one document: a loop with a stack of its own, so that depth costs no call frames.
class JsonWalk {
 public:
  JsonWalk(JsonReader& reader, std::string_view text)
      : reader_(reader),
        nodes_(reader.paths_.nodes()),
        text_(text),
        at_(reader.index_.offsets()),
        has_escapes_(std::memchr(text.data(), '\\', text.size()) != nullptr) {}

  JsonReader::Verdict Run() {
    Step step = Begin(0);
    while (step == Step::kInside) step = frame().is_object ? NextMember() : NextElement();
    if (step == Step::kFail) return verdict_;
    if (next_ != at_.size()) {
      Fail();
      return verdict_;
    }
    return text_[at_[0]] == '{' ? JsonReader::Verdict::kObject : JsonReader::Verdict::kNotObject;
  }

 private:
  // After a value: the container it stands in goes on, the document is over, or it is no JSON.
  enum class Step { kInside, kDone, kFail };

  JsonReader::Frame& frame() { return reader_.frames_[depth_ - 1]; }

  bool More() const { return next_ < at_.size(); }
  char Peek() const { return text_[at_[next_]]; }

  Step Fail(JsonReader::Verdict verdict = JsonReader::Verdict::kBad) {
    verdict_ = verdict;
    reader_.error_offset_ = More() ? at_[next_] : text_.size();
    return Step::kFail;
  }

  // The token that was just taken, without the blanks behind it.
  std::string_view Token(uint32_t start) const {
    size_t end = More() ? at_[next_] : text_.size();
    while (IsBlank(text_[end - 1])) --end;
    return text_.substr(start, end - start);
  }

  Step After() const { return depth_ == 0 ? Step::kDone : Step::kInside; }

  // A value begins: a scalar is dealt with whole, a container is opened.
  Step Begin(uint32_t node) {
    if (!More()) return Fail();
    const uint32_t start = at_[next_];
    const char c = text_[start];
    if (c == '{' || c == '[') return Open(node, start, c == '{');
    ++next_;
    const std::string_view token = Token(start);
    const JsonPaths::Slot slot = node == kNone ? kNone : nodes_[node].slot;
    Value value;
    if (!Scalar(token, slot != kNone, &value)) {
      --next_;
      return Fail();
    }
    if (slot != kNone) Keep(slot, value, token);
    return After();
  }

  Step Open(uint32_t node, uint32_t start, bool is_object) {
    if (depth_ == kMaxJsonDepth) return Fail(JsonReader::Verdict::kLimit);
    ++next_;
    ++depth_;
    frame() = {node, node == kNone ? kNone : nodes_[node].first_element, 0, start, is_object};
    if (More() && Peek() == (is_object ? '}' : ']')) return Close();
    first_ = true;
    return Step::kInside;
  }

  Step Close() {
    const JsonReader::Frame closed = frame();
    const uint32_t end = at_[next_++];
    --depth_;
    first_ = false;
    if (closed.node != kNone && nodes_[closed.node].slot != kNone) {
      Keep(nodes_[closed.node].slot, closed.is_object ? Value::Object() : Value::Array(),
           text_.substr(closed.start, end + 1 - closed.start));
    }
    return After();
  }

  // Before a member or an element that is not the first: a comma, or the end. True where the
  // container goes on.
  bool Separate(char close, Step* step) {
    if (std::exchange(first_, false)) return true;
    if (More() && Peek() == close) {
      *step = Close();
      return false;
    }
    if (!More() || Peek() != ',') {
      *step = Fail();
      return false;
    }
    ++next_;
    return true;
  }

  Step NextMember() {
    Step step;
    if (!Separate('}', &step)) return step;
    if (!More() || Peek() != '"') return Fail();
    const std::string_view quoted = Token(at_[next_++]);
    std::string_view key = quoted.substr(1, quoted.size() - 2);
    if (HasEscape(key)) {
      const std::optional<size_t> size = json::Unescape(key, scratch());
      if (!size) {
        --next_;
        return Fail();
      }
      key = {scratch(), *size};
    }
    if (!More() || Peek() != ':') return Fail();
    ++next_;
    const uint32_t parent = frame().node;
    const uint32_t node =
        parent == kNone || !nodes_[parent].has_keys ? kNone : reader_.paths_.FindKey(parent, key);
    return Begin(Visit(node));
  }

  Step NextElement() {
    Step step;
    if (!Separate(']', &step)) return step;
    JsonReader::Frame& array = frame();
    uint32_t node = kNone;
    if (array.next_element != kNone && nodes_[array.next_element].index == array.element) {
      node = std::exchange(array.next_element, nodes_[array.next_element].next_element);
    }
    ++array.element;
    return Begin(Visit(node));
  }

  // Of two members of one name the last counts: what the first one filled is forgotten.
  uint32_t Visit(uint32_t node) {
    if (node == kNone) return node;
    if (reader_.visited_at_[node] != kNone) reader_.Forget(node);
    reader_.visited_at_[node] = static_cast<uint32_t>(reader_.visited_.size());
    reader_.visited_.push_back(node);
    return node;
  }

  bool Scalar(std::string_view token, bool wanted, Value* value) {
    switch (token[0]) {
      case '"':
        return String(token.substr(1, token.size() - 2), wanted, value);
      case 't':
        *value = Value::Bool(true);
        return token == "true";
      case 'f':
        *value = Value::Bool(false);
        return token == "false";
      case 'n':
        *value = Value::Null();
        return token == "null";
      default:
        if (!IsNumber(token)) return false;
        if (wanted) *value = Value::Number(DecimalValue(token));
        return true;
    }
  }

  bool String(std::string_view text, bool wanted, Value* value) {
    if (HasEscape(text)) {
      const std::optional<size_t> size = json::Unescape(text, scratch());
      if (!size) return false;
      text = {scratch(), *size};
      if (wanted) unescaped_ += *size;
    }
    if (wanted) *value = Value::String(text);
    return true;
  }

  bool HasEscape(std::string_view text) const {
    return has_escapes_ && std::memchr(text.data(), '\\', text.size()) != nullptr;
  }

  void Keep(JsonPaths::Slot slot, const Value& value, std::string_view raw) {
    reader_.values_[slot] = value;
    reader_.raws_[slot] = raw;
  }

  // Room for whatever of the text is not behind us: unescaped text is never longer.
  char* scratch() { return reader_.unescaped_.get() + unescaped_; }

  JsonReader& reader_;
  const std::vector<JsonPaths::Node>& nodes_;
  const std::string_view text_;
  const std::span<const uint32_t> at_;
  const bool
      has_escapes_;       // anywhere: most documents have none, and no string of theirs is searched
  size_t next_ = 0;       // into at_
  size_t depth_ = 0;      // frames open
  bool first_ = false;    // the innermost container was just opened and is not empty
  size_t unescaped_ = 0;  // bytes of the reader's buffer that values view
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
      verdict = JsonWalk(*this, text).Run();
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
