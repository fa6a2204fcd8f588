#include "tests/devhub/sas_token.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

// The worked examples of the sheet, section 4.
constexpr char kToken[] =
    "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices%2Fgw-01"
    "&sig=Cs%2Be0vniweoQHRPcXp9fNqCDtbeJwo0e0BCCaEyiYrI%3D&se=1893456000";
constexpr char kModuleToken[] =
    "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice"
    "&sig=oZ%2BvATn%2BQgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU%3D&se=1893456000";

// Bytes first, first + 1, ...: 32 of them.
std::string Key(int first) {
  std::string key;
  for (int i = 0; i < 32; ++i) key += static_cast<char>(first + i);
  return key;
}

SasToken Parsed(std::string_view text) {
  const auto token = ParseSasToken(text);
  EXPECT_TRUE(token.ok()) << token.status();
  return token.ok() ? *token : SasToken();
}

TEST(SasTokenTest, TheSheetsDeviceExample) {
  const SasToken token = Parsed(kToken);
  EXPECT_EQ(token.to_sign, "sluice-demo.azure-devices.net%2Fdevices%2Fgw-01\n1893456000");
  EXPECT_EQ(token.resource, "sluice-demo.azure-devices.net/devices/gw-01");
  EXPECT_EQ(token.signature, "Cs+e0vniweoQHRPcXp9fNqCDtbeJwo0e0BCCaEyiYrI=");
  EXPECT_EQ(token.expiry, 1893456000);
  EXPECT_EQ(token.policy, "");
  EXPECT_TRUE(IsSignedBy(token, Key(0)));
  EXPECT_FALSE(IsSignedBy(token, Key(1)));
}

TEST(SasTokenTest, TheSheetsModuleExample) {
  const SasToken token = Parsed(kModuleToken);
  EXPECT_TRUE(IsSignedBy(token, Key(0x20)));
  std::string host;
  EXPECT_TRUE(CoversIdentity(token, {"edge-01", "sluice"}, &host));
  EXPECT_EQ(host, "sluice-demo.azure-devices.net");
  EXPECT_FALSE(CoversIdentity(token, {"edge-01", ""}, &host));  // longer than the resource
}

TEST(SasTokenTest, FieldOrderIsFree) {
  const SasToken token = Parsed(
      "SharedAccessSignature se=1893456000&sig=Cs%2Be0vniweoQHRPcXp9fNqCDtbeJwo0e0BCCaEyiYrI%3D"
      "&skn=&sr=sluice-demo.azure-devices.net%2Fdevices%2Fgw-01");
  EXPECT_TRUE(IsSignedBy(token, Key(0)));
}

// Upper or lower case is free in sr, but must be the one that was signed: %2f in the token of a
// signature over %2F is another text.
TEST(SasTokenTest, SignedTextKeepsTheHexCase) {
  std::string text = kToken;
  text.replace(text.find("%2Fdevices%2F"), 13, "%2fdevices%2f");
  const SasToken token = Parsed(text);
  EXPECT_EQ(token.resource, "sluice-demo.azure-devices.net/devices/gw-01");
  EXPECT_FALSE(IsSignedBy(token, Key(0)));
}

TEST(SasTokenTest, SignatureIsComparedWhole) {
  SasToken token = Parsed(kToken);
  token.signature.pop_back();
  EXPECT_FALSE(IsSignedBy(token, Key(0)));
  token.signature.clear();
  EXPECT_FALSE(IsSignedBy(token, Key(0)));
}

TEST(SasTokenTest, Refuses) {
  const std::string_view kBad[] = {
      "",
      "SharedAccessSignature",
      "SharedAccessSignature ",
      "sharedaccesssignature sr=a&sig=b&se=1",
      "SharedAccessSignature  sr=a&sig=b&se=1",
      "SharedAccessSignature sr=a&sig=b",
      "SharedAccessSignature sr=a&se=1",
      "SharedAccessSignature sig=b&se=1",
      "SharedAccessSignature sr=&sig=b&se=1",
      "SharedAccessSignature sr=a&sig=b&se=",
      "SharedAccessSignature sr=a&sig=b&se=-1",
      "SharedAccessSignature sr=a&sig=b&se=1.5",
      "SharedAccessSignature sr=a&sig=b&se=1 ",
      "SharedAccessSignature sr=a&sig=b&se=99999999999999999999",
      "SharedAccessSignature sr=a&sig=b&se=1&x=1",
      "SharedAccessSignature sr=a&sig=b&se=1&",
      "SharedAccessSignature sr=a&sr=a&sig=b&se=1",
      "SharedAccessSignature sr=%2&sig=b&se=1",
      "SharedAccessSignature sr=a&sig=%zz&se=1",
  };
  for (const auto text : kBad) EXPECT_FALSE(ParseSasToken(text).ok()) << text;
}

TEST(SasTokenTest, CoversAPrefixBySegment) {
  struct {
    std::string_view resource;
    Identity identity;
    bool covers;
  } const kCases[] = {
      {"h/devices/gw-01", {"gw-01", ""}, true},
      {"h/devices/gw-01", {"gw-01", "m"}, true},
      {"h/devices/gw-01/modules/m", {"gw-01", "m"}, true},
      {"h/devices/gw-01/modules", {"gw-01", "m"}, true},
      {"h/devices", {"gw-01", ""}, true},  // of a policy: every device
      {"h", {"gw-01", ""}, true},
      {"h/devices/gw-0", {"gw-01", ""}, false},  // /a/b covers /a/b/c, not /a/bc
      {"h/devices/gw-011", {"gw-01", ""}, false},
      {"h/devices/GW-01", {"gw-01", ""}, false},
      {"h/devices/", {"gw-01", ""}, false},
      {"h/devices/gw-01/", {"gw-01", ""}, false},
      {"h/modules/gw-01", {"gw-01", ""}, false},
      {"h/devices/gw-01/modules/m", {"gw-01", ""}, false},
      {"h/devices/gw-01/modules/n", {"gw-01", "m"}, false},
      {"h/devices/a%23b",
       {"a#b", ""},
       true},  // encoded once before the whole is (.NET's module client)
      {"h/devices/a#b", {"a#b", ""}, true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.resource << " for " << c.identity.ClientId());
    SasToken token;
    token.resource = c.resource;
    std::string host;
    EXPECT_EQ(CoversIdentity(token, c.identity, &host), c.covers);
    EXPECT_EQ(host, "h");
  }
}

}  // namespace
}  // namespace sluice::devhub
