// Contexts, and handshakes through them: who is let in, who is refused and why, who may resume.
#include "gateway/tls/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tests/gateway/tls/test_pki.h"

namespace sluice::tls {
namespace {

using testing::HasSubstr;

class ServerContextTest : public testing::Test {
 protected:
  ServerContextTest() : ca_(MustIssueCa("plant CA")) {
    CertificateSpec spec = DeviceSpec("gw-01");
    spec.use = CertificateSpec::Use::kServer;
    spec.dns_names = {"gw-01"};
    const Credential server = MustIssue(spec, &ca_);
    options_.certificate = folder_.Write("server.crt", server.CertificatePem());
    options_.key = folder_.Write("server.key", server.KeyPem());
    options_.client_ca = folder_.Write("ca.crt", ca_.CertificatePem());
  }

  std::shared_ptr<const ServerContext> Load() const {
    absl::StatusOr<std::shared_ptr<const ServerContext>> context = ServerContext::Load(options_);
    EXPECT_TRUE(context.ok()) << context.status();
    return context.ok() ? *context : nullptr;
  }
  std::string LoadError() const {
    return std::string(ServerContext::Load(options_).status().message());
  }
  HandshakeOutcome ShakeWith(const Credential& device, int max_version = 0) const {
    return Shake(*Load(), {.credential = &device, .max_version = max_version});
  }

  TestFolder folder_;
  Credential ca_;
  ServerOptions options_;
};

TEST_F(ServerContextTest, AcceptsADeviceOfItsCaInBothVersions) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const HandshakeOutcome outcome =
        Shake(*Load(), {.credential = &device, .max_version = version, .trusts = &ca_});
    EXPECT_EQ(outcome.refusal, Refusal::kNone) << outcome.detail;
    EXPECT_EQ(outcome.identity, "press-01");
    EXPECT_EQ(outcome.version, version);
    EXPECT_FALSE(outcome.resumed);
  }
}

TEST_F(ServerContextTest, KnowsWhenItsOwnCertificateExpires) {
  const int64_t in_a_day = std::time(nullptr) + kTestDay;
  EXPECT_NEAR(static_cast<double>(Load()->not_after()), static_cast<double>(in_a_day), 60);
}

TEST_F(ServerContextTest, RefusesADeviceWithoutCertificate) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(Shake(*Load(), {.max_version = version}).refusal, Refusal::kNoCertificate);
  }
}

TEST_F(ServerContextTest, RefusesACertificateOfAnotherCaAndSaysWhose) {
  const Credential other = MustIssueCa("other CA");
  const Credential device = MustIssue(DeviceSpec("press-01"), &other);
  const HandshakeOutcome outcome = ShakeWith(device);
  EXPECT_EQ(outcome.refusal, Refusal::kUnknownCa);
  EXPECT_THAT(outcome.detail, HasSubstr("subject CN = press-01, issuer CN = other CA"));
}

TEST_F(ServerContextTest, RefusesACertificateOfAnotherCaOfTheSameName) {
  const Credential twin = MustIssueCa("plant CA");
  EXPECT_EQ(ShakeWith(MustIssue(DeviceSpec("press-01"), &twin)).refusal, Refusal::kUnknownCa);
}

TEST_F(ServerContextTest, RefusesASelfSignedCertificate) {
  EXPECT_EQ(ShakeWith(MustIssue(DeviceSpec("press-01"), nullptr)).refusal, Refusal::kUnknownCa);
}

TEST_F(ServerContextTest, RefusesCertificatesOutOfTheirTime) {
  CertificateSpec expired = DeviceSpec("press-01");
  expired.not_after = std::time(nullptr) - 60;
  EXPECT_EQ(ShakeWith(MustIssue(expired, &ca_)).refusal, Refusal::kExpired);
  CertificateSpec early = DeviceSpec("press-01");
  early.not_before = std::time(nullptr) + 3600;
  EXPECT_EQ(ShakeWith(MustIssue(early, &ca_)).refusal, Refusal::kNotYetValid);
}

TEST_F(ServerContextTest, RefusesAServersCertificateFromADevice) {
  CertificateSpec spec = DeviceSpec("press-01");
  spec.use = CertificateSpec::Use::kServer;
  EXPECT_EQ(ShakeWith(MustIssue(spec, &ca_)).refusal, Refusal::kBadCertificate);
}

TEST_F(ServerContextTest, RefusesOldVersions) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  EXPECT_EQ(ShakeWith(device, TLS1_VERSION).refusal, Refusal::kProtocolVersion);
  EXPECT_EQ(ShakeWith(device, TLS1_1_VERSION).refusal, Refusal::kProtocolVersion);
  options_.min_version = "1.3";
  EXPECT_EQ(ShakeWith(device, TLS1_2_VERSION).refusal, Refusal::kProtocolVersion);
  EXPECT_EQ(ShakeWith(device, TLS1_3_VERSION).refusal, Refusal::kNone);
}

