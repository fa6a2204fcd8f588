// rules: what they are written as. Whether they mean anything is for filters/compile to say.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "config/sections.h"
#include "config/types.h"

namespace sluice::config {
namespace {

using compile::Located;
using compile::RuleSetSpec;
using compile::RuleSpec;

constexpr std::string_view kDefaults[] = {"drop", "forward"};
constexpr std::string_view kProfiles[] = {"default",
                                          "edgehub"};  // in the order of language::Profile

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// The values may be empty, unlike other texts of a rule.
void SetProperties(Reader& reader, const OptionInfo&, const Node& node, const std::string& key,
                   RuleSpec& into) {
  if (!reader.Expect(Node::Kind::kMap, node, key)) return;
  std::set<std::string> seen;
  for (const auto& [name, value] : node.members) {
    const std::string member_key = Join(key, name.text);
    if (name.text.empty()) {
      reader.diagnostics().Error(name.place, key, "a property needs a name");
      continue;
    }
    if (!seen.insert(Lower(name.text)).second) {
      reader.diagnostics().Error(name.place, member_key,
                                 "stands twice: names of properties ignore case");
      continue;
    }
    if (reader.Text(value, member_key) == nullptr) continue;
    into.set.push_back({Locate(name), Locate(value)});
  }
}

void SetDefault(Reader& reader, const OptionInfo& info, const Node& node, const std::string& key,
                RuleSetSpec& into) {
  std::string chosen;
  reader.Read(info.type, node, key, chosen);
  into.forward_by_default = chosen == "forward";
}

constexpr Row<RuleSpec> kRuleRows[] = {
    {{"name", kText, "",
      "What the rule is called in metrics and verdicts; unique; default: rule-N"},
     Set<&RuleSpec::name>},
    {{"from", kText, "", "MQTT topic filter; {name} is a + whose level is $topic.name; default: #"},
     Set<&RuleSpec::from>},
    {{"where", kText, "", "Condition in IoT Hub's routing query language; default: true"},
     Set<&RuleSpec::where>},
    {{"route", kText, "", "An IoT Edge route, in place of from, where and into"},
     Set<&RuleSpec::route>},
    {{"drop", kBool, "false", "Judging ends here without an output"}, Set<&RuleSpec::drop>},
    {{"final", kBool, "false", "Judging ends here, after this rule's outputs"},
     Set<&RuleSpec::final_rule>},
    {{"priority", Integer(0, 9), "5", "0 goes first"}, Set<&RuleSpec::priority>},
    {{"set", kTextMap, "",
      "Properties to add: text, or an expression if it begins with $ ($$ is a literal dollar)"},
     SetProperties},
    {{"select", kTexts, "", "Paths of a JSON body to keep, such as v_rms.z"},
     Set<&RuleSpec::select>},
    {{"redact", kTexts, "", "Paths of a JSON body to remove"}, Set<&RuleSpec::redact>},
    {{"into", kTexts, "", "Names of outputs; default: hub, else the only iothub output"},
     Set<&RuleSpec::into>},
    Later<RuleSpec>("on_change", "report on change"),
    Later<RuleSpec>("sample", "sampling"),
    Later<RuleSpec>("rate", "rate caps"),
    Later<RuleSpec>("dedup", "removing duplicates"),
    Later<RuleSpec>("window", "windows"),
    Later<RuleSpec>("per", "state of reducers by value"),
};
const SectionInfo& RuleSection() {
  static const SectionInfo section = Describe<RuleSpec>("rule", "One rule", kRuleRows);
  return section;
}

// A route brings its own from, where and into; with drop or a shape it would not be that route any
// more.
void CheckRoute(Reader& reader, const Node& node, const std::string& key) {
  constexpr std::string_view kBeside[] = {"name", "route", "priority"};
  for (const auto& [name, value] : node.members) {
    if (std::find(std::begin(kBeside), std::end(kBeside), name.text) != std::end(kBeside)) continue;
    reader.diagnostics().Error(name.place, Join(key, name.text), "has no place beside 'route'",
                               "write the route as from, where and into instead");
  }
}

void CheckDrop(Reader& reader, const Node& node, const std::string& key) {
  constexpr std::string_view kPointless[] = {"set", "select", "redact", "into", "priority"};
  for (const auto& [name, value] : node.members) {
    if (std::find(std::begin(kPointless), std::end(kPointless), name.text) == std::end(kPointless))
      continue;
    reader.diagnostics().Error(name.place, Join(key, name.text),
                               "has no effect in a rule that drops");
  }
}

// Names are there and unique when this is done: made-up ones stay clear of written ones.
void NameRules(Reader& reader, const Node& list, const std::string& key,
               std::vector<RuleSpec>& rules) {
  std::map<std::string, uint32_t> lines;
  for (size_t i = 0; i < rules.size(); ++i) {
    Located& name = rules[i].name;
    const Place place = list.items[i].place;
    if (name.text.empty()) {
      name = {fmt::format("rule-{}", i + 1), place.line, place.column, false};
    }
    const auto [at, is_new] = lines.emplace(name.text, name.line);
    if (is_new) continue;
    reader.diagnostics().Error(
        {name.line, name.column, static_cast<uint32_t>(name.verbatim ? name.text.size() : 1)},
        Join(key, i) + ".name",
        fmt::format("'{}' is the name of the rule on line {} already", name.text, at->second));
  }
}

void SetList(Reader& reader, const OptionInfo& info, const Node& node, const std::string& key,
             RuleSetSpec& into) {
  SetSections<&RuleSetSpec::rules, kRuleRows>(reader, info, node, key, into);
  for (size_t i = 0; i < into.rules.size(); ++i) {
    if (into.rules[i].route) CheckRoute(reader, node.items[i], Join(key, i));
    if (into.rules[i].drop) CheckDrop(reader, node.items[i], Join(key, i));
  }
  NameRules(reader, node, key, into.rules);
}

constexpr Row<RuleSetSpec> kRulesRows[] = {
    {{"default", Choice(kDefaults), "drop", "What becomes of a message that no rule took"},
     SetDefault},
    {{"assume_json", kBool, "true",
      "Judge the body of messages that declare no content type as JSON (IoT Hub would not)"},
     Set<&RuleSetSpec::assume_json>},
    {{"profile", Choice(kProfiles), "default",
      "Whose dialect conditions are judged by, where the two differ"},
     Set<&RuleSetSpec::profile>},
    {{"list", Sections(RuleSection), "", "The rules, judged in the order written"}, SetList},
};

}  // namespace

void SetRules(Reader& reader, const OptionInfo&, const Node& node, const std::string& key,
              Config& into) {
  ReadSection<RuleSetSpec>(reader, node, key, kRulesRows, into.rules);
}

const SectionInfo& RulesSection() {
  static const SectionInfo section =
      Describe<RuleSetSpec>("rules", "Which messages are forwarded, and as what", kRulesRows);
  return section;
}

}  // namespace sluice::config
