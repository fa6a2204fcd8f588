#include "config/overlay.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "config/document.h"
#include "config/option.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

void LayOverRules(Reader& reader, const YamlNode& root, Config& config) {
  const bool is_file = root.kind == YamlNode::Kind::kMap && root.members.size() == 1 &&
                       root.members[0].name.text == "rules";
  config.rules = {};
  SetRules(reader, OptionInfo{}, is_file ? root.members[0].value : root, "rules", config);
}

struct Section {
  std::string_view name;
  void (*lay_over)(Reader& reader, const YamlNode& root, Config& config);
};
constexpr Section kSections[] = {
    {"rules", LayOverRules},
    {"devices", LayOverDevices},
    {"limits", LayOverLimits},
    {"log_level", LayOverLogLevel},
};

}  // namespace

bool LayOver(std::string_view section, const std::string& text, const std::string& source,
             Config* config, Diagnostics* diagnostics) {
  const auto* const found = std::find_if(std::begin(kSections), std::end(kSections),
                                         [&](const Section& each) { return each.name == section; });
  assert(found != std::end(kSections));
  diagnostics->SetSource(source, text);
  const size_t errors = diagnostics->errors();
  const std::optional<YamlNode> root = ParseDocument(text, *diagnostics);
  if (!root) return false;
  // Paths have no place in these sections.
  Reader reader(*diagnostics, "");
  found->lay_over(reader, *root, *config);
  return diagnostics->errors() == errors;
}

}  // namespace sluice::config
