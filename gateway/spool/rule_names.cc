#include "gateway/spool/rule_names.h"

#include <utility>

#include "gateway/spool/record.h"

namespace sluice::spool {

RuleNames::RuleNames(std::vector<std::string> names) : names_(std::move(names)) {
  if (names_.size() > kOther) names_.resize(kOther);
  for (size_t i = 0; i < names_.size(); ++i) {
    numbers_.emplace(names_[i], static_cast<uint16_t>(i));
  }
}

uint16_t RuleNames::NumberOf(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] =
      numbers_.try_emplace(std::string(name), static_cast<uint16_t>(names_.size()));
  if (!is_new) return found->second;
  if (names_.size() == kOther) {
    numbers_.erase(found);
    return kOther;
  }
  names_.emplace_back(name);
  return found->second;
}

std::string RuleNames::NameOf(uint16_t number) const {
  if (number == kNoRule) return "";
  const std::lock_guard lock(mutex_);
  return number < names_.size() ? names_[number] : "?";
}

std::vector<std::string> RuleNames::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

size_t RuleNames::size() const {
  const std::lock_guard lock(mutex_);
  return names_.size();
}

}  // namespace sluice::spool
