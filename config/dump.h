// The configuration in force: what the file says, and the default of everything it leaves out.
#pragma once

#include <string>

#include "config/document.h"
#include "config/load.h"

namespace sluice::config {

// YAML, with absolute paths and masked secrets. `root` has been loaded to `file` without an error;
// `folder` is its file's.
std::string DumpDocument(YamlNode root, const RulesFile& file, const std::string& folder);

}  // namespace sluice::config
