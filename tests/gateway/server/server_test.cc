// The thinnest thread: a device's publish reaches the sink and its acknowledgement comes back.
#include "gateway/server/server.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

TEST(ServerTest, TakesPublishesAtEveryQosInBothVersions) {
  TestServer server;
  size_t taken = 0;
  for (const mqtt::Version version : {mqtt::Version::k311, mqtt::Version::k5}) {
    SCOPED_TRACE(static_cast<int>(version));
    Device device(server, "press-01", version);
    ASSERT_TRUE(device.connected);
    device.Publish("plant/a", "zero");
    device.Publish("plant/b", "one", 1, 7);
    EXPECT_EQ(device.Next(), "PUBACK 7");
    device.Publish("plant/c", "two", 2, 8);
    EXPECT_EQ(device.Next(), "PUBREC 8");
    device.client.Send({"\x62\x02\x00\x08", 4});
    EXPECT_EQ(device.Next(), "PUBCOMP 8");
    taken += 3;
    ASSERT_TRUE(server.recorder.WaitFor(taken));
    const std::vector<Received> all = server.recorder.taken();
    EXPECT_EQ(all[taken - 3].payload, "zero");
    EXPECT_EQ(all[taken - 2].topic, "plant/b");
    EXPECT_EQ(all[taken - 1].qos, 2);
    EXPECT_EQ(all[taken - 1].identity, "press-01");
  }
}

TEST(ServerTest, ServesMosquittoPub) {
  TestServer server;
  const TestPki& pki = TestPki::Get();
  pki.WriteDevice("mosquitto");
  for (const std::string version : {"mqttv311", "mqttv5"}) {
    for (const std::string qos : {"0", "1", "2"}) {
      const size_t before = server.recorder.count();
      const std::string command =
          "mosquitto_pub -h 127.0.0.1 -p " + std::to_string(server.port()) + " --cafile " +
          pki.path("ca.crt") + " --cert " + pki.path("mosquitto.crt") + " --key " +
          pki.path("mosquitto.key") + " -i mosquitto -t a/b -m hello -q " + qos + " -V " + version;
      SCOPED_TRACE(command);
      EXPECT_EQ(std::system(command.c_str()), 0);
      ASSERT_TRUE(server.recorder.WaitFor(before + 1));
    }
  }
}

}  // namespace
}  // namespace sluice::server
