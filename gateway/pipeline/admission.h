// Which topics a device may publish to: the templates of `devices`, least privilege.
//
// Compiled once, immutable, shared by all threads; nothing is compiled or kept for an identity, so
// that a storm of new ones costs nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::pipeline {

// A topic filter in which {device} stands for the identity of whoever asks.
class TopicTemplate {
 public:
  // `text` has passed config::CheckTemplate.
  explicit TopicTemplate(std::string_view text);

  // Both as they came from the device; `topic` is valid for PUBLISH.
  bool Matches(std::string_view topic, std::string_view identity) const;

 private:
  struct Level {
    bool any = false;                 // +
    std::vector<std::string> pieces;  // between them stands the identity
  };

  static bool LevelMatches(const Level& level, std::string_view text, std::string_view identity);

  std::vector<Level> levels_;  // without the #
  bool and_below_ = false;
};

// Whether `text` is of the shape `glob`, in which * stands for anything and ? for one byte.
bool GlobMatches(std::string_view glob, std::string_view text);

class Admission {
 public:
  explicit Admission(const config::DeviceOptions& options);

  // Topics that begin with a dollar are never admitted: they are the gateway's own.
  bool MayPublish(std::string_view identity, std::string_view topic) const;

 private:
  struct Some {
    std::string match;
    std::vector<TopicTemplate> publish;
  };

  std::vector<TopicTemplate> publish_;
  std::vector<Some> each_;
};

}  // namespace sluice::pipeline
