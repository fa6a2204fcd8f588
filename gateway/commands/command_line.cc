// The command line: which flags each subcommand takes, and nothing of what it does.
//
// The only file that includes CLI11 (17 s of compile time). A new subcommand is an Add… function
// and a row of kCommands.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/language/suggest.h"
#include "gateway/commands/commands.h"

namespace sluice::commands {
namespace {

// What the chosen subcommand will run once the whole line has been parsed.
using Action = std::function<int()>;

constexpr char kFile[] = "FILE";  // as help calls a path, or - for standard input

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
  CLI::Option* cases =
      command
          ->add_option("--cases", options->cases,
                       "JSON file of cases to compare (shape of routing-cases.json)")
          ->type_name(kFile);
  command
      ->add_option("--message", options->message,
                   "Message line to judge: a file, or - for standard input")
      ->type_name(kFile)
      ->needs(query);
  command
      ->add_option_function<std::string>(
          "--profile",
          [options](const std::string& name) {
            if (name != "default" && name != "edgehub")
              throw CLI::ValidationError("--profile", "want default or edgehub, not " + name);
            options->profile =
                name == "default" ? language::Profile::kDefault : language::Profile::kEdgeHub;
          },
          "Dialect")
      ->type_name("default|edgehub");
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
                                 "In the table, what is sent counts once for each output; "
                                 "windows are sent, too.\n"
                                 "Exit code 1 if a line is no message. Whether a device may "
                                 "publish to a topic (devices.publish) is not judged here.");
  command->add_option("-c,--config", options->config, "Configuration, or a file of rules alone")
      ->type_name(kFile)
      ->required();
  CLI::Option* summary =
      command->add_flag("--summary", options->summary, "Print one object with sums instead");
  command
      ->add_flag("--table", options->table,
                 "Print a table instead: what each rule matched, held and sent")
      ->excludes(summary);
  command->add_option("INPUT", options->inputs,
                      "Files of message lines; none, or -: standard input");
  command->callback([=, &action] { action = [options] { return Filter(*options); }; });
}

void AddExplain(CLI::App& app, Action& action) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = AddCommand(
      app, "explain", "Why did each rule match a message, or not?",
      "Of each rule: its topic filter, its condition with a caret under what decided, every\n"
      "predicate's value, and of undefined ones why. Several lines are explained one by one.\n"
      "Examples:\n"
      "  echo '{\"topic\":\"plant/l1/p1/telemetry\",\"payload\":{\"temperature\":81}}' |\n"
      "    sluice explain -c plant.yaml --message -\n"
      "  sluice explain -c plant.yaml --message plant.jsonl --line 17 --rule overheating\n"
      "Exit code 1 if the configuration or a line cannot be used.");
  command->add_option("-c,--config", options->config, "Configuration, or a file of rules alone")
      ->type_name(kFile)
      ->required();
  command
      ->add_option("--message", options->message,
                   "Message lines to explain: a file, or - for standard input")
      ->type_name(kFile)
      ->required();
  command->add_option("--line", options->line, "Only this line, as judged after those before it")
      ->type_name("N")
      ->check(CLI::Validator(CLI::PositiveNumber).description(""));
  command->add_option("--rule", options->rule, "Only this rule")->type_name("NAME");
  command->add_flag("--json", options->json, "Print an object a line instead");
  command->callback([=, &action] { action = [options] { return Explain(*options); }; });
}

void AddDiff(CLI::App& app, Action& action) {
  auto options = std::make_shared<DiffOptions>();
  auto configs = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      AddCommand(app, "diff", "Which verdicts would another configuration change?",
                 "Judges the messages by both and prints, with examples, what changes by verdict "
                 "and by rule: what matches,\n"
                 "what reducers hold, what is sent. Example:\n"
                 "  sluice diff -c old.yaml -c new.yaml --messages plant.jsonl\n"
                 "Exit code 1 if any verdict or window changes; also if a configuration or a line "
                 "cannot be used, as standard\n"
                 "error then says. Where nothing could be compared, nothing is printed.");
  command
      ->add_option("-c,--config", *configs,
                   "Twice, the old and the new: configurations, or files of rules alone")
      ->type_name(kFile)
      ->required()
      ->allow_extra_args(false);
  command
      ->add_option("--messages", options->messages,
                   "Message lines to judge: a file, or - for standard input")
      ->type_name(kFile)
      ->required();
  command->callback([=, &action] {
    if (configs->size() != 2) throw CLI::ValidationError("--config", "give it twice: OLD and NEW");
    options->old_config = (*configs)[0];
    options->new_config = (*configs)[1];
    action = [options] { return Diff(*options); };
  });
}

