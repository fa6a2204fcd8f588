// Devices that send what no device should: nothing breaks, and others notice nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sys/resource.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Version;

// A plausible conversation, to be damaged.
std::string Conversation(Version version, const std::string& name) {
  mqtt::ConnectView connect;
  connect.version = version;
  connect.client_id = name;
  std::string bytes = Encoded(connect);
  for (uint16_t id = 1; id <= 6; ++id) {
    mqtt::PublishView publish;
    publish.topic = "plant/line/telemetry";
    publish.payload = "{\"temperature\": 21.5}";
    publish.qos = id % 3;
    publish.packet_id = publish.qos > 0 ? id : 0;
    bytes += Encoded(version, publish);
    if (publish.qos == 2) bytes += std::string("\x62\x02\x00", 3) + static_cast<char>(id);
  }
  const mqtt::Subscription asked[] = {{"commands/#", 1}};
  mqtt::AppendPacket(&bytes,
                     [&](std::span<char> out) { return EncodeSubscribe(version, 5, asked, out); });
  return bytes + std::string("\xc0\x00\xe0\x00", 4);
}

TEST(HostileTest, DamagedConversationsBreakNothing) {
  TestServer server;
  Device bystander(server, "bystander");
  const tls::Credential credential = TestPki::Get().Device("press-01");
  std::mt19937 random(20240607);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    std::string bytes = Conversation(round % 2 == 0 ? Version::k5 : Version::k311, "press-01");
    for (size_t damage = 1 + below(4); damage > 0; --damage) {
      switch (below(3)) {
        case 0:
          bytes[below(bytes.size())] = static_cast<char>(below(256));
          break;
        case 1:
          bytes.erase(below(bytes.size()), 1 + below(4));
          break;
        default:
          bytes.insert(below(bytes.size()), 1 + below(4), static_cast<char>(below(256)));
          break;
      }
      if (bytes.empty()) bytes = "x";
    }
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&credential));
    for (size_t at = 0; at < bytes.size();) {
      const size_t cut = 1 + below(200);
      client.Send(std::string_view(bytes).substr(at, cut));
      at += cut;
    }
    client.Drop();
  }
  bystander.Publish("a", "still here", 1, 1);
  EXPECT_EQ(bystander.Next(), "PUBACK 1");
  // Every one of them is accounted for: refused or closed.
  EXPECT_TRUE(server.Eventually([&] {
    const ServerCounts counts = server.server->Counts();
    uint64_t ended = 0;
    for (const auto& [reason, count] : counts.refused) ended += count;
    for (const auto& [reason, count] : counts.closed) ended += count;
    return ended == 150 && counts.connections == 1;
  }));
}

TEST(HostileTest, NoiseInsteadOfTlsIsEndedAndCounted) {
  TestServer server;
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    std::string bytes(1 + random() % 600, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) bytes.replace(0, 3, "\x16\x03\x01");  // looks like a handshake
    TestClient client(server.port());
    client.SendRaw(bytes);
    client.Drop();
  }
  EXPECT_TRUE(server.Eventually([&] {
    uint64_t refused = 0;
    for (const auto& [reason, count] : server.server->Counts().refused) refused += count;
    return refused == 100;
  }));
}

// Without a descriptor left, who knocks is sent away at once, and when there are some again all is
// as before.
TEST(HostileTest, RunningOutOfDescriptorsIsSurvived) {
#ifdef __SANITIZE_ADDRESS__
  // UBSan's check of virtual pointers opens a pipe to look at memory and, without one, takes sound
  // objects for broken.
  GTEST_SKIP() << "UBSan itself needs descriptors";
#endif
  TestServer server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  Device device(server, "press-01");
  TestClient late(server.port());
  std::vector<UniqueFd> filler;
  const rlimit tight{200, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  while (true) {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!fd) break;
    filler.push_back(std::move(fd));
  }
  filler.pop_back();  // for the client's own end
  TestClient unlucky(server.port());
  EXPECT_TRUE(server.Eventually([&] { return server.server->Counts().accept_failures > 0; }));
  device.Publish("a", "b", 1, 1);
  EXPECT_EQ(device.Next(), "PUBACK 1");
  filler.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(server.Eventually([&] { return Device(server, "press-02").connected; }));
}

