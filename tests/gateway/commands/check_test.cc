// sluice check and sluice pki, as typed: exit codes, what goes where, and that they work together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

using testing::HasSubstr;
using testing::Not;

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "check_test.XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~CheckTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return Path(name);
  }
  std::string WriteExample(const std::string& name) const {
    std::filesystem::copy_file(std::string(SLUICE_TEST_DATA "/../../config/examples/") + name,
                               folder_ / name);
    return Path(name);
  }
  Captured Check(const std::string& path) const { return Command({"check", "-c", path}); }

  std::filesystem::path folder_;
};

TEST_F(CheckTest, ExamplesAreFineBesideTheirCertificates) {
  ASSERT_EQ(Command({"pki", "init", Path("pki")}).code, kExitFine);
  ASSERT_EQ(Command({"pki", "server", Path("pki"), "127.0.0.1"}).code, kExitFine);
  for (const char* example : {"minimal.yaml", "plant.yaml"}) {
    const Captured checked = Check(WriteExample(example));
    EXPECT_EQ(checked.code, kExitFine);
    EXPECT_EQ(checked.errors, "");
    EXPECT_THAT(checked.out, HasSubstr("fine: 1 listener, "));
  }
}

TEST_F(CheckTest, MissingCertificatesAreWarnings) {
  const Captured checked = Check(WriteExample("minimal.yaml"));
  EXPECT_EQ(checked.code, kExitFine);
  EXPECT_THAT(checked.errors, HasSubstr("warning: listeners[0].tls.certificate: "));
  EXPECT_THAT(checked.errors, HasSubstr("^~~~~~~~~~~~~~\n"));
  EXPECT_THAT(checked.out, HasSubstr("; 3 warnings\n"));
}

TEST_F(CheckTest, BadCertificatesAreErrors) {
  ASSERT_EQ(Command({"pki", "init", Path("pki")}).code, kExitFine);
  ASSERT_EQ(Command({"pki", "server", Path("pki"), "127.0.0.1"}).code, kExitFine);
  ASSERT_EQ(Command({"pki", "device", Path("pki"), "press-01"}).code, kExitFine);
  std::filesystem::copy_file(Path("pki/press-01.key"), Path("pki/server.key"),
                             std::filesystem::copy_options::overwrite_existing);
  const Captured checked = Check(WriteExample("minimal.yaml"));
  EXPECT_EQ(checked.code, kExitNo);
  EXPECT_THAT(checked.errors, HasSubstr("minimal.yaml:8:24: error: listeners[0].tls: "));
  EXPECT_THAT(checked.errors, HasSubstr("server.key: is not the key of the certificate in"));
  EXPECT_EQ(checked.out, "");
}

TEST_F(CheckTest, KeysThatEverybodyMayReadAreWarnings) {
  ASSERT_EQ(Command({"pki", "init", Path("pki")}).code, kExitFine);
  ASSERT_EQ(Command({"pki", "server", Path("pki"), "127.0.0.1"}).code, kExitFine);
  std::filesystem::permissions(Path("pki/server.key"), std::filesystem::perms{0644});
  const Captured checked = Check(WriteExample("minimal.yaml"));
  EXPECT_EQ(checked.code, kExitFine);
  EXPECT_THAT(checked.errors,
              HasSubstr("warning: listeners[0].tls.key: everybody on this box may read the key"));
}

TEST_F(CheckTest, FaultsOfConditionsPointIntoTheFile) {
  const Captured checked = Check(
      Write("rules.yaml", "rules:\n  list:\n    - where: $body.a > AND\n    - {from: a/#/b}\n"));
  EXPECT_EQ(checked.code, kExitNo);
  EXPECT_THAT(checked.errors, HasSubstr("rules.yaml:3:"));
  EXPECT_THAT(checked.errors, HasSubstr("rules.yaml:4:"));
  EXPECT_THAT(checked.errors, HasSubstr("    - where: $body.a > AND\n"));
  EXPECT_THAT(checked.errors, HasSubstr("rules.yaml: 2 errors, 0 warnings\n"));
}

TEST_F(CheckTest, TakesRulesAlone) {
  const Captured checked =
      Check(Write("rules.yaml", "rules: {list: [{from: a, into: [hub, log]}]}\n"));
  EXPECT_EQ(checked.code, kExitFine) << checked.errors;
  EXPECT_THAT(checked.out, HasSubstr("rules.yaml: fine: 1 rule\n"));
}

TEST_F(CheckTest, UnknownOutputsAreErrorsInACompleteFile) {
  std::string text =
      "listeners: [{address: ':0', tls: {certificate: a, key: b, client_ca: c}}]\n"
      "devices: {publish: a}\nrules: {list: [{from: a, into: logg}]}\n"
      "outputs: {log: {type: file, path: x}}\n";
  const Captured checked = Check(Write("c.yaml", text));
  EXPECT_EQ(checked.code, kExitNo);
  EXPECT_THAT(checked.errors, HasSubstr("c.yaml:3:32: error: "));
}

