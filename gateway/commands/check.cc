// sluice check: all that can be found wrong in a configuration without starting anything.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "config/load.h"
#include "config/schema.h"
#include "filters/compile/dump.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/surroundings.h"

namespace sluice::commands {
namespace {

std::string Count(size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string Summary(const config::RulesFile& file) {
  std::string text = Count(file.rules.rules.size(), "rule");
  if (file.config) {
    text = fmt::format("{}, {}, {}", Count(file.config->listeners.size(), "listener"), text,
                       Count(file.config->outputs.size(), "output"));
  }
  return text;
}

// The program stands in comments: what is printed is a configuration still.
int Dump(const ConfigSource& source, const compile::Program& program) {
  config::Diagnostics diagnostics;
  const std::optional<std::string> dump =
      source.text ? config::DumpText(*source.text, source.name, "/", &diagnostics)
                  : config::Dump(source.name, &diagnostics);
  if (!dump) {
    fmt::print(stderr, "{}", diagnostics.Render());
    return kExitNo;
  }
  fmt::print(
      "{}\n# How a message finds the rules that may match it, and what is left to check of "
      "each:\n#\n",
      *dump);
  const std::string text = compile::Dump(program);
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    fmt::print("#   {}\n", text.substr(start, end - start));
    start = end + 1;
  }
  return kExitFine;
}

}  // namespace

int Check(const CheckOptions& options) {
  if (options.schema) {
    fmt::print("{}", config::JsonSchema());
    return kExitFine;
  }
  const absl::StatusOr<ConfigSource> source = FindConfig(options.config);
  if (!source.ok()) {
    fmt::print(stderr, "sluice check: {}\n", std::string(source.status().message()));
    return absl::IsNotFound(source.status()) ? kExitUsage : kExitNo;
  }
  config::Diagnostics diagnostics;
  const std::optional<ConfigFile> loaded = LoadConfig(*source, &diagnostics);
  if (loaded && loaded->file.config) CheckSurroundings(*loaded->file.config, diagnostics);
  fmt::print(stderr, "{}", diagnostics.Render());
  const std::string warnings = Count(diagnostics.warnings(), "warning");
  if (!loaded || diagnostics.errors() > 0) {
    fmt::print(stderr, "{}: {}, {}\n", source->name, Count(diagnostics.errors(), "error"),
               warnings);
    return kExitNo;
  }
  if (options.dump) return Dump(*source, *loaded->program);
  fmt::print("{}: fine: {}{}\n", source->name, Summary(loaded->file),
             diagnostics.warnings() == 0 ? "" : "; " + warnings);
  return kExitFine;
}

}  // namespace sluice::commands
