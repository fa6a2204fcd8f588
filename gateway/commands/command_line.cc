// The command line: which flags each subcommand takes, and nothing of what it does.
//
// The only file that includes CLI11 (17 s of compile time). A new subcommand is an Add… function
// and a row of kCommands.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "gateway/commands/commands.h"

namespace sluice::commands {
namespace {

// What the chosen subcommand will run once the whole line has been parsed.
using Action = std::function<int()>;

const std::map<std::string, language::Profile> kProfiles = {
    {"default", language::Profile::kDefault}, {"edgehub", language::Profile::kEdgeHub}};

// Adds a subcommand with its flags; the callback stores what to run.
using Adder = void (*)(CLI::App& app, Action& action);

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& about,
                     const std::string& footer = "") {
  CLI::App* command = app.add_subcommand(name, about);
  if (!footer.empty()) command->footer(footer);
  return command;
}

void AddEval(CLI::App& app, Action& action) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command = AddCommand(app, "eval", "Judge one condition, or a file of cases",
                                 "Prints true, false or undefined. Example:\n"
                                 "  echo '{\"topic\":\"t\",\"payload\":{\"temp\":81}}' | sluice "
                                 "eval --query '$body.temp > 80' --message -");
  CLI::Option* query =
      command->add_option("--query", options->query, "Condition in IoT Hub's routing language");
  CLI::Option* cases = command->add_option(
      "--cases", options->cases, "JSON file of cases to compare (shape of routing-cases.json)");
  command
      ->add_option("--message", options->message,
                   "Message line to judge: a file, or - for standard input")
      ->needs(query);
  command->add_option("--profile", options->profile, "Dialect: default or edgehub")
      ->transform(CLI::CheckedTransformer(kProfiles, CLI::ignore_case));
  query->excludes(cases);
  command->callback([=, &action] {
    options->has_query = query->count() > 0;
    if (!options->has_query && options->cases.empty())
      throw CLI::RequiredError("--query or --cases");
    action = [options] { return Eval(*options); };
  });
}

void AddFilter(CLI::App& app, Action& action) {
  auto options = std::make_shared<FilterOptions>();
  CLI::App* command = AddCommand(app, "filter", "Judge message lines by rules, without any network",
                                 "Prints a line of JSON for each line. Example:\n"
                                 "  sluice filter -c plant.yaml --summary messages.jsonl\n"
                                 "Exit code 1 if a line is no message.");
  command->add_option("-c,--config", options->config, "Configuration, or a file of rules alone")
      ->required();
  command->add_flag("--summary", options->summary, "Print one object with sums instead");
  command->add_option("INPUT", options->inputs,
                      "Files of message lines; none, or -: standard input");
  command->callback([=, &action] { action = [options] { return Filter(*options); }; });
}

void AddCheck(CLI::App& app, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      AddCommand(app, "check", "Check a configuration, or a file of rules alone",
                 "Errors and warnings name file, line and column. Warnings alone exit 0.");
  CLI::Option* config = command->add_option("-c,--config", options->config,
                                            "Configuration, or a file of rules alone");
  CLI::Option* schema = command->add_flag("--schema", options->schema,
                                          "Print the JSON Schema of configurations, for editors");
  config->excludes(schema);
  command->callback([=, &action] {
    if (!options->schema && options->config.empty()) throw CLI::RequiredError("--config");
    action = [options] { return Check(*options); };
  });
}

void AddPki(CLI::App& app, Action& action) {
  CLI::App* pki = AddCommand(
      app, "pki", "Make certificates for trials, demos and tests",
      "Files in DIR: ca.crt ca.key ca.crl server.crt server.key NAME.crt NAME.key. Example:\n"
      "  sluice pki init pki && sluice pki server pki 127.0.0.1 && sluice pki device pki press-01");
  pki->require_subcommand(1);

  auto init = std::make_shared<PkiInitOptions>();
  CLI::App* init_command = pki->add_subcommand("init", "Make a CA");
  init_command->add_option("DIR", init->dir, "Folder; made if missing")->required();
  init_command->add_option("--name", init->ca_name, "The CA's name")->capture_default_str();
  init_command->callback([=, &action] { action = [init] { return PkiInit(*init); }; });

  auto server = std::make_shared<PkiServerOptions>();
  CLI::App* server_command = pki->add_subcommand("server", "Make the gateway's certificate");
  server_command->add_option("DIR", server->dir, "Folder with the CA")->required();
  server_command
      ->add_option("HOST", server->hosts, "Names and IP addresses that devices connect to")
      ->required();
  server_command->callback([=, &action] { action = [server] { return PkiServer(*server); }; });

  auto device = std::make_shared<PkiDeviceOptions>();
  CLI::App* device_command =
      pki->add_subcommand("device", "Make certificates of devices; prints their thumbprints");
  device_command->add_option("DIR", device->dir, "Folder with the CA")->required();
  device_command->add_option("NAME", device->names, "Identities")->required();
  device_command->callback([=, &action] { action = [device] { return PkiDevice(*device); }; });

  auto revoke = std::make_shared<PkiRevokeOptions>();
  CLI::App* revoke_command = pki->add_subcommand("revoke", "Add a device's certificate to ca.crl");
  revoke_command->add_option("DIR", revoke->dir, "Folder with the CA")->required();
  revoke_command->add_option("NAME", revoke->name, "Identity")->required();
  revoke_command->callback([=, &action] { action = [revoke] { return PkiRevoke(*revoke); }; });
}

constexpr Adder kCommands[] = {AddCheck, AddEval, AddFilter, AddPki};

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app{"sluice: an edge telemetry gateway for Azure IoT Hub", "sluice"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  Action action;
  for (Adder add : kCommands) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitFine : kExitUsage;
  }
  return action();
}

}  // namespace sluice::commands
