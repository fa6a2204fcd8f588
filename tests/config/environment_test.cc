// Secrets and paths that come from the environment.
#include "config/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/load.h"

namespace sluice::config {
namespace {

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    setenv("SLUICE_TEST_A", "one", 1);
    setenv("SLUICE_TEST_EMPTY", "", 1);
    unsetenv("SLUICE_TEST_UNSET");
  }
};

TEST_F(EnvironmentTest, ReplacesNames) {
  struct {
    const char* text;
    const char* expanded;
  } const kCases[] = {
      {"${SLUICE_TEST_A}", "one"},
      {"a/${SLUICE_TEST_A}/b", "a/one/b"},
      {"${SLUICE_TEST_A}${SLUICE_TEST_A}", "oneone"},
      {"x${SLUICE_TEST_EMPTY}y", "xy"},
      {"$SLUICE_TEST_A", "$SLUICE_TEST_A"},
      {"${}", "${}"},
      {"${SLUICE_TEST_A", "${SLUICE_TEST_A"},
      {"${SLUICE TEST}", "${SLUICE TEST}"},
      {"$${SLUICE_TEST_A}", "$one"},
      {"", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    std::string missing;
    EXPECT_EQ(ExpandEnvironment(c.text, &missing), c.expanded);
    EXPECT_EQ(missing, "");
  }
}

TEST_F(EnvironmentTest, NamesWhatIsNotSet) {
  std::string missing;
  EXPECT_FALSE(ExpandEnvironment("a${SLUICE_TEST_UNSET}b", &missing));
  EXPECT_EQ(missing, "SLUICE_TEST_UNSET");
}

std::string Output(const std::string& keys) {
  return "listeners: [{address: ':0', tls: {certificate: a, key: b, client_ca: c}}]\n"
         "devices: {publish: a}\nrules: {default: forward, list: []}\n"
         "outputs: {b: {type: mqtt, address: 'b:1', username: u, " +
         keys + "}}\n";
}

TEST_F(EnvironmentTest, ASecretIsANameAsAWholeOrItself) {
  struct {
    const char* written;
    const char* password;
  } const kCases[] = {
      {"'${SLUICE_TEST_A}'", "one"},
      {"'pass${SLUICE_TEST_A}'", "pass${SLUICE_TEST_A}"},
  };
  for (const auto& c : kCases) {
    Diagnostics diagnostics;
    const auto config =
        LoadText(Output(std::string("password: ") + c.written), "f", "/etc", &diagnostics);
    ASSERT_TRUE(config) << diagnostics.Render();
    EXPECT_EQ(config->outputs[0].password, c.password);
  }
}

// As systemd's LoadCredential= hands them out.
TEST_F(EnvironmentTest, ASecretMayLieInAFolderThatTheEnvironmentNames) {
  std::string folder = testing::TempDir() + "sluice-credentials-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/broker") << " a word \n";
  setenv("SLUICE_TEST_DIRECTORY", folder.c_str(), 1);
  Diagnostics diagnostics;
  const auto config = LoadText(Output("password_file: '${SLUICE_TEST_DIRECTORY}/broker'"), "f",
                               "/etc", &diagnostics);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(config) << diagnostics.Render();
  EXPECT_EQ(config->outputs[0].password, "a word");
  EXPECT_EQ(config->outputs[0].password_file, folder + "/broker");
}

}  // namespace
}  // namespace sluice::config
