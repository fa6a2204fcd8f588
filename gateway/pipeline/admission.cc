#include "gateway/pipeline/admission.h"

#include <algorithm>

namespace sluice::pipeline {
namespace {

constexpr std::string_view kDevice = "{device}";

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool AnyMatches(const std::vector<TopicTemplate>& templates, std::string_view topic,
                std::string_view identity) {
  return std::any_of(templates.begin(), templates.end(),
                     [&](const TopicTemplate& one) { return one.Matches(topic, identity); });
}

}  // namespace

TopicTemplate::TopicTemplate(std::string_view text) {
  while (true) {
    const size_t slash = text.find('/');
    std::string_view level = text.substr(0, slash);
    if (level == "#") {
      and_below_ = true;
      return;
    }
    Level& compiled = levels_.emplace_back();
    compiled.any = level == "+";
    for (size_t at = level.find(kDevice); at != level.npos; at = level.find(kDevice)) {
      compiled.pieces.emplace_back(level.substr(0, at));
      level.remove_prefix(at + kDevice.size());
    }
    compiled.pieces.emplace_back(level);
    if (slash == text.npos) return;
    text.remove_prefix(slash + 1);
  }
}

bool TopicTemplate::LevelMatches(const Level& level, std::string_view text,
                                 std::string_view identity) {
  if (level.any) return true;
  if (!TakePrefix(&text, level.pieces[0])) return false;
  for (size_t i = 1; i < level.pieces.size(); ++i) {
    if (!TakePrefix(&text, identity) || !TakePrefix(&text, level.pieces[i])) return false;
  }
  return text.empty();
}

bool TopicTemplate::Matches(std::string_view topic, std::string_view identity) const {
  bool at_end = false;  // of the topic
  for (const Level& level : levels_) {
    if (at_end) return false;
    const size_t slash = topic.find('/');
    if (!LevelMatches(level, topic.substr(0, slash), identity)) return false;
    at_end = slash == topic.npos;
    if (!at_end) topic.remove_prefix(slash + 1);
  }
  return at_end || and_below_;
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0;
  size_t star = glob.npos, star_text = 0;  // the last * met, and what it has swallowed up to
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != glob.npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == glob.npos;
}

Admission::Admission(const config::DeviceOptions& options) {
  for (const std::string& text : options.publish) publish_.emplace_back(text);
  for (const config::DeviceTemplates& each : options.each) {
    Some& some = each_.emplace_back();
    some.match = each.match;
    for (const std::string& text : each.publish) some.publish.emplace_back(text);
  }
}

bool Admission::MayPublish(std::string_view identity, std::string_view topic) const {
  if (topic.starts_with('$')) return false;
  if (AnyMatches(publish_, topic, identity)) return true;
  return std::any_of(each_.begin(), each_.end(), [&](const Some& some) {
    return AnyMatches(some.publish, topic, identity) && GlobMatches(some.match, identity);
  });
}

}  // namespace sluice::pipeline
