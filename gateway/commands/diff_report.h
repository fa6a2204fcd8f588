// What `sluice diff` found, counted by kind and by rule with the first few of each, and how it is
// printed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::commands {

// How often something changed, and where first.
class Change {
 public:
  void Add(const std::string& example);
  uint64_t count() const { return count_; }
  // To stdout, a line each.
  void PrintExamples(const char* indent) const;

 private:
  uint64_t count_ = 0;
  std::vector<std::string> examples_;
};

class DiffReport {
 public:
  enum class Verdict : uint8_t {
    kForwarded,  // and was dropped
    kDropped,
    kOtherReason,  // of a drop
    kOtherOutputs,
    kOtherContent,
    kOtherRules,  // that come to the same
    kWindowSent,
    kWindowGone,
    kWindowContent,
  };
  enum class OfRule : uint8_t {
    kMatches,
    kMatchesNot,
    kHeld,  // and was not, though it matched
    kPasses,
    kHeldOtherwise,
    kSendsOtherwise,
    kWindowSent,
    kWindowGone,
    kWindowContent,
  };
  static constexpr size_t kKinds = 9;  // of either

  void Add(Verdict kind, const std::string& example);
  void Add(const std::string& rule, OfRule kind, const std::string& example);
  void CountMessage(bool changed);
  void CountWindows(uint64_t all, uint64_t changed);

  bool changed() const { return changed_messages_ + changed_windows_ > 0; }

  // Names of rules in the order they are shown, and what to say of each in brackets.
  using Order = std::vector<std::pair<std::string, std::string>>;
  void Print(const Order& rules) const;

 private:
  using Changes = std::array<Change, kKinds>;

  void PrintSums() const;

  uint64_t messages_ = 0;
  uint64_t changed_messages_ = 0;
  uint64_t windows_ = 0;
  uint64_t changed_windows_ = 0;
  Changes verdicts_;
  std::map<std::string, Changes> rules_;
};

}  // namespace sluice::commands
