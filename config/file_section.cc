// The file as a whole.
#include "config/sections.h"
#include "config/types.h"

namespace sluice::config {
namespace {

constexpr Row<Config> kFileRows[] = {
    {{"gateway", Section(GatewaySection), "", "The process itself"}, SetGateway},
    {{.name = "listeners",
      .type = Sections(ListenerSection),
      .fallback = "",
      .about = "Where devices connect",
      .required = true},
     SetListeners},
    {{"devices", Section(DevicesSection), "", "Who a device is, and which topics are its own"},
     SetDevices},
    {{.name = "rules",
      .type = Section(RulesSection),
      .fallback = "",
      .about = "Which messages are forwarded, and as what",
      .required = true},
     SetRules},
    {{.name = "outputs",
      .type = NamedSections(OutputSection),
      .fallback = "",
      .about = "Where accepted messages go",
      .required = true},
     SetOutputs},
    {{"spool", Section(SpoolSection), "", "Messages on the disk, for outputs with ack: stored"},
     SetSpool},
    {{"cloud", Section(CloudSection), "", "What the hub may see of the gateway and do to it"},
     SetCloud},
    {{"operate", Section(OperateSection), "", "Watching the gateway"}, SetOperate},
};

}  // namespace

const SectionInfo& FileSection() {
  static const SectionInfo section =
      Describe<Config>("file", "Configuration of sluice, an edge telemetry gateway", kFileRows);
  return section;
}

void ReadFileSection(Reader& reader, const YamlNode& root, Config& into) {
  ReadSection<Config>(reader, root, "", kFileRows, into);
}

}  // namespace sluice::config
