// rules: what they are written as. Whether they mean anything is for filters/compile to say.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <span>

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
void SetProperties(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                   RuleSpec& into) {
  if (!reader.Expect(YamlNode::Kind::kMap, node, key)) return;
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

void SetDefault(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, RuleSetSpec& into) {
  std::string chosen;
  reader.Read(info.type, node, key, chosen);
  into.forward_by_default = chosen == "forward";
  into.default_action = Locate(node);
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

// A refused key of a rule; `only_true`: refused where its value is not false.
struct Refused {
  std::string_view key;
  bool only_true = false;
};

void Refuse(Reader& reader, const YamlNode& rule, const std::string& key,
            std::span<const Refused> refused, const std::string& message, const std::string& hint) {
  for (const auto& [name, value] : rule.members) {
    for (const Refused& one : refused) {
      if (one.key != name.text || (one.only_true && value.text == "false")) continue;
      reader.diagnostics().Error(name.place, Join(key, name.text), message, hint);
    }
  }
}

// A route brings its own from, where and into; with drop or a shape it would not be that route any
// more.
constexpr Refused kBesideRoute[] = {{"from"},   {"where"},  {"into"},       {"set"},
                                    {"select"}, {"redact"}, {"drop", true}, {"final", true}};
constexpr Refused kBesideDrop[] = {{"set"}, {"select"}, {"redact"}, {"into"}};

// Every rule has a name when this is done. One that is written may not be another's made-up one
// either.
void NameRules(Reader& reader, const YamlNode& list, const std::string& key,
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

void SetList(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
             RuleSetSpec& into) {
  SetSections<&RuleSetSpec::rules, kRuleRows>(reader, info, node, key, into);
  for (size_t i = 0; i < into.rules.size(); ++i) {
    if (into.rules[i].route) {
      Refuse(reader, node.items[i], Join(key, i), kBesideRoute, "has no place beside 'route'",
             "write the route as from, where and into instead");
    } else if (into.rules[i].drop) {
      Refuse(reader, node.items[i], Join(key, i), kBesideDrop, "has no effect in a rule that drops",
             "");
    }
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

void SetRules(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
              Config& into) {
  ReadSection<RuleSetSpec>(reader, node, key, kRulesRows, into.rules);
}

const SectionInfo& RulesSection() {
  static const SectionInfo section =
      Describe<RuleSetSpec>("rules", "Which messages are forwarded, and as what", kRulesRows);
  return section;
}

}  // namespace sluice::config
