// Short names for the types of options, for the tables.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/option.h"

namespace sluice::config {

inline constexpr ValueType kText{ValueType::Kind::kText};
inline constexpr ValueType kPath{ValueType::Kind::kPath};
inline constexpr ValueType kSecret{ValueType::Kind::kSecret};
inline constexpr ValueType kBool{ValueType::Kind::kBool};
inline constexpr ValueType kTexts{ValueType::Kind::kTexts};
inline constexpr ValueType kAddress{ValueType::Kind::kAddress};
inline constexpr ValueType kTextMap{ValueType::Kind::kTextMap};
inline constexpr ValueType kAny{ValueType::Kind::kAny};

constexpr ValueType Integer(int64_t min, int64_t max) {
  return {.kind = ValueType::Kind::kInteger, .min = min, .max = max};
}
constexpr ValueType Size(int64_t min, int64_t max) {
  return {.kind = ValueType::Kind::kSize, .min = min, .max = max};
}
// In milliseconds.
constexpr ValueType Duration(int64_t min, int64_t max) {
  return {.kind = ValueType::Kind::kDuration, .min = min, .max = max};
}
constexpr ValueType Choice(std::span<const std::string_view> choices) {
  return {.kind = ValueType::Kind::kChoice, .choices = choices};
}
constexpr ValueType Section(const SectionInfo& (*section)()) {
  return {.kind = ValueType::Kind::kSection, .section = section};
}
constexpr ValueType Sections(const SectionInfo& (*section)()) {
  return {.kind = ValueType::Kind::kSections, .section = section};
}
constexpr ValueType NamedSections(const SectionInfo& (*section)()) {
  return {.kind = ValueType::Kind::kNamedSections, .section = section};
}
constexpr ValueType NoneOrSection(const SectionInfo& (*section)()) {
  return {.kind = ValueType::Kind::kNoneOrSection, .section = section};
}

// A key that a later version will have: known to the schema's readers and refused.
template <typename T>
constexpr Row<T> Later(std::string_view name, std::string_view what) {
  return {{.name = name, .type = kAny, .fallback = "", .about = what, .later = what},
          SetNothing<T>};
}

// In the order of Overflow.
inline constexpr std::string_view kOverflows[] = {"block", "drop_oldest", "drop_newest"};

inline constexpr int64_t kKiB = 1 << 10;
inline constexpr int64_t kMiB = 1 << 20;
inline constexpr int64_t kGiB = 1 << 30;
inline constexpr int64_t kSecond = 1000;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;

}  // namespace sluice::config
