#include "config/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "config/sections.h"
#include "filters/compile/output_names.h"

namespace sluice::config {
namespace {

using Kind = ValueType::Kind;

// A JSON string is a YAML scalar.
std::string Quote(const std::string& text) { return nlohmann::json(text).dump(); }

class Dumper {
 public:
  explicit Dumper(std::string folder) : folder_(std::move(folder)) {}

  void Section(const YamlNode& node, const SectionInfo& section, size_t depth) {
    const YamlNode* const type = Find(node, "type");
    for (const OptionInfo& option : section.options) {
      const bool foreign =
          !option.only.empty() && (type == nullptr || !BelongsTo(option, type->text));
      if (foreign || !option.later.empty()) continue;
      const YamlNode* const value = Find(node, option.name);
      if (value != nullptr) {
        Option(*value, option, depth);
      } else {
        Default(option, depth);
      }
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  static const YamlNode* Find(const YamlNode& node, std::string_view name) {
    for (const Member& member : node.members) {
      if (member.name.text == name) return &member.value;
    }
    return nullptr;
  }

  void Line(size_t depth, std::string_view text) {
    std::string indent(2 * depth, ' ');
    if (starts_item_) indent.replace(indent.size() - 2, 2, "- ");
    starts_item_ = false;
    out_ += indent;
    out_ += text;
    out_ += '\n';
  }

  // A section that cannot be without some key is absent where it is not written.
  static bool NeedsKeys(const SectionInfo& section) {
    return std::any_of(section.options.begin(), section.options.end(),
                       [](const OptionInfo& option) { return option.required; });
  }

  void Default(const OptionInfo& option, size_t depth) {
    if (option.type.kind == Kind::kSection || option.type.kind == Kind::kNoneOrSection) {
      if (option.required || NeedsKeys(option.type.section())) return;
      Line(depth, fmt::format("{}:", option.name));
      return Section(YamlNode{}, option.type.section(), depth + 1);
    }
    if (option.fallback.empty()) return;
    const bool is_plain = option.type.kind == Kind::kBool || option.type.kind == Kind::kInteger;
    const std::string text(option.fallback);
    Line(depth, fmt::format("{}: {}", option.name, is_plain ? text : Quote(text)));
  }

  std::string Scalar(const YamlNode& value, Kind kind) const {
    if (kind == Kind::kSecret) return Quote("***");
    if (kind == Kind::kPath && !value.text.starts_with("${"))
      return Quote((std::filesystem::path(folder_) / value.text).lexically_normal().string());
    if (kind == Kind::kBool || kind == Kind::kInteger) return value.text;
    return Quote(value.text);
  }

  std::string List(const YamlNode& value) const {
    std::string list;
    for (const YamlNode& item : value.items) list += (list.empty() ? "" : ", ") + Quote(item.text);
    return "[" + list + "]";
  }

  void Option(const YamlNode& value, const OptionInfo& option, size_t depth) {
    const ValueType& type = option.type;
    if (value.kind == YamlNode::Kind::kScalar) {
      return Line(depth, fmt::format("{}: {}", option.name, Scalar(value, type.kind)));
    }
    if (type.kind == Kind::kTexts)
      return Line(depth, fmt::format("{}: {}", option.name, List(value)));
    if (value.items.empty() && value.members.empty()) {
      return Line(depth, fmt::format("{}: {}", option.name,
                                     value.kind == YamlNode::Kind::kList ? "[]" : "{}"));
    }
    Line(depth, fmt::format("{}:", option.name));
    if (type.kind == Kind::kSection || type.kind == Kind::kNoneOrSection) {
      return Section(value, type.section(), depth + 1);
    }
    for (const YamlNode& item : value.items) Item(item, type.section(), depth + 1);
    for (const Member& member : value.members) {
      const std::string name = Quote(member.name.text);
      if (type.kind == Kind::kTextMap) {
        Line(depth + 1, name + ": " + Quote(member.value.text));
        continue;
      }
      Line(depth + 1, name + ":");
      Section(member.value, type.section(), depth + 2);
    }
  }

  void Item(const YamlNode& item, const SectionInfo& section, size_t depth) {
    starts_item_ = true;
    Section(item, section, depth + 1);
    if (starts_item_) Line(depth + 1, "{}");  // nothing to say of it
  }

  std::string folder_;
  std::string out_;
  bool starts_item_ = false;  // the next line begins an item of a list
};

YamlNode* Find(YamlNode& node, std::string_view name) {
  for (Member& member : node.members) {
    if (member.name.text == name) return &member.value;
  }
  return nullptr;
}

// A member that nobody wrote.
void Add(YamlNode& node, std::string_view name, const std::string& text) {
  node.kind = YamlNode::Kind::kMap;
  Member& member = node.members.emplace_back();
  member.name.kind = member.value.kind = YamlNode::Kind::kScalar;
  member.name.text = name;
  member.value.text = text;
}

// The defaults that follow from other values: names of rules, where they send, when an output
// acknowledges.
void FillIn(YamlNode& root, const RulesFile& file) {
  YamlNode* const rules = Find(root, "rules");
  YamlNode* const list = rules == nullptr ? nullptr : Find(*rules, "list");
  const compile::OutputNames names(file.outputs);
  const std::optional<uint16_t> default_output = names.Default();
  for (size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
    YamlNode& item = list->items[i];
    const compile::RuleSpec& rule = file.rules.rules[i];
    if (Find(item, "name") == nullptr) Add(item, "name", rule.name.text);
    if (rule.into.empty() && !rule.drop && !rule.route && default_output)
      Add(item, "into", file.outputs[*default_output].name);
  }
  YamlNode* const outputs = Find(root, "outputs");
  for (size_t i = 0; outputs != nullptr && file.config && i < outputs->members.size(); ++i) {
    YamlNode& output = outputs->members[i].value;
    if (Find(output, "ack") == nullptr)
      Add(output, "ack", std::string(AckText(file.config->outputs[i].ack)));
  }
}

}  // namespace

std::string DumpDocument(YamlNode root, const RulesFile& file, const std::string& folder) {
  FillIn(root, file);
  Dumper dumper(folder);
  if (root.members.size() == 1 && root.members[0].name.text == "rules") {
    SectionInfo rules_alone = FileSection();
    std::erase_if(rules_alone.options,
                  [](const OptionInfo& option) { return option.name != "rules"; });
    dumper.Section(root, rules_alone, 0);
  } else {
    dumper.Section(root, FileSection(), 0);
  }
  return dumper.Take();
}

}  // namespace sluice::config