// Writes handshake records into an open TLS 1.2 connection with AES-128-GCM (RFC 5288), behind the
// back of the client's OpenSSL, which would write one and wait for the answer.
class HandshakeRecords {
 public:
  // `sent`: records that the client has encrypted so far.
  HandshakeRecords(const SSL* ssl, uint64_t sent) : sequence_(sent) {
    std::array<unsigned char, 48> master;
    SSL_SESSION_get_master_key(SSL_get0_session(ssl), master.data(), master.size());
    std::string seed = "key expansion";
    std::array<unsigned char, 32> random;
    SSL_get_server_random(ssl, random.data(), random.size());
    seed.append(random.begin(), random.end());
    SSL_get_client_random(ssl, random.data(), random.size());
    seed.append(random.begin(), random.end());
    EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
    EVP_KDF_CTX* const derive = EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", digest, 0),
        OSSL_PARAM_construct_octet_string("secret", master.data(), master.size()),
        OSSL_PARAM_construct_octet_string("seed", seed.data(), seed.size()),
        OSSL_PARAM_construct_end()};
    EVP_KDF_derive(derive, keys_.data(), keys_.size(), parameters);
    EVP_KDF_CTX_free(derive);
    EVP_KDF_free(kdf);
  }
  ~HandshakeRecords() { EVP_CIPHER_CTX_free(cipher_); }
  HandshakeRecords(const HandshakeRecords&) = delete;
  HandshakeRecords& operator=(const HandshakeRecords&) = delete;

  std::string Next(std::string_view message) {
    std::string number;
    for (int shift = 56; shift >= 0; shift -= 8)
      number += static_cast<char>(sequence_ >> shift & 0xff);
    ++sequence_;
    const std::string head("\x16\x03\x03", 3);
    const std::string associated = number + head + Length(message.size());
    std::string nonce(keys_.begin() + 32, keys_.begin() + 36);
    nonce += number;
    std::string sealed(message.size() + 16, '\0');
    int size = 0;
    EVP_EncryptInit_ex(cipher_, EVP_aes_128_gcm(), nullptr, keys_.data(), Bytes(nonce));
    EVP_EncryptUpdate(cipher_, nullptr, &size, Bytes(associated),
                      static_cast<int>(associated.size()));
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    EVP_EncryptUpdate(cipher_, out, &size, Bytes(message), static_cast<int>(message.size()));
    EVP_EncryptFinal_ex(cipher_, out + size, &size);
    EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_GCM_GET_TAG, 16, out + message.size());
    return head + Length(8 + sealed.size()) + number + sealed;
  }

 private:
  static const unsigned char* Bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  static std::string Length(size_t size) {
    return {static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  }

  EVP_CIPHER_CTX* const cipher_ = EVP_CIPHER_CTX_new();
  std::array<unsigned char, 40> keys_{};  // two keys of 16 bytes, two salts of 4; ours come first
  uint64_t sequence_;
};

// TLS 1.2 answers each ClientHello of a renegotiation with an alert. Who asks on and on and reads
// none of them is a slow reader like any other: what waits for it is bounded.
TEST(HostileTest, RefusedRenegotiationsThatNobodyReadsAreBounded) {
  TestServer server;
  const tls::Credential credential = TestPki::Get().Device("press-01");
  TestClient client(server.port());
  ASSERT_TRUE(client.Handshake(&credential, TLS1_2_VERSION));
  ASSERT_STREQ(SSL_get_cipher_name(client.ssl()), "ECDHE-ECDSA-AES128-GCM-SHA256");
  mqtt::ConnectView connect;
  connect.client_id = "press-01";
  ASSERT_TRUE(client.Connect(connect).has_value());
  HandshakeRecords records(client.ssl(), 2);  // Finished and CONNECT went before
  EXPECT_TRUE(server.Eventually([&] {
    std::string many;
    for (int i = 0; i < 1000; ++i) many += records.Next({"\x01\x00\x00\x00", 4});
    client.SendRaw(many);
    return server.Closed("slow_reader") == 1;
  }));
}

}  // namespace
}  // namespace sluice::server