TEST_F(ServerContextTest, RefusesCiphersWithoutForwardSecrecyOrAead) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  for (const char* ciphers :
       {"ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"}) {
    SCOPED_TRACE(ciphers);
    const HandshakeOutcome outcome =
        Shake(*Load(), {.credential = &device, .max_version = TLS1_2_VERSION, .ciphers = ciphers});
    EXPECT_EQ(outcome.refusal, Refusal::kNoSharedCipher) << outcome.detail;
  }
}

TEST_F(ServerContextTest, RefusesRenegotiation) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  const auto context = Load();
  EXPECT_FALSE(CanRenegotiate(*context, device));
  SSL_CTX_clear_options(context->get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_options(context->get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  EXPECT_TRUE(CanRenegotiate(*context, device));  // or the test above says nothing
}

TEST_F(ServerContextTest, TellsWhatIsNoTls) {
  const auto context = Load();
  EXPECT_EQ(ServerOn(*context, "GET / HTTP/1.1\r\n\r\n", false), Refusal::kNotTls);
  EXPECT_EQ(ServerOn(*context, std::string_view("\x10\x0c\0\x04MQTT\x04\2\0\x3c\0\0", 14), false),
            Refusal::kNotTls);
  EXPECT_EQ(ServerOn(*context, std::string(600, '\0'), false), Refusal::kNotTls);
  EXPECT_EQ(ServerOn(*context, std::string(600, '\xff'), false), Refusal::kNotTls);
  EXPECT_EQ(ServerOn(*context, "SSH-2.0-OpenSSH_9.2p1\r\n", false), Refusal::kNotTls);
}

TEST_F(ServerContextTest, TellsAConnectionThatEnded) {
  const auto context = Load();
  EXPECT_EQ(ServerOn(*context, "", true), Refusal::kClosed);
  EXPECT_EQ(ServerOn(*context, std::string_view("\x16\x03\x01\x02\0", 5), true), Refusal::kClosed);
}

TEST_F(ServerContextTest, AHandshakeThatWaitsForMoreIsNotRefused) {
  EXPECT_EQ(ServerOn(*Load(), "\x16\x03\x01", false), Refusal::kNone);
}

TEST_F(ServerContextTest, TellsAPeerThatDoesNotTrustUs) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  const Credential other = MustIssueCa("other CA");
  const HandshakeOutcome outcome = Shake(*Load(), {.credential = &device, .trusts = &other});
  EXPECT_EQ(outcome.refusal, Refusal::kPeerAlert);
  EXPECT_THAT(outcome.detail, HasSubstr("unknown ca"));
}

TEST_F(ServerContextTest, TrustsAnIntermediateByItselfAndNotItsSiblings) {
  CertificateSpec sub = DeviceSpec("line 1 CA");
  sub.use = CertificateSpec::Use::kCa;
  const Credential line1 = MustIssue(sub, &ca_);
  sub.common_names = {"line 2 CA"};
  const Credential line2 = MustIssue(sub, &ca_);
  options_.client_ca = folder_.Write("line1.crt", line1.CertificatePem());
  EXPECT_EQ(ShakeWith(MustIssue(DeviceSpec("press-01"), &line1)).refusal, Refusal::kNone);
  EXPECT_EQ(ShakeWith(MustIssue(DeviceSpec("press-02"), &line2)).refusal, Refusal::kUnknownCa);
}

TEST_F(ServerContextTest, ResumesADeviceThatIsStillAcceptable) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  const auto context = Load();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    const HandshakeOutcome first = Shake(*context, {.credential = &device, .max_version = version});
    ASSERT_NE(first.session, nullptr);
    const HandshakeOutcome second = Shake(
        *context, {.credential = &device, .max_version = version, .session = first.session.get()});
    EXPECT_EQ(second.refusal, Refusal::kNone) << second.detail;
    EXPECT_TRUE(second.resumed);
    EXPECT_EQ(second.identity, "press-01");
  }
}

// The ticket is sound and fresh; the certificate it stands for is not any more.
TEST_F(ServerContextTest, DoesNotResumeOnAnExpiredCertificate) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  const auto context = Load();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    const HandshakeOutcome first = Shake(*context, {.credential = &device, .max_version = version});
    ASSERT_NE(first.session, nullptr);
    // Two days on, as far as verification is concerned.
    X509_VERIFY_PARAM* const store = X509_STORE_get0_param(SSL_CTX_get_cert_store(context->get()));
    X509_VERIFY_PARAM_set_time(store, std::time(nullptr) + 2 * kTestDay);
    const HandshakeOutcome second = Shake(
        *context, {.credential = &device, .max_version = version, .session = first.session.get()});
    EXPECT_EQ(second.refusal, Refusal::kExpired) << second.detail;
    X509_VERIFY_PARAM_set_time(store, std::time(nullptr));
  }
}

TEST_F(ServerContextTest, DoesNotResumeTicketsOfAnotherContext) {
  const Credential device = MustIssue(DeviceSpec("press-01"), &ca_);
  const HandshakeOutcome first = Shake(*Load(), {.credential = &device});
  ASSERT_NE(first.session, nullptr);
  const HandshakeOutcome second =
      Shake(*Load(), {.credential = &device, .session = first.session.get()});
  EXPECT_EQ(second.refusal, Refusal::kNone);
  EXPECT_FALSE(second.resumed);
}

