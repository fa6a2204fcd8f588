// What is wrong or doubtful in rules, and where it stands in the file they were written in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filters/compile/rule_spec.h"
#include "filters/language/diagnostic.h"

namespace sluice::compile {

struct Problem {
  using Severity = language::Diagnostic::Severity;

  Severity severity = Severity::kError;
  uint32_t line = 0;  // from 1; 0: no place in the file
  uint32_t column = 0;
  uint32_t length = 1;  // bytes to underline
  std::string rule;     // the rule's name; empty for what concerns no single rule
  std::string message;
  std::string hint;  // what to write instead; may be empty
};

// Collects the problems of one rule.
class ProblemSink {
 public:
  ProblemSink(std::string rule, std::vector<Problem>* problems)
      : rule_(std::move(rule)), problems_(*problems) {}

  void Error(const Located& at, std::string message, std::string hint = "") {
    Add(Problem::Severity::kError, at, std::move(message), std::move(hint));
  }
  void Warning(const Located& at, std::string message, std::string hint = "") {
    Add(Problem::Severity::kWarning, at, std::move(message), std::move(hint));
  }
  // Diagnostics of `at.text`, which began `skipped` bytes into it.
  void Take(const Located& at, const language::Diagnostics& diagnostics, size_t skipped = 0);

 private:
  void Add(Problem::Severity severity, const Located& at, std::string message, std::string hint);

  std::string rule_;
  std::vector<Problem>& problems_;
};

}  // namespace sluice::compile
