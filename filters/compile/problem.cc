#include "filters/compile/problem.h"

namespace sluice::compile {

void ProblemSink::Add(Problem::Severity severity, const Located& at, std::string message,
                      std::string hint) {
  Problem problem;
  problem.severity = severity;
  problem.line = at.line;
  problem.column = at.column;
  problem.length = at.verbatim && !at.text.empty() ? static_cast<uint32_t>(at.text.size()) : 1;
  problem.rule = rule_;
  problem.message = std::move(message);
  problem.hint = std::move(hint);
  problems_.push_back(std::move(problem));
}

void ProblemSink::Take(const Located& at, const language::Diagnostics& diagnostics,
                       size_t skipped) {
  for (const language::Diagnostic& diagnostic : diagnostics) {
    Add(diagnostic.severity, at, diagnostic.message, diagnostic.hint);
    if (!at.verbatim) continue;
    problems_.back().column += static_cast<uint32_t>(skipped + diagnostic.offset);
    problems_.back().length = static_cast<uint32_t>(diagnostic.length);
  }
}

}  // namespace sluice::compile
