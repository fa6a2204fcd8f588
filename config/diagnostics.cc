#include "config/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::config {
namespace {

constexpr size_t kMaxShown = 200;   // bytes of a source line
constexpr size_t kMostShown = 100;  // diagnostics

// What follows these on a line is masked, parsed or not: a syntax error may stand on the line of a
// key. Of `key:` that is more than need be: where it is a path the message names it.
constexpr std::string_view kSecretMarks[] = {"SharedAccessKey=",
                                             "SharedAccessSignature=",
                                             "sig=",
                                             "connection_string:",
                                             "password:",
                                             "key:"};

void Mask(std::string& line, size_t from, size_t to) {
  for (size_t i = from; i < std::min(to, line.size()); ++i) line[i] = '*';
}

// Where the scalar that starts at `from` ends: at its closing quote, or where plain text must.
size_t EndOfSecret(std::string_view line, size_t from) {
  if (from < line.size() && (line[from] == '"' || line[from] == '\'')) {
    const size_t close = line.find(line[from], from + 1);
    return close == std::string_view::npos ? line.size() : close;
  }
  size_t end = from;
  while (end < line.size()) {
    if (line[end] == '"' || line[end] == '\'' || line[end] == '}') break;
    const bool spaced = end + 1 == line.size() || line[end + 1] == ' ';
    if (line[end] == ',' && spaced) break;
    if (line[end] == ' ' && end + 1 < line.size() && line[end + 1] == '#') break;
    ++end;
  }
  return end;
}

void MaskMarked(std::string& line) {
  for (const std::string_view mark : kSecretMarks) {
    for (size_t at = line.find(mark); at != std::string::npos; at = line.find(mark, at + 1)) {
      size_t from = at + mark.size();
      while (from < line.size() && line[from] == ' ') ++from;
      const size_t end = EndOfSecret(line, from);
      const bool quoted = from < line.size() && (line[from] == '"' || line[from] == '\'');
      Mask(line, quoted ? from + 1 : from, end);
    }
  }
}

// Terminals must not obey a file: control characters print as '?'. Tabs stay.
void Tame(std::string& line) {
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) c = '?';
  }
}

// As many columns as `line` takes up to `column`: tabs stay, continuation bytes of UTF-8 take none.
std::string Padding(std::string_view line, size_t column) {
  std::string padding;
  for (size_t i = 0; i + 1 < column; ++i) {
    const unsigned char c = i < line.size() ? static_cast<unsigned char>(line[i]) : ' ';
    if ((c & 0xC0) == 0x80) continue;
    padding.push_back(c == '\t' ? '\t' : ' ');
  }
  return padding;
}

size_t Width(std::string_view line, size_t column, size_t length) {
  size_t width = 0;
  for (size_t i = column - 1; i < std::min(line.size(), column - 1 + length); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) ++width;
  }
  return std::max<size_t>(width, 1);
}

}  // namespace

void Diagnostics::SetSource(std::string file, std::string text) {
  file_ = std::move(file);
  text_ = std::move(text);
}

void Diagnostics::Error(Place place, std::string key, std::string message, std::string hint) {
  ++errors_;
  diagnostics_.push_back(
      {Diagnostic::Severity::kError, place, std::move(key), std::move(message), std::move(hint)});
}

void Diagnostics::Warning(Place place, std::string key, std::string message, std::string hint) {
  diagnostics_.push_back(
      {Diagnostic::Severity::kWarning, place, std::move(key), std::move(message), std::move(hint)});
}

void Diagnostics::AddSecret(std::string_view value) {
  // Part by part, so that a value folded over several lines is found on each of them.
  while (!value.empty()) {
    const size_t end = value.find_first_of("; \n\t");
    const std::string_view part = value.substr(0, end);
    if (part.size() >= 4) secrets_.emplace_back(part);
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
}

Place Diagnostics::PlaceOf(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? Place{} : found->second;
}

std::string Diagnostics::SourceLine(uint32_t line) const {
  size_t from = 0;
  for (uint32_t i = 1; i < line; ++i) {
    from = text_.find('\n', from);
    if (from == std::string::npos) return "";
    ++from;
  }
  std::string shown = text_.substr(from, text_.find('\n', from) - from);
  if (!shown.empty() && shown.back() == '\r') shown.pop_back();
  MaskMarked(shown);
  for (const std::string& secret : secrets_) {
    for (size_t at = shown.find(secret); at != std::string::npos; at = shown.find(secret, at)) {
      Mask(shown, at, at + secret.size());
      at += secret.size();
    }
  }
  Tame(shown);
  return shown;
}

std::string Diagnostics::RenderLine(const Diagnostic& diagnostic) const {
  const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
  std::string message = diagnostic.message;
  Tame(message);
  std::string out = file_;
  if (diagnostic.place.line > 0) {
    out += fmt::format(":{}:{}", diagnostic.place.line, diagnostic.place.column);
  }
  out += is_error ? ": error: " : ": warning: ";
  if (!diagnostic.key.empty()) out += diagnostic.key + ": ";
  out += message;
  if (!diagnostic.hint.empty()) out += "; " + diagnostic.hint;
  return out;
}

std::string Diagnostics::Render(const Diagnostic& diagnostic) const {
  std::string out = RenderLine(diagnostic) + '\n';
  if (diagnostic.place.line == 0 || diagnostic.place.column == 0) return out;

  std::string line = SourceLine(diagnostic.place.line);
  size_t column = diagnostic.place.column;
  if (column > kMaxShown) {  // a long line: its part around the place
    const size_t cut = column - kMaxShown / 2;
    line = cut < line.size() ? line.substr(cut) : "";
    column -= cut;
  }
  if (line.size() > kMaxShown) line.resize(kMaxShown);
  if (line.empty()) return out;
  out += fmt::format("  {}\n  {}^{}\n", line, Padding(line, column),
                     std::string(Width(line, column, diagnostic.place.length) - 1, '~'));
  return out;
}

std::string Diagnostics::Render() const {
  std::vector<const Diagnostic*> ordered;
  for (const Diagnostic& diagnostic : diagnostics_) ordered.push_back(&diagnostic);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::pair(a->place.line, a->place.column) < std::pair(b->place.line, b->place.column);
  });
  std::string out;
  for (size_t i = 0; i < std::min(ordered.size(), kMostShown); ++i) out += Render(*ordered[i]);
  if (ordered.size() > kMostShown) {
    out += fmt::format("{}: and {} more\n", file_, ordered.size() - kMostShown);
  }
  return out;
}

}  // namespace sluice::config
