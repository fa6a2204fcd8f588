// The buffers that a connection holds only while it needs them.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "gateway/server/output_buffer.h"
#include "gateway/server/partial_packet.h"

namespace sluice::server {
namespace {

// An encoder of `size` bytes after the contract of mqtt::EncodePacket().
auto Encoder(const std::string& bytes) {
  return [&bytes](std::span<char> out) {
    if (bytes.size() <= out.size()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return bytes.size();
  };
}

TEST(OutputBufferTest, GathersPacketsOfAnySize) {
  OutputBuffer output;
  std::string expected;
  for (const size_t size : {1, 4, 15, 16, 17, 300, 70'000, 2}) {
    const std::string packet(size, static_cast<char>('a' + size % 26));
    EXPECT_TRUE(output.Append(Encoder(packet), SIZE_MAX));
    expected += packet;
  }
  EXPECT_EQ(std::string(output.bytes().data(), output.size()), expected);
  output.Clear();
  EXPECT_TRUE(output.empty());
}

TEST(OutputBufferTest, LeavesOutWhatIsNoPacketOrTooLarge) {
  OutputBuffer output;
  const std::string none;
  const std::string small(10, 's');
  const std::string large(40, 'l');
  EXPECT_FALSE(output.Append(Encoder(none), SIZE_MAX));
  EXPECT_FALSE(output.Append(Encoder(small), 9));
  EXPECT_FALSE(output.Append(Encoder(large), 39));
  EXPECT_TRUE(output.empty());
  EXPECT_TRUE(output.Append(Encoder(small), 10));
  EXPECT_EQ(output.size(), 10U);
}

TEST(PartialPacketTest, HoldsWhatItWasGivenInPieces) {
  PartialPacket partial;
  EXPECT_TRUE(partial.empty());
  std::string expected(100, 'x');
  partial.Assign(expected);
  for (int i = 0; i < 200; ++i) {
    const std::string piece(static_cast<size_t>(i * 7 % 400) + 1, static_cast<char>('a' + i % 26));
    const std::span<char> room = partial.Room(piece.size());
    std::memcpy(room.data(), piece.data(), piece.size());
    partial.Commit(piece.size());
    expected += piece;
    if (i % 3 == 0) {
      partial.Consume(50);
      expected.erase(0, 50);
    }
    ASSERT_EQ(partial.bytes(), expected);
    // The slack behind the bytes can be read.
    volatile char behind = partial.bytes().data()[partial.bytes().size() + kSlack - 1];
    (void)behind;
  }
  partial.Consume(expected.size());
  EXPECT_TRUE(partial.empty());
}

}  // namespace
}  // namespace sluice::server
