// The subcommands: what each was asked for, and the functions that do it.
//
// command_line.cc fills these from the arguments (the only file that includes CLI11). Each function
// returns an exit code: kExitFine, kExitNo where what was asked for does not hold, kExitUsage.
// Results go to stdout, diagnostics to stderr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filters/language/profile.h"

namespace sluice::commands {

inline constexpr int kExitFine = 0;
inline constexpr int kExitNo = 1;
inline constexpr int kExitUsage = 2;

struct RunOptions {
  std::string config;
};
int Run(const RunOptions& options);

struct CheckOptions {
  std::string config;
  bool dump = false;    // print the configuration in force
  bool schema = false;  // print the JSON Schema instead
};
int Check(const CheckOptions& options);

struct EvalOptions {
  std::string query;  // empty: `cases`
  bool has_query = false;
  std::string message;  // path, "-" for standard input, empty for a message without anything
  std::string cases;
  language::Profile profile = language::Profile::kDefault;
};
int Eval(const EvalOptions& options);

struct FilterOptions {
  std::string config;
  std::vector<std::string> inputs;  // none: standard input
  bool summary = false;             // print an object with sums instead
  bool table = false;               // or a table for people
};
int Filter(const FilterOptions& options);

struct ExplainOptions {
  std::string config;
  std::string message;  // path, or "-" for standard input
  uint64_t line = 0;    // only this one; 0: all
  std::string rule;     // only this one; empty: all
  bool json = false;
};
int Explain(const ExplainOptions& options);

struct DiffOptions {
  std::string old_config;
  std::string new_config;
  std::string messages;  // path, or "-" for standard input
};
int Diff(const DiffOptions& options);

struct BenchOptions {
  std::string config;
  std::string messages;  // path, or "-" for standard input
  double seconds = 3;
  unsigned threads = 1;
  bool json = false;
};
int Bench(const BenchOptions& options);

struct PkiInitOptions {
  std::string dir;
  std::string ca_name = "sluice test CA";
};
struct PkiServerOptions {
  std::string dir;
  std::vector<std::string> hosts;
};
struct PkiDeviceOptions {
  std::string dir;
  std::vector<std::string> names;
};
struct PkiRevokeOptions {
  std::string dir;
  std::string name;
};
int PkiInit(const PkiInitOptions& options);
int PkiServer(const PkiServerOptions& options);
int PkiDevice(const PkiDeviceOptions& options);
int PkiRevoke(const PkiRevokeOptions& options);

struct SimulateOptions {
  std::string to;  // HOST:PORT
  std::string pki;
  uint32_t devices = 10;
  double rate = 1.0;              // messages a second and device; 0: back to back
  std::optional<int> qos;         // absent: 1, or each replayed line's own
  std::optional<double> seconds;  // absent: 10, or to the replay's end
  std::string replay;
  double speed = 1.0;  // of a replay; 0: as fast as possible
  uint16_t window = 64;
  uint32_t payload_bytes = 0;
  unsigned threads = 1;
  uint64_t seed = 1;
  double patience = 30;
};
int Simulate(const SimulateOptions& options);

struct SpoolOptions {
  std::string dir;
};
int SpoolInspect(const SpoolOptions& options);
int SpoolExport(const SpoolOptions& options);
int SpoolVerify(const SpoolOptions& options);

// Parses the command line and runs what it asks for.
int Main(int argc, char** argv);

}  // namespace sluice::commands