TEST_F(CheckTest, JudgesConnectionStringsAsRunDoesWithoutShowingThem) {
  struct {
    const char* value;
    const char* wants;
  } const kCases[] = {
      {"c2VjcmV0", "part 1 is not of the form Name=value"},
      {"'HostName=h;DeviceId=d;SharedAcessKey=c2VjcmV0'", "part 3 has an unknown name"},
      {"'HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0x'", "SharedAccessKey is not base64"},
      {"'HostName=h;DeviceId=d;x509=true'", "x509=true wants certificate and key of the output"},
      {"'HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=c2VjcmV0'",
       "SharedAccessSignature expires and cannot be renewed here"},
  };
  const std::string start =
      "listeners: [{address: ':0', tls: {certificate: a, key: b, client_ca: c}}]\n"
      "devices: {publish: a}\nrules: {list: [{where: $body.a > 1}]}\n";
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.value);
    const std::string path = Write(
        "c.yaml", start + "outputs: {hub: {type: iothub, connection_string: " + c.value + "}}\n");
    const std::string error = std::string("c.yaml:4:") + (c.value[0] == '\'' ? "51" : "50") +
                              ": error: outputs.hub.connection_string: " + c.wants;
    for (const Captured& said : {Check(path), Command({"run", "-c", path})}) {
      EXPECT_EQ(said.code, kExitNo);
      EXPECT_THAT(said.errors, HasSubstr(error));
      EXPECT_THAT(said.errors, Not(HasSubstr("c2VjcmV0")));
    }
  }
  Write("hub.txt", "HostName=h;SharedAccessKey=c2VjcmV0\n");
  const std::string path =
      Write("c.yaml", start + "outputs: {hub: {type: iothub, connection_string_file: hub.txt}}\n");
  for (const Captured& said : {Check(path), Command({"run", "-c", path})}) {
    EXPECT_EQ(said.code, kExitNo);
    EXPECT_THAT(said.errors, HasSubstr("c.yaml:4:55: error: outputs.hub.connection_string_file: " +
                                       Path("hub.txt") + ": DeviceId is missing"));
    EXPECT_THAT(said.errors, Not(HasSubstr("c2VjcmV0")));
  }
}

TEST_F(CheckTest, RunWantsMoreThanRules) {
  const std::string path = Write("rules.yaml", "rules: {list: [{from: a}]}\n");
  const Captured ran = Command({"run", "-c", path});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(ran.errors, HasSubstr("rules.yaml: error: holds rules alone; run wants listeners"));
}

TEST_F(CheckTest, DumpMasksSecretsAndSchemaNeedsNoFile) {
  const Captured dumped = Command({"check", "--dump", "-c", WriteExample("minimal.yaml")});
  EXPECT_EQ(dumped.code, kExitFine);
  EXPECT_THAT(dumped.out, HasSubstr("connection_string: \"***\""));
  EXPECT_THAT(dumped.out, Not(HasSubstr("cmVwbGFjZSBtZQ")));
  const Captured schema = Command({"check", "--schema"});
  EXPECT_EQ(schema.code, kExitFine);
  EXPECT_THAT(schema.out, HasSubstr("\"$schema\""));
}

TEST_F(CheckTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(Command({"check"}).code, kExitUsage);
  EXPECT_EQ(Command({"check", "--schema", "-c", "x"}).code, kExitUsage);
  EXPECT_EQ(Command({"pki"}).code, kExitUsage);
  EXPECT_EQ(Command({"pki", "server", Path("pki")}).code, kExitUsage);
  EXPECT_EQ(Command({"pki", "device", Path("pki")}).code, kExitUsage);
}

TEST_F(CheckTest, PkiPrintsThumbprintsAndSaysWhatItRefuses) {
  EXPECT_EQ(Command({"pki", "device", Path("pki"), "press-01"}).code, kExitNo);
  ASSERT_EQ(Command({"pki", "init", Path("pki"), "--name", "plant CA"}).code, kExitFine);
  const Captured again = Command({"pki", "init", Path("pki")});
  EXPECT_EQ(again.code, kExitNo);
  EXPECT_THAT(again.errors, HasSubstr("sluice pki: "));

  // A bad name in the middle stops neither the one before nor the one after.
  const Captured devices = Command({"pki", "device", Path("pki"), "press-01", "a/b", "press-02"});
  EXPECT_EQ(devices.code, kExitNo);
  EXPECT_THAT(devices.errors, HasSubstr("'a/b' cannot be a device's name: it has one of / + #"));
  EXPECT_THAT(devices.out, testing::ContainsRegex(
                               "press-01.crt: certificate until [0-9-]+\n  SHA-1    [0-9a-f]+\n"
                               "  SHA-256  [0-9a-f]+\n"));
  EXPECT_TRUE(std::filesystem::exists(Path("pki/press-02.key")));

  EXPECT_EQ(Command({"pki", "revoke", Path("pki"), "press-01"}).code, kExitFine);
  EXPECT_EQ(Command({"pki", "revoke", Path("pki"), "press-01"}).code, kExitNo);
}

