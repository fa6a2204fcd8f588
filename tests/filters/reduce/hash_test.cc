#include "filters/reduce/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice::reduce {
namespace {

constexpr HashKey kPaperKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string Counting(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(HashTest, GivesThePublishedVectors) {
  // Of the reference implementation, vectors.h: 0, 1, 7, 8 and 63 bytes; the paper's own: 15.
  EXPECT_EQ(SipHash24(kPaperKey, Counting(0)), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(SipHash24(kPaperKey, Counting(1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(SipHash24(kPaperKey, Counting(7)), 0xab0200f58b01d137U);
  EXPECT_EQ(SipHash24(kPaperKey, Counting(8)), 0x93f5f5799a932462U);
  EXPECT_EQ(SipHash24(kPaperKey, Counting(15)), 0xa129ca6149be45e5U);
  EXPECT_EQ(SipHash24(kPaperKey, Counting(63)), 0x958a324ceb064572U);
}

TEST(HashTest, EveryByteTheLengthAndTheKeyCount) {
  std::set<uint64_t> seen;
  for (size_t size = 0; size < 40; ++size) {
    std::string bytes(size, '\0');
    EXPECT_TRUE(seen.insert(Hash(kPaperKey, bytes)).second) << size;
    EXPECT_TRUE(seen.insert(DigestOf(kPaperKey, bytes).low).second) << size;
    EXPECT_TRUE(seen.insert(DigestOf(kPaperKey, bytes).high).second) << size;
    for (char& byte : bytes) {
      byte = 1;
      EXPECT_TRUE(seen.insert(Hash(kPaperKey, bytes)).second);
      byte = 0;
    }
    EXPECT_TRUE(seen.insert(Hash({1, 2}, bytes)).second) << size;
  }
}

}  // namespace
}  // namespace sluice::reduce
