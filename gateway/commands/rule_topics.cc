#include "gateway/commands/rule_topics.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "filters/compile/topic_pattern.h"

namespace sluice::commands {
namespace {

using compile::TopicPattern;

// A template as a pattern that has all of its topics, and more where {device} is but a part of a
// level.
TopicPattern PatternOf(std::string_view text) {
  std::string filter;
  while (true) {
    const size_t slash = text.find('/');
    const std::string_view level = text.substr(0, slash);
    filter += level.find("{device}") == level.npos ? level : "+";
    if (slash == text.npos) break;
    filter += '/';
    text.remove_prefix(slash + 1);
  }
  language::Diagnostics none;  // the loader has checked it
  return TopicPattern::Parse(filter, &none).value_or(*TopicPattern::Parse("#", &none));
}

std::vector<TopicPattern> PatternsOf(const config::DeviceOptions& devices) {
  std::vector<TopicPattern> patterns;
  for (const std::string& text : devices.publish) patterns.push_back(PatternOf(text));
  for (const config::DeviceTemplates& each : devices.each) {
    for (const std::string& text : each.publish) patterns.push_back(PatternOf(text));
  }
  return patterns;
}

}  // namespace

void CheckRuleTopics(const config::Config& config, const compile::Program& program,
                     std::vector<compile::Problem>* problems) {
  const std::vector<TopicPattern> patterns = PatternsOf(config.devices);
  if (patterns.empty()) return;  // nobody may publish anything
  for (size_t i = 0; i < program.rules().size(); ++i) {
    const compile::Rule& rule = program.rules()[i];
    if (!rule.from) continue;
    const auto meets = [&](const TopicPattern& pattern) { return pattern.Meets(*rule.from); };
    if (std::any_of(patterns.begin(), patterns.end(), meets)) continue;
    compile::ProblemSink sink(rule.name, problems);
    sink.Warning(*config.rules.rules[i].from,
                 "never matches: devices may publish to none of these topics",
                 "see devices.publish and devices.each");
  }
}

}  // namespace sluice::commands
