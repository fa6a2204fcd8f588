// The properties of one message as its device may have them: forged ones removed.
//
// Origin and what the hub stamps is what the certificate says, never what a device wrote:
// `origin-device`, `origin-topic`, `origin-time`, `iothub-…`, `$.cdid` and `$.cmid` are removed,
// ignoring case. Of the other names in
// `$.…`, which are the hub's system properties, those that a sender may set and that change nothing
// but itself become system properties ($.mid is messageId); the rest would speak for the gateway's
// own message and is removed, too.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "filters/language/message_view.h"

namespace sluice::pipeline {

// For one message at a time: (Clear Add* read)*. Keeps views; allocates only to grow.
class DeviceProperties {
 public:
  void Clear();
  // In the order sent. Whether it was kept.
  bool Add(const language::PropertyView& property);
  void AddSystem(const language::PropertyView& property) { system_.push_back(property); }

  std::span<const language::PropertyView> application() const { return application_; }
  std::span<const language::PropertyView> system() const { return system_; }

 private:
  std::vector<language::PropertyView> application_;
  std::vector<language::PropertyView> system_;
};

// Of `properties` those that reach an output beside what `set` writes: of equal names the last, and
// none that `set` replaces, all ignoring case; in the order sent. `is_set(name)` says what `set`
// writes.
class SurvivingProperties {
 public:
  template <typename IsSet>
  std::span<const language::PropertyView> Find(std::span<const language::PropertyView> properties,
                                               IsSet is_set) {
    FindLast(properties);
    size_t kept = 0;
    for (const language::PropertyView& property : survivors_) {
      if (!is_set(property.name)) survivors_[kept++] = property;
    }
    survivors_.resize(kept);
    return survivors_;
  }

 private:
  void FindLast(std::span<const language::PropertyView> properties);

  std::vector<language::PropertyView> survivors_;
};

}  // namespace sluice::pipeline
