// config/examples/plant.yaml on the plant corpus: finds what was planted, and lets every device
// speak.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "config/load.h"
#include "gateway/lines/message_line.h"
#include "gateway/pipeline/admission.h"
#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

const std::string kExample = SLUICE_TEST_DATA "/../../config/examples/plant.yaml";
const std::string kCorpus = SLUICE_TEST_DATA "/corpus/plant.jsonl";

TEST(PlantExampleTest, FindsWhatWasPlanted) {
  const Captured filtered = Command({"filter", "-c", kExample, "--summary", kCorpus});
  ASSERT_EQ(filtered.code, kExitFine) << filtered.errors;
  EXPECT_EQ(filtered.errors, "");
  const auto summary = nlohmann::json::parse(filtered.out);
  EXPECT_EQ(summary["messages"], 19917);
  EXPECT_EQ(summary["malformed"], 0);
  EXPECT_EQ(summary["forwarded"].get<int>() + summary["dropped"].get<int>(), 19917);
  // Counts of tests/data/corpus/README.md, "What is planted".
  const std::map<std::string, int> kPlanted = {
      {"debug chatter", 1812},
      {"broken thermocouple", 3},
      {"overheating", 202},
      {"failing bearing", 101},
      {"modbus errors", 16},
      {"connections", 6},
      {"opc line", 180},
      {"lora uplinks", 180},
      {"lorries", 180},
      {"vehicle errors", 0},
      {"leak", 0},
  };
  for (const auto& [rule, matched] : kPlanted)
    EXPECT_EQ(summary["rules"][rule]["matched"], matched) << rule;
  for (const auto& [rule, counts] : summary["rules"].items())
    EXPECT_EQ(counts["errors"], 0) << rule;
}

TEST(PlantExampleTest, AdmitsEveryMessageOfEveryDeviceAndNoneOfAnother) {
  config::Diagnostics diagnostics;
  const auto file = config::LoadRules(kExample, &diagnostics);
  ASSERT_TRUE(file && file->config) << diagnostics.Render();
  const pipeline::Admission admission(file->config->devices);
  std::ifstream corpus(kCorpus);
  lines::OwnedMessage message;
  size_t count = 0;
  for (std::string line; std::getline(corpus, line); ++count) {
    ASSERT_TRUE(lines::ParseMessageLine(line, &message).ok());
    const language::MessageView& view = message.View();
    EXPECT_TRUE(admission.MayPublish(view.device, view.topic)) << view.device << " " << view.topic;
    EXPECT_FALSE(admission.MayPublish("stranger", view.topic)) << view.topic;
  }
  EXPECT_EQ(count, 19917u);
}

}  // namespace
}  // namespace sluice::commands