void AddBench(CLI::App& app, Action& action) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = AddCommand(
      app, "bench", "How fast do these rules judge these messages?",
      "Judges the messages again and again from their bytes: topic, body, rules, shape. Median and "
      "99 % are of single\n"
      "messages, about every 13th, less what reading the clock costs. The yardstick is one pass of "
      "simdjson over the same\n"
      "bodies in the same run (those that are JSON objects). Example:\n"
      "  sluice bench -c plant.yaml --messages plant.jsonl");
  command->add_option("-c,--config", options->config, "Configuration, or a file of rules alone")
      ->type_name(kFile)
      ->required();
  command
      ->add_option("--messages", options->messages,
                   "Message lines to judge: a file, or - for standard input")
      ->type_name(kFile)
      ->required();
  command->add_option("--seconds", options->seconds, "How long")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Judges at once, each of all messages")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one object instead");
  command->callback([=, &action] { action = [options] { return Bench(*options); }; });
}

void AddCheck(CLI::App& app, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command =
      AddCommand(app, "check", "Check a configuration, or a file of rules alone",
                 "Errors and warnings name file, line and column: what does not load, rules that "
                 "never match or are never\n"
                 "reached, files that are missing or open to everybody. Warnings alone exit 0. "
                 "Examples:\n"
                 "  sluice check -c plant.yaml\n"
                 "  sluice check -c plant.yaml --dump | less");
  CLI::Option* config =
      command->add_option("-c,--config", options->config, "Configuration, or a file of rules alone")
          ->type_name(kFile);
  CLI::Option* schema = command->add_flag("--schema", options->schema,
                                          "Print the JSON Schema of configurations, for editors");
  command
      ->add_flag("--dump", options->dump,
                 "Print the configuration in force (defaults filled in, secrets masked), then how "
                 "messages find their rules")
      ->excludes(schema);
  config->excludes(schema);
  command->callback([=, &action] { action = [options] { return Check(*options); }; });
}

void AddPki(CLI::App& app, Action& action) {
  CLI::App* pki = AddCommand(
      app, "pki", "Make certificates for trials, demos and tests",
      "Files in DIR: ca.crt ca.key ca.crl server.crt server.key NAME.crt NAME.key. Example:\n"
      "  sluice pki init pki && sluice pki server pki 127.0.0.1 && sluice pki device pki press-01");
  pki->require_subcommand(1);

  auto init = std::make_shared<PkiInitOptions>();
  CLI::App* init_command = pki->add_subcommand("init", "Make a CA");
  init_command->footer("Example:\n  sluice pki init pki --name \"plant CA\"");
  init_command->add_option("DIR", init->dir, "Folder; made if missing")->required();
  init_command->add_option("--name", init->ca_name, "The CA's name")->capture_default_str();
  init_command->callback([=, &action] { action = [init] { return PkiInit(*init); }; });

  auto server = std::make_shared<PkiServerOptions>();
  CLI::App* server_command = pki->add_subcommand("server", "Make the gateway's certificate");
  server_command->footer("Example:\n  sluice pki server pki gw-01.plant.example 10.0.0.5");
  server_command->add_option("DIR", server->dir, "Folder with the CA")->required();
  server_command
      ->add_option("HOST", server->hosts, "Names and IP addresses that devices connect to")
      ->required();
  server_command->callback([=, &action] { action = [server] { return PkiServer(*server); }; });

  auto device = std::make_shared<PkiDeviceOptions>();
  CLI::App* device_command =
      pki->add_subcommand("device", "Make certificates of devices; prints their thumbprints");
  device_command->footer("Example:\n  sluice pki device pki press-01 press-02");
  device_command->add_option("DIR", device->dir, "Folder with the CA")->required();
  device_command->add_option("NAME", device->names, "Identities")->required();
  device_command->callback([=, &action] { action = [device] { return PkiDevice(*device); }; });

  auto revoke = std::make_shared<PkiRevokeOptions>();
  CLI::App* revoke_command = pki->add_subcommand("revoke", "Add a device's certificate to ca.crl");
  revoke_command->footer("Example:\n  sluice pki revoke pki press-01");
  revoke_command->add_option("DIR", revoke->dir, "Folder with the CA")->required();
  revoke_command->add_option("NAME", revoke->name, "Identity")->required();
  revoke_command->callback([=, &action] { action = [revoke] { return PkiRevoke(*revoke); }; });
}

