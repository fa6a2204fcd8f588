// ./dev bench outage plays a day and 1 GiB; this is the same, scaled down.
#include "tests/gateway/spool/outage.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace sluice::spool {
namespace {

TEST(OutageTest, NothingIsMissingButWhatWasCountedAndLiveRecordsDoNotWait) {
  std::string root = (std::filesystem::temp_directory_path() / "sluice-outage-XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  OutagePlan plan;
  plan.folder = root + "/hub";
  plan.max_bytes = 8 << 20;
  plan.max_memory = 1 << 20;
  plan.away = std::chrono::seconds(60);
  const absl::StatusOr<OutageResult> result = PlayOutage(plan);
  std::filesystem::remove_all(root);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->Complete()) << result->accepted << " accepted, " << result->delivered
                                  << " delivered, " << result->dropped << " dropped, "
                                  << result->again << " again";
  EXPECT_GT(result->dropped, 60'000u);
  EXPECT_LE(result->max_used, plan.max_bytes);
  EXPECT_LE(result->max_disk, plan.max_bytes + (33 << 20)) << "the log's share";
  EXPECT_LT(result->oldest_live, std::chrono::seconds(5));
  // 19 of 20 parts of what the far side takes are backlog.
  const double least = static_cast<double>(result->backlog) / (19.0 * plan.rate);
  EXPECT_LT(static_cast<double>(result->drained_in.count()) / 1000, least * 1.2 + 0.1);
}

}  // namespace
}  // namespace sluice::spool
