// The sections of the file: each reads its part of the tree by its table, which it also shows to
// the schema.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "config/option.h"

namespace sluice::config {

// Each is a setter for a row of the top table (config/file_section.cc).
void SetGateway(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, Config& into);
void SetListeners(Reader& reader, const OptionInfo& info, const YamlNode& node,
                  const std::string& key, Config& into);
void SetDevices(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, Config& into);
void SetRules(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
              Config& into);
void SetOutputs(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, Config& into);
void SetSpool(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
              Config& into);
void SetCloud(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
              Config& into);
void SetOperate(Reader& reader, const OptionInfo& info, const YamlNode& node,
                const std::string& key, Config& into);

// For rows of the table of outputs (config/outputs_section.cc).
void SetDps(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
            OutputOptions& into);
const SectionInfo& DpsSection();

const SectionInfo& GatewaySection();
const SectionInfo& ListenerSection();
const SectionInfo& DevicesSection();
const SectionInfo& RulesSection();
const SectionInfo& OutputSection();
const SectionInfo& SpoolSection();
const SectionInfo& OperateSection();
const SectionInfo& CloudSection();

// Once all sections have been read.
void CheckCloud(const Config& config, Diagnostics& diagnostics);

// What config/overlay.h says of these sections.
void LayOverDevices(Reader& reader, const YamlNode& node, Config& into);
void LayOverLimits(Reader& reader, const YamlNode& node, Config& into);
void LayOverLogLevel(Reader& reader, const YamlNode& node, Config& into);

// As the file says it.
std::string_view AckText(Ack ack);

// The whole file.
const SectionInfo& FileSection();
void ReadFileSection(Reader& reader, const YamlNode& root, Config& into);

}  // namespace sluice::config
