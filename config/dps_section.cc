// outputs.NAME.dps: an identity at IoT Hub by the Device Provisioning Service. Read ahead of its time:
// `check` and `run` refuse a file that has it, with "not yet".
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/broker.h"
#include "config/sections.h"
#include "config/types.h"

namespace sluice::config {
namespace {

bool IsAlphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

void SetIdScope(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, DpsOptions& into) {
  reader.Read(info.type, node, key, into.id_scope);
  if (std::all_of(into.id_scope.begin(), into.id_scope.end(), IsAlphanumeric)) return;
  reader.diagnostics().Error(node.place, key, fmt::format("'{}' is no id scope", into.id_scope),
                             "want letters and digits, as the overview of the service shows it");
}

void SetRegistrationId(Reader& reader, const OptionInfo& info, const YamlNode& node,
                       const std::string& key, DpsOptions& into) {
  constexpr size_t kMaxBytes = 128;
  std::string& id = into.registration_id;
  reader.Read(info.type, node, key, id);
  const bool fits =
      id.size() <= kMaxBytes && std::all_of(id.begin(), id.end(), [](char c) {
        return IsAlphanumeric(c) || std::string_view("-._:").find(c) != std::string_view::npos;
      });
  if (id.empty() || (fits && IsAlphanumeric(id.front()) && IsAlphanumeric(id.back()))) return;
  reader.diagnostics().Error(node.place, key, fmt::format("'{}' is no registration id", id),
                             "want up to 128 letters, digits and - . _ :, the first and the last "
                             "a letter or digit");
}

void SetEndpoint(Reader& reader, const OptionInfo& info, const YamlNode& node,
                 const std::string& key, DpsOptions& into) {
  reader.Read(info.type, node, key, into.endpoint);
  std::optional<BrokerAddress> address = ParseBrokerAddress(into.endpoint);
  if (!address) address = ParseBrokerAddress(into.endpoint + ":8883");
  if (!address) {
    return reader.diagnostics().Error(node.place, key,
                                      fmt::format("'{}' is no host", into.endpoint));
  }
  into.host = std::move(address->host);
  into.port = address->port;
}

constexpr Row<DpsOptions> kDpsRows[] = {
    {{.name = "id_scope",
      .type = kText,
      .fallback = "",
      .about = "Of the service: 0ne00ABCDEF",
      .required = true},
     SetIdScope},
    {{.name = "registration_id",
      .type = kText,
      .fallback = "",
      .about = "What it is enrolled as, or for a group: any name of its own",
      .required = true},
     SetRegistrationId},
    {{"endpoint", kText, "global.azure-devices-provisioning.net",
      "The service's host, with :PORT if it is not 8883"},
     SetEndpoint},
    {{"key", kSecret, "", "Of an individual enrolment, in base64"}, Set<&DpsOptions::key>},
    {{"key_file", kPath, "", "A file that holds the key instead"},
     SetSecretFile<&DpsOptions::key, &DpsOptions::key_file>},
    {{"group_key", kSecret, "",
      "Of an enrolment group, in base64; better is the key derived from it, as key"},
     Set<&DpsOptions::group_key>},
    {{"group_key_file", kPath, "", "A file that holds the group's key instead"},
     SetSecretFile<&DpsOptions::group_key, &DpsOptions::group_key_file>},
};

}  // namespace

void SetDps(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
            OutputOptions& into) {
  ReadSection<DpsOptions>(reader, node, key, kDpsRows, into.dps.emplace());
}

const SectionInfo& DpsSection() {
  static const SectionInfo section =
      Describe<DpsOptions>("dps", "An identity by the Device Provisioning Service", kDpsRows);
  return section;
}

}  // namespace sluice::config
