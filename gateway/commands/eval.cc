// sluice eval: judges one condition on one message, or a file of cases.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "config/diagnostics.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/routing_cases.h"
#include "gateway/lines/line_reader.h"
#include "gateway/lines/message_line.h"

namespace sluice::commands {
namespace {

std::string_view TruthText(language::Truth truth) {
  switch (truth) {
    case language::Truth::kTrue:
      return "true";
    case language::Truth::kFalse:
      return "false";
    case language::Truth::kUndefined:
      break;
  }
  return "undefined";
}

// Line and column of a byte of the query, which may have several lines.
config::Place PlaceOf(std::string_view query, const language::Diagnostic& diagnostic) {
  config::Place place;
  place.line = 1;
  size_t line_start = 0;
  for (size_t at = query.find('\n'); at < diagnostic.offset; at = query.find('\n', at + 1)) {
    ++place.line;
    line_start = at + 1;
  }
  place.column = static_cast<uint32_t>(diagnostic.offset - line_start + 1);
  place.length = static_cast<uint32_t>(diagnostic.length);
  return place;
}

void Print(const std::string& query, const language::Diagnostics& found) {
  config::Diagnostics diagnostics;
  diagnostics.SetSource("query", query);
  for (const language::Diagnostic& diagnostic : found) {
    const config::Place place = PlaceOf(query, diagnostic);
    if (diagnostic.severity == language::Diagnostic::Severity::kError) {
      diagnostics.Error(place, "", diagnostic.message, diagnostic.hint);
    } else {
      diagnostics.Warning(place, "", diagnostic.message, diagnostic.hint);
    }
  }
  fmt::print(stderr, "{}", diagnostics.Render());
}

// The first line of the file that is not blank.
absl::Status ReadMessage(const std::string& path, lines::OwnedMessage* message) {
  const bool is_stdin = path == "-";
  const int fd = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  lines::LineReader reader(fd);
  absl::Status status = absl::InvalidArgumentError("no message line");
  std::string_view line;
  while (reader.Next(&line)) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    status = lines::ParseMessageLine(line, message);
    break;
  }
  if (!reader.status().ok()) status = reader.status();
  if (!is_stdin) close(fd);
  if (status.ok()) return status;
  const std::string what(status.message());
  return absl::InvalidArgumentError(
      fmt::format("{}: {}", is_stdin ? "standard input" : path, what));
}

int EvalQuery(const EvalOptions& options) {
  language::FieldPaths paths;
  language::ExpressionOptions expression_options;
  expression_options.profile = options.profile;
  expression_options.paths = &paths;
  language::Diagnostics diagnostics;
  const std::optional<language::Expression> condition =
      language::CompileCondition(options.query, expression_options, &diagnostics);
  Print(options.query, diagnostics);
  if (!condition) return kExitNo;

  lines::OwnedMessage owned;
  language::MessageView message;
  if (!options.message.empty()) {
    if (const absl::Status status = ReadMessage(options.message, &owned); !status.ok()) {
      const std::string what(status.message());
      fmt::print(stderr, "sluice eval: {}\n", what);
      return kExitNo;
    }
    message = owned.View();
  }
  // As rules judge it by default: a body without a content type is taken for JSON.
  language::BodyReader body(paths.body, {options.profile, true});
  body.Read(message);
  language::Evaluator evaluator(paths);
  evaluator.Start({&message, &body});
  fmt::print("{}\n", TruthText(evaluator.Judge(*condition)));
  return kExitFine;
}

int EvalCases(const EvalOptions& options) {
  const absl::StatusOr<std::vector<RoutingCase>> cases = LoadRoutingCases(options.cases);
  if (!cases.ok()) {
    const std::string what(cases.status().message());
    fmt::print(stderr, "sluice eval: {}\n", what);
    return kExitNo;
  }
  const std::string profile =
      options.profile == language::Profile::kEdgeHub ? "edgehub" : "default";
  size_t passed = 0;
  size_t failed = 0;
  for (const RoutingCase& routing_case : *cases) {
    if (!routing_case.IsOf(profile)) continue;
    const std::string value = JudgeCase(routing_case, options.profile);
    if (value == routing_case.value) {
      ++passed;
      continue;
    }
    ++failed;
    fmt::print("{}: {} is {}, not {} ({})\n", routing_case.id, routing_case.query, value,
               routing_case.value, routing_case.why);
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? kExitFine : kExitNo;
}

}  // namespace

int Eval(const EvalOptions& options) {
  return options.has_query ? EvalQuery(options) : EvalCases(options);
}

}  // namespace sluice::commands
