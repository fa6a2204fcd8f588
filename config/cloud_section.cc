// cloud: what the hub may see of the gateway and do to it, by its twin and its methods.
#include <fmt/format.h>

#include <algorithm>

#include "config/sections.h"
#include "config/types.h"
#include "filters/language/suggest.h"

namespace sluice::config {
namespace {

// Texts out of a closed list, each once.
void ReadChosen(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, std::span<const std::string_view> choices,
                std::vector<std::string>& into) {
  into.clear();
  std::vector<compile::Located> chosen;
  reader.Read(info.type, node, key, chosen);
  for (compile::Located& each : chosen) {
    const Place place{each.line, each.column,
                      each.verbatim ? static_cast<uint32_t>(each.text.size()) : 1};
    if (std::find(choices.begin(), choices.end(), each.text) == choices.end()) {
      const std::string_view nearest = language::Nearest(each.text, choices);
      reader.diagnostics().Error(
          place, key, fmt::format("'{}' is none of {}", each.text, fmt::join(choices, ", ")),
          nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
    } else if (std::find(into.begin(), into.end(), each.text) == into.end()) {
      into.push_back(std::move(each.text));
    }
  }
}

void SetOutput(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
               CloudOptions& into) {
  reader.diagnostics().Remember(key, node.place);
  reader.Read(info.type, node, key, into.output);
}

void SetMethods(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, CloudOptions& into) {
  ReadChosen(reader, info, node, key, kCloudMethods, into.methods);
}

void SetDesired(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, CloudOptions& into) {
  ReadChosen(reader, info, node, key, kOverlaySections, into.desired);
}

constexpr Row<CloudOptions> kCloudRows[] = {
    {{.name = "output",
      .type = kText,
      .fallback = "",
      .about = "The output of type iothub whose identity is the gateway's own",
      .required = true},
     SetOutput},
    {{"methods", kTexts, "",
      "Direct methods that are answered, of ping stats explain reload kick drain; default: ping, "
      "stats and explain"},
     SetMethods},
    {{"desired", kTexts, "",
      "Sections that desired properties may replace, of rules devices limits log_level; default: "
      "none"},
     SetDesired},
    {{"report_interval", Duration(0, 24 * kHour), "1h",
      "Counters are reported to the twin this often; 0s: never, but with other news"},
     Set<&CloudOptions::report_interval>},
};

}  // namespace

void SetCloud(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
              Config& into) {
  ReadSection<CloudOptions>(reader, node, key, kCloudRows, into.cloud.emplace());
}

void CheckCloud(const Config& config, Diagnostics& diagnostics) {
  if (!config.cloud || config.cloud->output.empty()) return;
  constexpr char kKey[] = "cloud.output";
  const std::string& name = config.cloud->output;
  const auto found = std::find_if(config.outputs.begin(), config.outputs.end(),
                                  [&](const OutputOptions& each) { return each.name == name; });
  if (found == config.outputs.end()) {
    diagnostics.Error(diagnostics.PlaceOf(kKey), kKey,
                      fmt::format("there is no output '{}'", name));
  } else if (found->type != OutputOptions::Type::kIotHub) {
    diagnostics.Error(diagnostics.PlaceOf(kKey), kKey,
                      fmt::format("'{}' is no output of type iothub: it has no twin", name));
  }
}

const SectionInfo& CloudSection() {
  static const SectionInfo section = Describe<CloudOptions>(
      "cloud", "What the hub may see of the gateway and do to it", kCloudRows);
  return section;
}

}  // namespace sluice::config
