// rules: what they are written as. Whether they mean anything is for filters/compile to say.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <span>
#include <type_traits>

#include "config/sections.h"
#include "config/types.h"

namespace sluice::config {
namespace {

using compile::Located;
using compile::OnChangeSpec;
using compile::RuleSetSpec;
using compile::RuleSpec;
using compile::SetSpec;
using compile::WindowSpec;

constexpr int64_t kMinWindow = 10;  // milliseconds
constexpr int64_t kMaxPeriod = kHour * 24 * 31;

constexpr std::string_view kDefaults[] = {"drop", "forward"};
constexpr std::string_view kProfiles[] = {"default",
                                          "edgehub"};  // in the order of language::Profile

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Names to values, which may be empty, unlike other texts of a rule.
void ReadNamed(Reader& reader, const YamlNode& node, const std::string& key,
               std::string (*identity)(std::string name), const std::string& twice,
               std::vector<SetSpec>* into) {
  if (!reader.Expect(YamlNode::Kind::kMap, node, key)) return;
  std::set<std::string> seen;
  for (const auto& [name, value] : node.members) {
    const std::string member_key = Join(key, name.text);
    if (name.text.empty()) {
      reader.diagnostics().Error(name.place, key, "a property needs a name");
      continue;
    }
    if (!seen.insert(identity(name.text)).second) {
      reader.diagnostics().Error(name.place, member_key, twice);
      continue;
    }
    if (reader.Text(value, member_key) == nullptr) continue;
    into->push_back({Locate(name), Locate(value)});
  }
}

void SetProperties(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                   RuleSpec& into) {
  ReadNamed(reader, node, key, Lower, "stands twice: names of properties ignore case", &into.set);
}

void SetAggregates(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                   WindowSpec& into) {
  ReadNamed(
      reader, node, key, [](std::string name) { return name; }, "stands twice", &into.select);
}

void SetDefault(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, RuleSetSpec& into) {
  std::string chosen;
  reader.Read(info.type, node, key, chosen);
  into.forward_by_default = chosen == "forward";
  into.default_action = Locate(node);
}

constexpr Row<OnChangeSpec> kOnChangeRows[] = {
    {{"of", kText, "", "The expression whose value is watched; undefined is held", true},
     Set<&OnChangeSpec::of>},
    {{"by", kText, "",
      "Numbers must differ by at least this: 0.5, or 5% of the last one passed; default: any "
      "difference"},
     Set<&OnChangeSpec::by>},
    {{"max_silence", Duration(1, kMaxPeriod), "",
      "Passes whatever the value when this has gone by since the last one passed; default: never"},
     Set<&OnChangeSpec::max_silence>},
};
const SectionInfo& OnChangeSection() {
  static const SectionInfo section =
      Describe<OnChangeSpec>("on_change", "Report on change", kOnChangeRows);
  return section;
}

constexpr Row<WindowSpec> kWindowRows[] = {
    {{"every", Duration(kMinWindow, kMaxPeriod), "",
      "How long a window is; windows begin at multiples of it", true},
     Set<&WindowSpec::every>},
    {{"select", kTextMap, "",
      "Names to aggregates: COUNT SUM AVG MIN MAX FIRST LAST STDDEV, such as AVG($body.t)", true},
     SetAggregates},
};
const SectionInfo& WindowSection() {
  static const SectionInfo section = Describe<WindowSpec>(
      "window", "One message in place of all that came in a time", kWindowRows);
  return section;
}

template <auto kMember, const auto& kRows>
void SetOptionalSection(Reader& reader, const OptionInfo&, const YamlNode& node,
                        const std::string& key, RuleSpec& into) {
  auto& section = (into.*kMember).emplace();
  ReadSection<std::remove_reference_t<decltype(section)>>(reader, node, key, kRows, section);
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
    {{"dedup", Duration(1, kMaxPeriod), "",
      "Holds a message whose topic and body passed less than this ago"},
     Set<&RuleSpec::dedup>},
    {{"on_change", Section(OnChangeSection), "", "Passes the first value, then what differs"},
     SetOptionalSection<&RuleSpec::on_change, kOnChangeRows>},
    {{"sample", Integer(1, 100'000'000), "", "Passes the 1st message, the N+1th and so on"},
     Set<&RuleSpec::sample>},
    {{"rate", kText, "", "Passes so many messages a time: 5/s, 100/m, 1/10s"},
     Set<&RuleSpec::rate>},
    {{"window", Section(WindowSection), "", "Sends aggregates in place of the messages"},
     SetOptionalSection<&RuleSpec::window, kWindowRows>},
    {{"per", kTexts, "",
      "Expressions: reducers keep a state by their values, beside device and topic"},
     Set<&RuleSpec::per>},
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

// A route brings its own from, where and into; with drop, a shape or a reducer it would not be that
// route any more.
constexpr Refused kBesideRoute[] = {
    {"from"},        {"where"}, {"into"},      {"set"},    {"select"}, {"redact"}, {"drop", true},
    {"final", true}, {"dedup"}, {"on_change"}, {"sample"}, {"rate"},   {"window"}, {"per"}};
constexpr Refused kBesideDrop[] = {{"set"},       {"select"}, {"redact"}, {"into"},   {"dedup"},
                                   {"on_change"}, {"sample"}, {"rate"},   {"window"}, {"per"}};

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
    {{"max_state", Size(kMiB, 64 * kGiB), "64MiB",
      "Memory for the states of reducers, a worker; beyond it the least recently used go"},
     Set<&RuleSetSpec::max_state>},
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
