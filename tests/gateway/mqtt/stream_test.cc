#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/gateway/mqtt/packet_check.h"

namespace sluice::mqtt {
namespace {

std::string ReadSeed(const char* path) {
  std::ifstream file(std::string(SLUICE_TEST_DATA) + "/../gateway/mqtt/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The corpus means something: its sessions decode whole.
TEST(StreamTest, SeedSessionsDecode) {
  struct {
    const char* path;
    Version version;
    Sender sender;
    int packets;
  } const kCases[] = {
      {"mqtt_server_stream_fuzz_corpus/connect_311", Version::k311, Sender::kClient, 1},
      {"mqtt_server_stream_fuzz_corpus/connect_5_everything", Version::k5, Sender::kClient, 1},
      {"mqtt_server_stream_fuzz_corpus/session_311", Version::k311, Sender::kClient, 9},
      {"mqtt_server_stream_fuzz_corpus/session_5", Version::k5, Sender::kClient, 7},
      {"mqtt_server_stream_fuzz_corpus/qos3", Version::k5, Sender::kClient, 0},
      {"mqtt_client_stream_fuzz_corpus/connack_311", Version::k311, Sender::kServer, 8},
      {"mqtt_client_stream_fuzz_corpus/connack_5", Version::k5, Sender::kServer, 1},
      {"mqtt_client_stream_fuzz_corpus/acks_5", Version::k5, Sender::kServer, 8},
      {"mqtt_client_stream_fuzz_corpus/publish_5", Version::k5, Sender::kServer, 1},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.path);
    const std::string seed = ReadSeed(c.path);
    ASSERT_FALSE(seed.empty());
    EXPECT_EQ(CheckStream(c.version, c.sender, std::string_view(seed).substr(1)), c.packets);
  }
}

}  // namespace
}  // namespace sluice::mqtt