TEST_F(ServerContextTest, DevicesBelowAnUnlistedIntermediateFallBackToAFullHandshake) {
  CertificateSpec sub = DeviceSpec("line 1 CA");
  sub.use = CertificateSpec::Use::kCa;
  const Credential line1 = MustIssue(sub, &ca_);
  const Credential device = MustIssue(DeviceSpec("press-01"), &line1);
  const auto context = Load();
  const HandshakeOutcome first = Shake(*context, {.credential = &device, .intermediate = &line1});
  ASSERT_EQ(first.refusal, Refusal::kNone) << first.detail;
  const HandshakeOutcome second = Shake(
      *context, {.credential = &device, .intermediate = &line1, .session = first.session.get()});
  EXPECT_EQ(second.refusal, Refusal::kNone) << second.detail;
  EXPECT_FALSE(second.resumed);
}

TEST_F(ServerContextTest, SaysWhichFileIsWrongAndHow) {
  const Credential other = MustIssue(DeviceSpec("other"), &ca_);
  CertificateSpec expired = DeviceSpec("gw-01");
  expired.use = CertificateSpec::Use::kServer;
  expired.not_after = std::time(nullptr) - 60;
  const Credential old = MustIssue(expired, &ca_);
  CertificateSpec early = expired;
  early.not_before = std::time(nullptr) + kTestDay;
  early.not_after = std::time(nullptr) + 2 * kTestDay;
  const Credential young = MustIssue(early, &ca_);

  const BioPtr bio(BIO_new(BIO_s_mem()));
  char passphrase[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(bio.get(), other.key.get(), EVP_aes_128_cbc(), passphrase, 6,
                                nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  const std::string encrypted(bytes, static_cast<size_t>(size));

  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  struct {
    std::string ServerOptions::*option;
    std::string value;
    const char* wants;
  } const kCases[] = {
      {&ServerOptions::certificate, folder_ / "none.crt",
       "none.crt: cannot read the certificate: No such file"},
      {&ServerOptions::certificate, folder_.Write("empty.crt", ""),
       "empty.crt: holds no certificate in PEM form"},
      {&ServerOptions::certificate, folder_.Write("broken.crt", broken),
       "broken.crt: certificate 1 cannot be read"},
      {&ServerOptions::certificate, folder_.Write("old.crt", old.CertificatePem()),
       "old.crt: the certificate expired on"},
      {&ServerOptions::certificate, folder_.Write("young.crt", young.CertificatePem()),
       "young.crt: the certificate is not valid before"},
      {&ServerOptions::key, folder_ / "none.key", "none.key: cannot read the key: No such file"},
      {&ServerOptions::key, folder_.Write("empty.key", "x"), "empty.key: holds no private key"},
      {&ServerOptions::key, folder_.Write("encrypted.key", encrypted),
       "encrypted.key: the key is encrypted"},
      {&ServerOptions::key, folder_.Write("other.key", other.KeyPem()),
       "other.key: is not the key of the certificate in"},
      {&ServerOptions::client_ca, folder_ / "none.ca", "none.ca: cannot read the client CA"},
      {&ServerOptions::client_ca, folder_.Write("leaf.crt", other.CertificatePem()),
       "leaf.crt: certificate 1 is not a CA's"},
      {&ServerOptions::client_ca, folder_.Write("half.crt", ca_.CertificatePem() + broken),
       "half.crt: certificate 2 cannot be read"},
      {&ServerOptions::min_version, "1.1", "min_version 1.1: want 1.2 or 1.3"},
  };
  const ServerOptions good = options_;
  for (const auto& c : kCases) {
    options_ = good;
    options_.*c.option = c.value;
    EXPECT_THAT(LoadError(), HasSubstr(c.wants));
    EXPECT_EQ(ERR_peek_error(), 0u) << c.wants;
  }
}

TEST_F(ServerContextTest, KnowsItsLikeByWhatTheFilesHold) {
  const std::shared_ptr<const ServerContext> first = Load();
  EXPECT_TRUE(Load()->SameAs(*first));
  std::filesystem::copy_file(options_.certificate, folder_ / "copy.crt");
  options_.certificate = folder_ / "copy.crt";
  EXPECT_TRUE(Load()->SameAs(*first)) << "the file's name does not matter";

  const Credential other = MustIssueCa("other CA");
  const std::string one_ca = options_.client_ca;
  options_.client_ca = folder_.Write("two.crt", ca_.CertificatePem() + other.CertificatePem());
  EXPECT_FALSE(Load()->SameAs(*first));
  options_.client_ca = one_ca;
  options_.min_version = "1.3";
  EXPECT_FALSE(Load()->SameAs(*first));
  options_.min_version = "1.2";

  CertificateSpec spec = DeviceSpec("gw-01");
  spec.use = CertificateSpec::Use::kServer;
  const Credential renewed = MustIssue(spec, &ca_);
  folder_.Write("copy.crt", renewed.CertificatePem());
  options_.key = folder_.Write("copy.key", renewed.KeyPem());
  EXPECT_FALSE(Load()->SameAs(*first));
}

}  // namespace
}  // namespace sluice::tls
