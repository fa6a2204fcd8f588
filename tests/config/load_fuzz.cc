// Whatever the text is, loading ends in a configuration or in located diagnostics, and what loads
// once loads again to the same. No rendering shows the key of a connection string that was
// recognised.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/load.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  using namespace sluice::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  const auto config = LoadText(text, "f.yaml", "/etc", &diagnostics);
  Require(config.has_value() == (diagnostics.errors() == 0));
  const std::string rendered = diagnostics.Render();
  Require(config.has_value() || !rendered.empty());
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    Require(!diagnostic.message.empty());
    Require(diagnostic.place.line <= size + 1);
  }
  Diagnostics again;
  Require(LoadText(text, "f.yaml", "/etc", &again).has_value() == config.has_value());
  Require(again.Render() == rendered);

  Diagnostics rules_diagnostics;
  const auto rules = LoadRulesText(text, "f.yaml", "/etc", &rules_diagnostics);
  if (config) Require(rules.has_value());
  if (!rules) return 0;
  for (const auto& rule : rules->rules.rules)
    Require(!rule.name.text.empty() && rule.priority >= 0 && rule.priority <= 9);
  return 0;
}