TEST_F(CheckTest, PkiSaysWhatItDidNot) {
  EXPECT_THAT(Command({"pki", "device", Path("none"), "a"}).errors,
              HasSubstr("ca.crt: no certificate: No such file or directory"));
  ASSERT_EQ(Command({"pki", "init", Path("pki")}).code, kExitFine);
  EXPECT_THAT(Command({"pki", "server", Path("pki"), "a"}).out, Not(HasSubstr("in place of")));
  EXPECT_THAT(Command({"pki", "server", Path("pki"), "b"}).out,
              HasSubstr("certificate for b, in place of the one before"));
  ASSERT_EQ(Command({"pki", "device", Path("pki"), "a"}).code, kExitFine);
  EXPECT_THAT(Command({"pki", "revoke", Path("pki"), "a"}).errors,
              HasSubstr("reads no revocation lists yet"));
}

TEST_F(CheckTest, UnknownCommandsAreNamed) {
  const Captured unknown = Command({"filtr"});
  EXPECT_EQ(unknown.code, kExitUsage);
  EXPECT_THAT(unknown.errors, HasSubstr("sluice: there is no command 'filtr'; did you mean "
                                        "'filter'?\n  commands are: run check "));
  EXPECT_THAT(Command({"pki", "devise", "x"}).errors,
              HasSubstr("sluice pki: there is no command 'devise'; did you mean 'device'?"));
  EXPECT_THAT(Command({"eval", "--query", "1", "--profile", "x"}).errors,
              HasSubstr("sluice eval: --profile: want default or edgehub, not x\n"));
  EXPECT_EQ(Command({}).code, kExitUsage);
}

TEST_F(CheckTest, RulesForTopicsThatNobodyMayPublishToAreWarnings) {
  const char* const kConfig = R"(
listeners: [{address: "127.0.0.1:0", tls: {certificate: a, key: b, client_ca: c}}]
devices: {publish: ["plant/+/{device}/#", "x-{device}/t"]}
outputs: {log: {type: file, path: l}}
rules:
  list:
    - {name: fine, from: "plant/line1/#", into: log}
    - {name: partly, from: "x-y/+", into: log}
    - {name: never, from: "tele/+/LWT", into: log}
)";
  const std::string errors = Check(Write("c.yaml", kConfig)).errors;
  EXPECT_THAT(errors, HasSubstr("c.yaml:9:28: warning: rule 'never': never matches: devices may "
                                "publish to none of these topics"));
  EXPECT_THAT(errors, Not(testing::AnyOf(HasSubstr("'fine'"), HasSubstr("'partly'"))));
}

TEST_F(CheckTest, SecretsThatEverybodyMayReadAreWarnings) {
  const std::string secret =
      Write("hub.txt", "HostName=h;DeviceId=d;SharedAccessKey=cmVwbGFjZSBtZQ==\n");
  std::filesystem::permissions(secret, std::filesystem::perms(0644));
  const std::string config = Write("c.yaml", R"(
listeners: [{address: "127.0.0.1:0", tls: {certificate: a, key: b, client_ca: c}}]
devices: {publish: ["#"]}
rules: {default: forward}
outputs: {hub: {type: iothub, connection_string_file: hub.txt}}
)");
  EXPECT_THAT(Check(config).errors, HasSubstr("everybody on this box may read the connection "
                                              "string"));
  std::filesystem::permissions(secret, std::filesystem::perms(0600));
  EXPECT_THAT(Check(config).errors, Not(HasSubstr("everybody")));
}

TEST_F(CheckTest, DumpShowsTheProgramAndIsAConfigurationStill) {
  const std::string rules =
      Write("r.yaml", "rules: {list: [{from: a/+, where: $body.unit = 'C' AND $body.t > 80}, {}]}");
  const Captured dumped = Command({"check", "--dump", "-c", rules});
  EXPECT_THAT(dumped.out, HasSubstr("    - name: \"rule-1\"\n"));
  EXPECT_THAT(dumped.out, HasSubstr("#   from a/+\n#     $body.unit = 'C'\n#       rule rule-1"));
  EXPECT_EQ(Check(Write("again.yaml", dumped.out)).code, kExitFine);
}

}  // namespace
}  // namespace sluice::commands
