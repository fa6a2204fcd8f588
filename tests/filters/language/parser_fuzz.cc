// Whatever the text is: it compiles, or gets an error that lies inside it; what was parsed, written
// out again, parses to the same; routes are as safe as conditions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "filters/language/diagnostic.h"
#include "filters/language/expression.h"
#include "filters/language/parse_tree.h"
#include "filters/language/parser.h"
#include "filters/language/route.h"

namespace {

using namespace sluice::language;  // NOLINT(google-build-using-namespace): a fuzz target, nothing
                                   // includes it

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckPlaces(const Diagnostics& diagnostics, std::string_view text) {
  for (const Diagnostic& diagnostic : diagnostics) {
    Require(diagnostic.offset <= text.size());
    Require(diagnostic.length >= 1);
    Require(diagnostic.length == 1 || diagnostic.offset + diagnostic.length <= text.size());
    Require(!diagnostic.message.empty());
  }
}

void CheckRoundTrip(std::string_view text) {
  Diagnostics diagnostics;
  const std::optional<ParseTree> tree = Parse(text, &diagnostics);
  Require(tree.has_value() != HasErrors(diagnostics));
  CheckPlaces(diagnostics, text);
  if (!tree) return;
  const std::string again = ToText(*tree);
  if (again.size() > kMaxExpressionBytes) return;
  Diagnostics of_again;
  const std::optional<ParseTree> same = Parse(again, &of_again);
  Require(same.has_value());
  Require(ToText(*same) == again);
}

void CheckCompile(std::string_view text, Profile profile) {
  const TopicName names[] = {{"line", 1}};
  for (bool is_condition : {true, false}) {
    FieldPaths paths;
    ExpressionOptions options;
    options.profile = profile;
    options.topic_names = names;
    options.twin_change_source = profile == Profile::kEdgeHub;
    options.paths = &paths;
    Diagnostics diagnostics;
    const std::optional<Expression> compiled = is_condition
                                                   ? CompileCondition(text, options, &diagnostics)
                                                   : CompileValue(text, options, &diagnostics);
    Require(compiled.has_value() != HasErrors(diagnostics));
    CheckPlaces(diagnostics, text);
    if (compiled) Require(!Dump(compiled->tree()).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckRoundTrip(text);
  CheckCompile(text, Profile::kDefault);
  CheckCompile(text, Profile::kEdgeHub);
  Diagnostics diagnostics;
  const std::optional<Route> route = ParseRoute(text, &diagnostics);
  Require(route.has_value() != HasErrors(diagnostics));
  CheckPlaces(diagnostics, text);
  if (route) SourceMatches(*route, "/messages/modules/m/");
  return 0;
}
