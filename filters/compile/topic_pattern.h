// What a rule's `from` says: an MQTT topic filter in which {name} is a + with a name.
//
// [MQTT-4.7.2-1] A wildcard at its start does not select topics that begin with a dollar; "a/#"
// selects "a", too.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/diagnostic.h"
#include "filters/language/expression.h"

namespace sluice::compile {

class TopicPattern {
 public:
  // Nothing if, and only if, `*diagnostics` got an error.
  static std::optional<TopicPattern> Parse(std::string_view text,
                                           language::Diagnostics* diagnostics);

  // `levels` as language::SplitTopic gives them.
  bool Matches(std::span<const std::string_view> levels) const;

  // What {name} names: of which level.
  const std::vector<language::TopicName>& names() const { return names_; }

  struct Level {
    bool any = false;  // + or {name}
    std::string text;  // what it must be, if not `any`
  };
  const std::vector<Level>& levels() const { return levels_; }  // without the #
  bool and_below() const { return and_below_; }                 // ended in #

  // Whether every topic of `other` is one of this, too; never true where it is not so.
  bool Covers(const TopicPattern& other) const;
  // Whether some topic is of both.
  bool Meets(const TopicPattern& other) const;

 private:
  bool starts_with_wildcard() const { return levels_.empty() || levels_[0].any; }
  bool starts_with_dollar() const {
    return !starts_with_wildcard() && levels_[0].text.starts_with('$');
  }

  std::vector<Level> levels_;
  bool and_below_ = false;
  std::vector<language::TopicName> names_;
};

}  // namespace sluice::compile
