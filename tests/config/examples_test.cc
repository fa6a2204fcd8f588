// The examples under version control: they load, and plant.yaml shows every option.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

#include "config/load.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

const std::string kFolder = SLUICE_TEST_DATA "/../../config/examples/";

TEST(ExamplesTest, LoadWithoutAWarning) {
  for (const char* name : {"edge-module.yaml", "minimal.yaml", "plant.yaml"}) {
    Diagnostics diagnostics;
    const std::optional<RulesFile> file = LoadRules(kFolder + name, &diagnostics);
    EXPECT_TRUE(file && file->config);
    EXPECT_EQ(diagnostics.Render(), "");
  }
}

void ExpectAllShown(const SectionInfo& section, const std::string& text) {
  for (const OptionInfo& option : section.options) {
    if (!option.later.empty()) continue;
    const std::regex shown("(^|[\\s{,#-])" + std::string(option.name) + ":");
    EXPECT_TRUE(std::regex_search(text, shown)) << section.name << "." << option.name;
    if (option.type.section != nullptr) ExpectAllShown(option.type.section(), text);
  }
}

TEST(ExamplesTest, PlantShowsEveryOption) {
  std::ifstream file(kFolder + "plant.yaml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ExpectAllShown(FileSection(), text);
}

}  // namespace
}  // namespace sluice::config
