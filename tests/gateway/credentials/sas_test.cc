#include "gateway/credentials/sas.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::credentials {
namespace {

std::string Bytes(int from, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(from + i));
  return bytes;
}

// The worked examples of azure/iot-hub-mqtt.md section 4, which openssl and Python agree on.
TEST(SasTest, MakesTheWorkedExamples) {
  struct {
    std::string resource;
    std::string key;
    std::string token;
  } const kCases[] = {
      {"sluice-demo.azure-devices.net/devices/gw-01", Bytes(0x00, 32),
       "SharedAccessSignature "
       "sr=sluice-demo.azure-devices.net%2Fdevices%2Fgw-01&sig=Cs%2Be0vniweoQHRP"
       "cXp9fNqCDtbeJwo0e0BCCaEyiYrI%3D&se=1893456000"},
      {"sluice-demo.azure-devices.net/devices/edge-01/modules/sluice", Bytes(0x20, 32),
       "SharedAccessSignature "
       "sr=sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice&"
       "sig=oZ%2BvATn%2BQgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU%3D&se=1893456000"},
  };
  for (const auto& c : kCases) EXPECT_EQ(MakeSasToken(c.resource, c.key, 1893456000), c.token);
}

TEST(SasTest, ReadsTheExpiryOfATokenMadeElsewhere) {
  EXPECT_EQ(SasExpiry(MakeSasToken("h/devices/d", "k", 1893456000)).value(), 1893456000);
  EXPECT_EQ(SasExpiry("SharedAccessSignature se=17&sr=h&sig=x").value(), 17);
  EXPECT_EQ(SasExpiry("SharedAccessSignature sr=h&se=17&sig=x&skn=device").value(), 17);
  for (const char* bad : {"", "SharedAccessSignature sr=h&sig=x",
                          "SharedAccessSignature sr=h&se=", "SharedAccessSignature sr=h&se=12x",
                          "SharedAccessSignature sr=h&se=-4"}) {
    EXPECT_FALSE(SasExpiry(bad).ok()) << bad;
  }
}

TEST(SasTest, RenewsBetween80And85PercentOfTheLifetime) {
  using namespace std::chrono_literals;
  EXPECT_EQ(SasRenewalDelay(3600s, 0.0), 2880s);
  EXPECT_EQ(SasRenewalDelay(3600s, 0.5), 2970s);
  EXPECT_LT(SasRenewalDelay(3600s, 0.999999), 3060s);
}

}  // namespace
}  // namespace sluice::credentials