// "2.5", or "max" for 0.
std::string ReadSpeed(std::string& text) {
  if (text == "max") {
    text = "0";
    return {};
  }
  return CLI::Range(1e-3, 1e6)(text).empty() ? "" : "want max, or a number from 0.001 to 1000000";
}

void AddSimulate(CLI::App& app, Action& action) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = AddCommand(
      app, "simulate",
      "Be a fleet of devices: MQTT 5 over mutual TLS, each with its own certificate",
      "Without --replay the fleet is machines of a plant (press-01, vib-01, conv-01, oven-01, "
      "press-02, ...), every\n"
      "third of a kind faulty, publishing to plant/LINE/DEVICE/telemetry; conveyors also write to\n"
      "plant/DEVICE/debug/plc. The traffic begins when all are connected. Latency counts from when "
      "a message was due\n"
      "(with --rate 0 and --speed max: from when it was sent) to its acknowledgement (QoS 2: "
      "PUBREC).\n"
      "Prints sent, acknowledged, refused, latency and reconnects; exits 1 if an acknowledgement "
      "is missing.\n"
      "Contents of a replay's lines that MQTT has no place for (twin, systemProperties, encodings "
      "other than utf-8)\n"
      "are left out, with a note. Examples:\n"
      "  sluice simulate --to 127.0.0.1:8883 --pki pki --devices 100 --rate 2\n"
      "  sluice simulate --to 127.0.0.1:8883 --pki pki --devices 50 --rate 0 --qos 1 "
      "--payload-bytes 200\n"
      "  sluice simulate --to 127.0.0.1:8883 --pki pki --replay plant.jsonl --speed max");
  command->add_option("--to", options->to, "HOST:PORT of the server")->required();
  command
      ->add_option(
          "--pki", options->pki,
          "Folder of `sluice pki`: ca.crt, NAME.crt, NAME.key; made if missing and ca.key is there")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--devices", options->devices, "How many machines")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  CLI::Option* rate =
      command->add_option("--rate", options->rate, "Messages a second of each; 0: back to back")
          ->check(CLI::Range(0.0, 1e6))
          ->capture_default_str();
  command->add_option("--qos", options->qos, "0, 1 or 2; default 1, of a replay each line's own")
      ->check(CLI::Range(0, 2));
  command->add_option("--seconds", options->seconds, "How long; default 10, of a replay to its end")
      ->check(CLI::Range(0.0, 1e9));
  CLI::Option* replay = command
                            ->add_option("--replay", options->replay,
                                         "Message lines to send instead, each by its device")
                            ->check(CLI::ExistingFile);
  command
      ->add_option("--speed", options->speed,
                   "How much faster than the lines' times; max: as fast as taken; default 1")
      ->transform(CLI::Validator(ReadSpeed, "X|max"))
      ->needs(replay);
  command
      ->add_option("--window", options->window,
                   "QoS 1 and 2 messages in flight a device, within the server's Receive Maximum")
      ->check(CLI::Range(1, 65'535))
      ->capture_default_str();
  command
      ->add_option("--payload-bytes", options->payload_bytes,
                   "Fill shorter payloads up to this size")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads that drive the devices")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the machines' signals")->capture_default_str();
  command
      ->add_option("--patience", options->patience,
                   "Give up when nothing was answered for so many seconds")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  replay->excludes(rate);
  command->callback([=, &action] { action = [options] { return Simulate(*options); }; });
}

