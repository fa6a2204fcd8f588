// Names of rules by the numbers that records carry.
//
// A rule's place in its program means nothing after a reload, and a spooled record outlives the
// process. So a name keeps its number for good: whoever keeps records on a disk keeps the names,
// and begins with them. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::spool {

class RuleNames {
 public:
  // Names that come when all numbers are taken share this one.
  static constexpr uint16_t kOther = 0xfffe;

  // `names`: what names() gave, in that order.
  explicit RuleNames(std::vector<std::string> names = {});

  uint16_t NumberOf(std::string_view name);
  // "" for kNoRule; "?" for kOther and for a number that nothing is known of.
  std::string NameOf(uint16_t number) const;

  std::vector<std::string> names() const;
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_;                       // guarded by mutex_
  std::unordered_map<std::string, uint16_t> numbers_{};  // guarded by mutex_
};

}  // namespace sluice::spool
