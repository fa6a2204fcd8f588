// devices: who a device is, and which topics are its own.
#include <fmt/format.h>

#include "config/sections.h"
#include "config/topic_template.h"
#include "config/types.h"

namespace sluice::config {
namespace {

// In the order of IdentitySource.
constexpr std::string_view kIdentitySources[] = {"cn", "san_dns", "san_uri", "thumbprint"};
constexpr std::string_view kClientIds[] = {"identity", "any"};
constexpr std::string_view kForbidden[] = {"drop", "disconnect"};

constexpr std::string_view kPublishAbout =
    "Topic filters it may publish to; {device} is its identity";
constexpr std::string_view kSubscribeAbout =
    "Topic filters it may subscribe within; {device} is its identity";

template <auto kMember>
void SetTemplates(Reader& reader, const OptionInfo& info, const YamlNode& node,
                  const std::string& key, ClassOf<kMember>& into) {
  std::vector<compile::Located> filters;
  reader.Read(info.type, node, key, filters);
  for (compile::Located& filter : filters) {
    const std::string fault = CheckTemplate(filter.text);
    if (!fault.empty()) {
      const auto length = static_cast<uint32_t>(filter.text.size());
      reader.diagnostics().Error({filter.line, filter.column, filter.verbatim ? length : 1}, key,
                                 fmt::format("'{}': {}", filter.text, fault));
      continue;
    }
    (into.*kMember).push_back(std::move(filter.text));
  }
}

// A choice of two whose second means true.
template <auto kMember>
void SetSecondIsTrue(Reader& reader, const OptionInfo& info, const YamlNode& node,
                     const std::string& key, ClassOf<kMember>& into) {
  std::string chosen;
  reader.Read(info.type, node, key, chosen);
  into.*kMember = chosen == info.type.choices[1];
}

constexpr Row<DeviceTemplates> kEachRows[] = {
    {{.name = "match",
      .type = kText,
      .fallback = "",
      .about = "Identities meant: * is any text, ? one character",
      .required = true},
     Set<&DeviceTemplates::match>},
    {{"publish", kTexts, "", kPublishAbout}, SetTemplates<&DeviceTemplates::publish>},
    {{"subscribe", kTexts, "", kSubscribeAbout}, SetTemplates<&DeviceTemplates::subscribe>},
};
const SectionInfo& EachSection() {
  static const SectionInfo section =
      Describe<DeviceTemplates>("each", "What some identities may do besides", kEachRows);
  return section;
}

constexpr Row<DeviceOptions> kDeviceRows[] = {
    {{"identity", Choice(kIdentitySources), "cn",
      "Where in its certificate a device's identity stands"},
     Set<&DeviceOptions::identity>},
    {{"client_id", Choice(kClientIds), "identity",
      "The MQTT client id: must equal the identity, or any"},
     SetSecondIsTrue<&DeviceOptions::any_client_id>},
    {{"forbidden", Choice(kForbidden), "drop",
      "A publish outside the templates: refuse it, or disconnect"},
     SetSecondIsTrue<&DeviceOptions::disconnect_forbidden>},
    {{"publish", kTexts, "", kPublishAbout}, SetTemplates<&DeviceOptions::publish>},
    {{"subscribe", kTexts, "", kSubscribeAbout}, SetTemplates<&DeviceOptions::subscribe>},
    {{"each", Sections(EachSection), "", "More for some identities"},
     SetSections<&DeviceOptions::each, kEachRows>},
    Later<DeviceOptions>("keys", "symmetric keys of devices that authenticate by SAS token"),
};

// Of DeviceOptions what a running gateway can change; each key replaces what was there.
constexpr Row<DeviceOptions> kOverlayRows[] = {
    {{"publish", kTexts, "", kPublishAbout}, SetTemplates<&DeviceOptions::publish>},
    {{"subscribe", kTexts, "", kSubscribeAbout}, SetTemplates<&DeviceOptions::subscribe>},
    {{"each", Sections(EachSection), "", "More for some identities"},
     SetSections<&DeviceOptions::each, kEachRows>},
};

}  // namespace

void LayOverDevices(Reader& reader, const YamlNode& node, Config& into) {
  for (const Member& member : node.members) {
    if (member.name.text == "publish") into.devices.publish.clear();
    if (member.name.text == "subscribe") into.devices.subscribe.clear();
    if (member.name.text == "each") into.devices.each.clear();
  }
  ReadSection<DeviceOptions>(reader, node, "devices", kOverlayRows, into.devices);
}

void SetDevices(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                Config& into) {
  ReadSection<DeviceOptions>(reader, node, key, kDeviceRows, into.devices);
}

const SectionInfo& DevicesSection() {
  static const SectionInfo section = Describe<DeviceOptions>(
      "devices", "Who a device is, and which topics are its own", kDeviceRows);
  return section;
}

}  // namespace sluice::config
