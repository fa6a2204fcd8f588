#include "tests/devhub/authenticate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/mqtt/connack.h"
#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

constexpr int64_t kNow = 1'800'000'000;

struct Case {
  const char* what;
  std::string client_id;
  std::string user_name;
  std::optional<std::string> password;
  PeerCertificate peer;
  int connack;  // 0: accepted
  int code;     // of the hub's log
};

PeerCertificate Thumbprint(const std::string& sha1) {
  PeerCertificate peer = CaSigned("anyone");
  peer.chains_to_ca = false;
  peer.sha1 = sha1;
  return peer;
}

std::string Without(std::string text, const std::string& part, const std::string& replacement) {
  return text.replace(text.find(part), part.size(), replacement);
}

const std::string kModuleToken =
    "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice"
    "&sig=oZ%2BvATn%2BQgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU%3D&se=1893456000";

TEST(AuthenticateTest, Decides) {
  const Registry registry = Registry::Parse(kIdentities).value();
  const std::string gw = UserNameOf("gw-01");
  const Case kCases[] = {
      {"secondary key", "gw-01", gw, kSheetToken, {}, 0, 0},
      {"module key", "edge-01/sluice", UserNameOf("edge-01/sluice"), kModuleToken, {}, 0, 0},
      {"host case and port",
       "gw-01",
       "SLUICE-demo.azure-devices.net:18883/gw-01/?api-version=2021-04-12",
       kSheetToken,
       {},
       0,
       0},
      {"CA-signed", "x1", UserNameOf("x1"), std::nullopt, CaSigned("x1"), 0, 0},
      {"CA-signed module, CN d/m", "edge-01/x", UserNameOf("edge-01/x"), std::nullopt,
       CaSigned("edge-01/x"), 0, 0},
      {"thumbprint", "x2", UserNameOf("x2"), std::nullopt,
       Thumbprint("00112233445566778899aabbccddeeff00112233"), 0, 0},

      {"no user name", "gw-01", "", kSheetToken, {}, 4, 0},
      {"no api-version", "gw-01", "sluice-demo.azure-devices.net/gw-01/", kSheetToken, {}, 4, 0},
      {"another's client id", "gw-02", gw, kSheetToken, {}, 2, 0},
      {"client id in another case", "GW-01", gw, kSheetToken, {}, 2, 0},
      {"empty client id", "", gw, kSheetToken, {}, 2, 0},
      {"wrong host",
       "gw-01",
       "other.azure-devices.net/gw-01/?api-version=2021-04-12",
       kSheetToken,
       {},
       5,
       401003},
      {"unknown device", "gw-09", UserNameOf("gw-09"), kSheetToken, {}, 5, 401003},
      {"unknown module", "gw-01/m", UserNameOf("gw-01/m"), kSheetToken, {}, 5, 401003},
      {"another's token",
       "edge-01/sluice",
       UserNameOf("edge-01/sluice"),
       kSheetToken,
       {},
       5,
       401003},
      {"changed expiry",
       "gw-01",
       gw,
       Without(kSheetToken, "1893456000", "1893456001"),
       {},
       5,
       401003},
      {"changed signature", "gw-01", gw, Without(kSheetToken, "Cs%2B", "Ct%2B"), {}, 5, 401003},
      {"no token", "gw-01", gw, "letmein", {}, 5, 401003},
      {"neither password nor certificate", "x1", UserNameOf("x1"), std::nullopt, {}, 5, 401003},
      {"key identity by certificate", "gw-01", gw, std::nullopt, CaSigned("gw-01"), 5, 401003},
      {"X.509 identity by token", "x1", UserNameOf("x1"), Without(kSheetToken, "gw-01", "x1"),
       CaSigned("x1"), 5, 401003},
      {"another CA", "x1", UserNameOf("x1"), std::nullopt, Thumbprint(std::string(40, '1')), 5,
       401003},
      {"another's CN", "x1", UserNameOf("x1"), std::nullopt, CaSigned("x9"), 5, 401003},
      {"CN in another case", "x1", UserNameOf("x1"), std::nullopt, CaSigned("X1"), 5, 401003},
      {"module with the device's CN", "edge-01/x", UserNameOf("edge-01/x"), std::nullopt,
       CaSigned("edge-01"), 5, 401003},
      {"wrong thumbprint", "x2", UserNameOf("x2"), std::nullopt, Thumbprint(std::string(40, '0')),
       5, 401003},
      {"disabled", "off", UserNameOf("off"), std::nullopt, CaSigned("off"), 5, 403012},
      {"disabled, without credential", "off", UserNameOf("off"), std::nullopt, {}, 5, 401003},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    mqtt::ConnectView connect;
    connect.client_id = c.client_id;
    if (!c.user_name.empty()) connect.user_name = c.user_name;
    if (c.password) connect.password = *c.password;
    const auto result = Authenticate(registry, connect, c.peer, kNow);
    if (const Refusal* refusal = std::get_if<Refusal>(&result)) {
      EXPECT_EQ(mqtt::ReturnCode311(refusal->connack), c.connack) << refusal->detail;
      EXPECT_EQ(refusal->error.code, c.code) << refusal->detail;
    } else {
      EXPECT_EQ(c.connack, 0);
      EXPECT_EQ(std::get<Admission>(result).identity.ClientId(), c.client_id);
    }
  }
}

TEST(AuthenticateTest, TokensExpire) {
  const Registry registry = Registry::Parse(kIdentities).value();
  const std::string user_name = UserNameOf("gw-01");
  mqtt::ConnectView connect;
  connect.client_id = "gw-01";
  connect.user_name = user_name;
  connect.password = kSheetToken;
  const auto valid = Authenticate(registry, connect, {}, 1893456000 - 1);
  ASSERT_TRUE(std::holds_alternative<Admission>(valid));
  EXPECT_EQ(std::get<Admission>(valid).token_expiry, 1893456000);
  const auto expired = Authenticate(registry, connect, {}, 1893456000);
  ASSERT_TRUE(std::holds_alternative<Refusal>(expired));
  EXPECT_EQ(std::get<Refusal>(expired).error.code, 401003);
}

// The protocol-gateway pattern: one token of a policy serves every device, if the policy may
// connect devices.
TEST(AuthenticateTest, PolicyTokens) {
  const Registry registry = Registry::Parse(kIdentities).value();
  const std::string unsigned_token =
      "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices"
      "&sig=Ynd3kEhae8dW3IZe7ptBfe2l%2BY4m3nYKh3GMfJWYono%3D&se=1893456000&skn=";
  struct {
    const char* policy;
    bool accepted;
  } const kCases[] = {{"device", true}, {"service", false}, {"owner", false}, {"", false}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.policy);
    const std::string user_name = UserNameOf("x1");
    const std::string password = unsigned_token + c.policy;
    mqtt::ConnectView connect;
    connect.client_id = "x1";
    connect.user_name = user_name;
    connect.password = password;
    EXPECT_EQ(std::holds_alternative<Admission>(Authenticate(registry, connect, {}, kNow)),
              c.accepted);
  }
}

}  // namespace
}  // namespace sluice::devhub
