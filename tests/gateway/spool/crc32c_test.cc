#include "gateway/spool/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice::spool {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(ExtendCrc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(ExtendCrc32cPortable(0, "123456789"), 0xe3069283u);
}

TEST(Crc32cTest, InstructionAndTablesAgree) {
  std::mt19937 chance(1);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(ExtendCrc32c(7, text), ExtendCrc32cPortable(7, text)) << text.size();
    text.push_back(static_cast<char>(chance()));
  }
}

TEST(Crc32cTest, GoesOnWhereItStopped) {
  const std::string text = "what is stored must be what was accepted";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(0, text.substr(0, cut)), text.substr(cut)),
              ExtendCrc32c(0, text));
  }
}

}  // namespace
}  // namespace sluice::spool
