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

constexpr Adder kCommands[] = {AddEval, AddFilter};

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