void AddRun(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      AddCommand(app, "run", "The gateway, until SIGTERM",
                 "Prints the addresses it listens on, then logs to stderr. SIGTERM "
                 "and Ctrl-C drain: no new connections, "
                 "what was taken is settled (10 s at most), exit code 0. SIGHUP reads "
                 "the configuration again. Example:\n"
                 "  sluice run -c /etc/sluice/sluice.yaml");
  command
      ->add_option(
          "-c,--config", options->config,
          "Configuration (sluice check -c FILE tells if it is sound); an IoT Edge module may "
          "do without (edge/README.md)")
      ->type_name(kFile);
  command->callback([=, &action] { action = [options] { return Run(*options); }; });
}

void AddSpool(CLI::App& app, Action& action) {
  CLI::App* spool = AddCommand(
      app, "spool", "What waits on the disk until the hub has it",
      "DIR is gateway.state of the configuration, or of one output gateway.state/spool/OUTPUT.\n"
      "These only read, also while the gateway runs. Examples:\n"
      "  sluice spool inspect /var/lib/sluice\n"
      "  sluice spool export /var/lib/sluice/spool/hub > saved.jsonl");
  spool->require_subcommand(1);
  const struct {
    const char* name;
    const char* about;
    int (*run)(const SpoolOptions&);
  } kVerbs[] = {
      {"inspect", "How much waits, since when, and what was damaged", SpoolInspect},
      {"export", "Every message that waits, as a message line, in the order of sending",
       SpoolExport},
      {"verify", "Check the file's structure and every checksum; exit code 1 on damage",
       SpoolVerify},
  };
  for (const auto& verb : kVerbs) {
    auto options = std::make_shared<SpoolOptions>();
    CLI::App* command = spool->add_subcommand(verb.name, verb.about);
    command->add_option("DIR", options->dir, "Folder")->required()->check(CLI::ExistingDirectory);
    command->callback([=, &action, run = verb.run] { action = [=] { return run(*options); }; });
  }
}

constexpr Adder kCommands[] = {AddRun,  AddCheck, AddEval, AddFilter,   AddExplain,
                               AddDiff, AddBench, AddPki,  AddSimulate, AddSpool};

// Whether the word is a subcommand of `app`, or of its subcommand; else says so, where CLI11 would
// only say that one is wanted.
bool KnowsCommand(std::string speaker, const CLI::App& app, int argc, char** argv) {
  const std::vector<const CLI::App*> commands = app.get_subcommands(nullptr);
  if (commands.empty() || argc < 2 || argv[1][0] == '-') return true;
  const std::string word = argv[1];
  std::vector<std::string_view> names;
  for (const CLI::App* command : commands) {
    if (command->get_name() == word) {
      return KnowsCommand(std::move(speaker.append(" ").append(word)), *command, argc - 1,
                          argv + 1);
    }
    names.push_back(command->get_name());
  }
  const std::string_view nearest = language::Nearest(word, names);
  std::string text = speaker + ": there is no command '" + word + "'";
  if (!nearest.empty()) text += "; did you mean '" + std::string(nearest) + "'?";
  text += "\n  commands are:";
  for (const std::string_view name : names) text += " " + std::string(name);
  std::fprintf(stderr, "%s\n", text.c_str());
  return false;
}

// In place of CLI11's own, which does not say who speaks.
std::string FailureText(const CLI::App* app, const CLI::Error& error) {
  std::string command = "sluice";
  for (const CLI::App* part = app; !part->get_subcommands().empty();) {
    part = part->get_subcommands().front();
    command += " " + part->get_name();
  }
  return command + ": " + error.what() + "\n  " + command + " --help tells more\n";
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app{"sluice: an edge telemetry gateway for Azure IoT Hub", "sluice"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  Action action;
  for (Adder add : kCommands) add(app, action);
  app.failure_message(FailureText);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  if (!KnowsCommand("sluice", app, argc, argv)) return kExitUsage;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitFine : kExitUsage;
  }
  return action();
}

}  // namespace sluice::commands
