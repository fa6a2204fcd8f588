#include "config/option.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "config/environment.h"
#include "config/value.h"

namespace sluice::config {

bool BelongsTo(const OptionInfo& option, std::string_view type) {
  for (std::string_view words = option.only; !words.empty();) {
    const size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == type) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return option.only.empty();
}
namespace {

using Kind = ValueType::Kind;

// Shown in messages: long or binary values do not fill the screen.
std::string Quote(const std::string& text) {
  constexpr size_t kLongest = 40;
  return text.size() <= kLongest ? "'" + text + "'" : "'" + text.substr(0, kLongest) + "…'";
}

std::string FormatNumber(Kind kind, int64_t value) {
  if (kind == Kind::kSize) return FormatSize(value);
  if (kind == Kind::kDuration) return FormatDuration(value);
  return fmt::format("{}", value);
}

const char* Want(Kind kind) {
  if (kind == Kind::kSize) return "a size such as 64KiB or 8GiB (B KiB MiB GiB TiB)";
  if (kind == Kind::kDuration) return "a duration such as 250ms, 10s, 5m or 1h";
  return "a whole number";
}

std::string List(std::span<const std::string_view> words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::string Join(const std::string& key, std::string_view member) {
  std::string joined = key;
  if (!joined.empty()) joined += '.';
  joined += member;
  return joined;
}

std::string Join(const std::string& key, size_t index) { return fmt::format("{}[{}]", key, index); }

compile::Located Locate(const YamlNode& scalar) {
  return {scalar.text, scalar.place.line, scalar.place.column, scalar.verbatim};
}

bool Reader::Expect(YamlNode::Kind kind, const YamlNode& node, const std::string& key) {
  if (node.kind == kind) return true;
  diagnostics_.Error(
      node.place, key,
      fmt::format("want {}, found {}", config::Describe(kind), config::Describe(node.kind)));
  return false;
}

const std::string* Reader::Text(const YamlNode& node, const std::string& key) {
  if (node.kind == YamlNode::Kind::kNull) {
    diagnostics_.Error(node.place, key, "has no value", "write \"\" if empty text is meant");
    return nullptr;
  }
  return Expect(YamlNode::Kind::kScalar, node, key) ? &node.text : nullptr;
}

std::string Reader::Absolute(const std::string& path) const {
  return (std::filesystem::path(folder_) / path).lexically_normal().string();
}

void Reader::Read(const ValueType& type, const YamlNode& node, const std::string& key,
                  std::string& into) {
  if (type.kind == Kind::kChoice) {
    if (const auto chosen = Choice(type, node, key)) into = type.choices[*chosen];
    return;
  }
  const std::string* const text = Text(node, key);
  if (text == nullptr) return;
  const std::optional<std::string> value = Expand(type, node, key, *text);
  if (!value) return;
  if (type.kind == Kind::kSecret) diagnostics_.AddSecret(*value);
  if (value->empty()) return diagnostics_.Error(node.place, key, "must not be empty");
  diagnostics_.Remember(key, node.place);
  into = type.kind == Kind::kPath ? Absolute(*value) : *value;
}

std::optional<std::string> Reader::Expand(const ValueType& type, const YamlNode& node,
                                          const std::string& key, const std::string& text) {
  if (type.kind != Kind::kPath && type.kind != Kind::kSecret) return text;
  // A secret may hold anything: only one that is a name as a whole is meant as one.
  if (type.kind == Kind::kSecret && !IsEnvironmentName(text)) return text;
  std::string missing;
  std::optional<std::string> expanded = ExpandEnvironment(text, &missing);
  if (!expanded) {
    diagnostics_.Error(node.place, key, fmt::format("the environment has no {}", missing));
  }
  return expanded;
}

void Reader::ReadSecretFile(const YamlNode& node, const std::string& key, std::string& path,
                            std::string& secret) {
  constexpr size_t kMaxBytes = 4096;
  std::string found;
  Read({Kind::kPath}, node, key, found);
  if (found.empty()) return;
  std::ifstream file(found, std::ios::binary);
  if (!file) return diagnostics_.Error(node.place, key, fmt::format("cannot read {}", found));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxBytes) {
    return diagnostics_.Error(node.place, key, fmt::format("{} is too long for a secret", found));
  }
  const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  while (!text.empty() && is_blank(text.front())) text.erase(0, 1);
  if (text.empty()) return diagnostics_.Error(node.place, key, fmt::format("{} is empty", found));
  diagnostics_.AddSecret(text);
  secret = std::move(text);
  path = std::move(found);
}

void Reader::Read(const ValueType&, const YamlNode& node, const std::string& key, bool& into) {
  const std::string* const text = Text(node, key);
  if (text == nullptr) return;
  if (!node.quoted && (*text == "true" || *text == "false")) {
    into = *text == "true";
    return;
  }
  diagnostics_.Error(node.place, key, fmt::format("want true or false, found {}", Quote(*text)));
}

void Reader::Read(const ValueType&, const YamlNode& node, const std::string& key,
                  compile::Located& into) {
  const std::string* const text = Text(node, key);
  if (text == nullptr) return;
  if (text->empty()) return diagnostics_.Error(node.place, key, "must not be empty");
  into = Locate(node);
}

void Reader::Read(const ValueType& type, const YamlNode& node, const std::string& key,
                  std::optional<compile::Located>& into) {
  compile::Located located;
  Read(type, node, key, located);
  if (!located.text.empty()) into = std::move(located);
}

void Reader::Read(const ValueType& type, const YamlNode& node, const std::string& key,
                  std::vector<compile::Located>& into) {
  const auto add = [&](const YamlNode& item, const std::string& item_key) {
    compile::Located located;
    Read(type, item, item_key, located);
    if (!located.text.empty()) into.push_back(std::move(located));
  };
  if (node.kind == YamlNode::Kind::kScalar) return add(node, key);
  if (!Expect(YamlNode::Kind::kList, node, key)) return;
  for (size_t i = 0; i < node.items.size(); ++i) add(node.items[i], Join(key, i));
}

void Reader::Read(const ValueType& type, const YamlNode& node, const std::string& key,
                  std::vector<std::string>& into) {
  std::vector<compile::Located> located;
  Read(type, node, key, located);
  for (compile::Located& item : located) into.push_back(std::move(item.text));
}

std::optional<int64_t> Reader::Number(const ValueType& type, const YamlNode& node,
                                      const std::string& key) {
  const std::string* const text = Text(node, key);
  if (text == nullptr) return std::nullopt;
  const std::optional<int64_t> value = type.kind == Kind::kSize       ? ParseSize(*text)
                                       : type.kind == Kind::kDuration ? ParseDuration(*text)
                                                                      : ParseInteger(*text);
  if (!value) {
    diagnostics_.Error(node.place, key,
                       fmt::format("want {}, found {}", Want(type.kind), Quote(*text)));
    return std::nullopt;
  }
  if (*value < type.min || *value > type.max) {
    diagnostics_.Error(
        node.place, key,
        fmt::format("{} is out of range, want {} to {}", *text, FormatNumber(type.kind, type.min),
                    FormatNumber(type.kind, type.max)));
    return std::nullopt;
  }
  return value;
}

std::optional<size_t> Reader::Choice(const ValueType& type, const YamlNode& node,
                                     const std::string& key) {
  const std::string* const text = Text(node, key);
  if (text == nullptr) return std::nullopt;
  const auto found = std::find(type.choices.begin(), type.choices.end(), *text);
  if (found != type.choices.end()) return static_cast<size_t>(found - type.choices.begin());
  const std::string_view meant = DidYouMean(*text, type.choices);
  diagnostics_.Error(node.place, key,
                     fmt::format("want one of {}, found {}", List(type.choices), Quote(*text)),
                     meant.empty() ? "" : fmt::format("did you mean {}?", meant));
  return std::nullopt;
}

std::optional<std::vector<const YamlNode*>> Reader::Members(const YamlNode& node,
                                                            const std::string& key,
                                                            std::span<const OptionInfo> options) {
  if (!Expect(YamlNode::Kind::kMap, node, key)) return std::nullopt;
  std::vector<const YamlNode*> values(options.size());
  std::vector<uint32_t> lines(options.size());
  for (const auto& [name, value] : node.members) {
    const auto option =
        std::find_if(options.begin(), options.end(),
                     [&name = name](const OptionInfo& info) { return info.name == name.text; });
    if (option == options.end()) {
      std::vector<std::string_view> known;
      for (const OptionInfo& info : options) known.push_back(info.name);
      const std::string_view meant = DidYouMean(name.text, known);
      diagnostics_.Error(
          name.place, key, fmt::format("unknown key {}", Quote(name.text)),
          meant.empty() ? "known here: " + List(known) : fmt::format("did you mean '{}'?", meant));
      continue;
    }
    const auto index = static_cast<size_t>(option - options.begin());
    if (lines[index] != 0) {
      diagnostics_.Error(name.place, Join(key, name.text),
                         fmt::format("stands twice; the first is on line {}", lines[index]));
      continue;
    }
    lines[index] = name.place.line;
    if (!option->later.empty()) {
      diagnostics_.Error(name.place, Join(key, name.text),
                         fmt::format("not yet: {}", option->later),
                         "this version of sluice does not have it; remove the key");
      continue;
    }
    values[index] = &value;
  }
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i].required && options[i].only.empty() && lines[i] == 0) {
      diagnostics_.Error(node.place, key, fmt::format("key '{}' is missing", options[i].name),
                         std::string(options[i].about));
    }
  }
  return values;
}

}  // namespace sluice::config
