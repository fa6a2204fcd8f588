// Reads the configuration file again and lets a running gateway take it over: what SIGHUP does.
//
// All or nothing: a file that has an error, or changes what only a restart can change, is refused,
// and the gateway goes on as it was. The log says what changed, or what is wrong and where.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "gateway/commands/config_source.h"
#include "gateway/commands/gateway.h"

namespace sluice::commands {

struct ReloadResult {
  bool applied = false;
  std::string error;                  // why not
  std::vector<std::string> problems;  // a line each, warnings too
};

// On the thread of the gateway's Start() and Stop(). What its twin desires stays laid over the
// file.
ReloadResult Reload(const ConfigSource& source, Gateway& gateway);

// What was found wrong or doubtful, a log line each, of very many the first ones.
void LogDiagnostics(const config::Diagnostics& diagnostics);

// As `operate` says.
void SetUpLog(const config::OperateOptions& options);

}  // namespace sluice::commands
