// The configuration as a JSON Schema, for editors: written from the same tables that read it.
#pragma once

#include <string>

namespace sluice::config {

// config/sluice.schema.json (draft 2020-12). It takes what the loader takes, as far as structure
// goes; keys of later versions are not in it.
std::string JsonSchema();

}  // namespace sluice::config
