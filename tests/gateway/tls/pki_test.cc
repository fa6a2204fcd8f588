// The CA in a folder: what it makes, and what it refuses to make.
#include "gateway/tls/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/gateway/tls/test_pki.h"

namespace sluice::tls {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

class PkiTest : public testing::Test {
 protected:
  PkiTest() : pki_(folder_ / "pki", std::time(nullptr)) {}

  void Init() { ASSERT_EQ(pki_.Init("test CA"), absl::OkStatus()); }

  mode_t ModeOf(const std::string& file) const {
    struct stat status {};
    EXPECT_EQ(stat(pki_.path(file).c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  }
  X509CrlPtr Crl() const {
    const BioPtr bio(BIO_new_file(pki_.path("ca.crl").c_str(), "r"));
    return X509CrlPtr(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  }
  static std::string Message(const absl::Status& status) { return std::string(status.message()); }

  TestFolder folder_;
  Pki pki_;
};

TEST_F(PkiTest, InitMakesACaThatIsOne) {
  Init();
  absl::StatusOr<Credential> ca = LoadCredential(pki_.path("ca.crt"), pki_.path("ca.key"));
  ASSERT_TRUE(ca.ok()) << ca.status();
  EXPECT_EQ(X509_check_ca(ca->certificate.get()), 1);
  EXPECT_EQ(X509_get_key_usage(ca->certificate.get()), uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
  EXPECT_EQ(ModeOf("ca.key"), 0600u);
  EXPECT_EQ(ModeOf("ca.crt"), 0644u);
  EXPECT_EQ(X509_CRL_verify(Crl().get(), ca->key.get()), 1);
}

TEST_F(PkiTest, InitRefusesToReplaceACa) {
  Init();
  EXPECT_THAT(Message(pki_.Init("another")), HasSubstr("there is a CA already"));
}

TEST_F(PkiTest, ServerAnswersToAllItsHosts) {
  Init();
  ASSERT_EQ(pki_.AddServer({"gw-01.plant", "127.0.0.1", "::1"}), absl::OkStatus());
  EXPECT_EQ(ModeOf("server.key"), 0600u);
  absl::StatusOr<Credential> server =
      LoadCredential(pki_.path("server.crt"), pki_.path("server.key"));
  ASSERT_TRUE(server.ok()) << server.status();
  X509* const certificate = server->certificate.get();
  EXPECT_EQ(X509_check_host(certificate, "gw-01.plant", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate, "gw-02.plant", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_get_extended_key_usage(certificate), uint32_t{XKU_SSL_SERVER});
  ASSERT_EQ(pki_.AddServer({"gw-02.plant"}),
            absl::OkStatus());  // hosts change: a new one replaces it
}

TEST_F(PkiTest, ServerRefusesWhatIsNoHost) {
  Init();
  EXPECT_THAT(Message(pki_.AddServer({})), HasSubstr("needs a host name"));
  for (const std::string& host : {"a b"s, "a,DNS:b"s, "-x"s, "a/b"s, ""s, "a\0b"s}) {
    EXPECT_THAT(Message(pki_.AddServer({host})), HasSubstr("is no host name")) << host;
  }
}

TEST_F(PkiTest, DeviceConnectsToServer) {
  Init();
  ASSERT_EQ(pki_.AddServer({"127.0.0.1"}), absl::OkStatus());
  absl::StatusOr<Credential> device = pki_.AddDevice("press-01");
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(ModeOf("press-01.key"), 0600u);
  absl::StatusOr<Credential> ca = LoadCredential(pki_.path("ca.crt"), pki_.path("ca.key"));
  ASSERT_TRUE(ca.ok());
  const auto context = ServerContext::Load(
      {pki_.path("server.crt"), pki_.path("server.key"), pki_.path("ca.crt"), "1.2"});
  ASSERT_TRUE(context.ok()) << context.status();
  const HandshakeOutcome outcome = Shake(**context, {.credential = &*device, .trusts = &*ca});
  EXPECT_EQ(outcome.refusal, Refusal::kNone) << outcome.detail;
  EXPECT_EQ(outcome.identity, "press-01");
}

TEST_F(PkiTest, DeviceRefusesNamesThatAreTakenOrTricks) {
  Init();
  ASSERT_TRUE(pki_.AddDevice("press-01").ok());
  EXPECT_THAT(Message(pki_.AddDevice("press-01").status()), HasSubstr("is there already"));
  for (const std::string& name : {"ca"s, "server"s, "../x"s, "a/b"s, ".hidden"s, ".."s, ""s,
                                  "a\0b"s, "a\\b"s, "+"s, std::string(65, 'x'), "a\xff"s}) {
    const absl::Status status = pki_.AddDevice(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << testing::PrintToString(name) << status;
  }
  EXPECT_TRUE(pki_.AddDevice(std::string(64, 'x')).ok());
}

TEST_F(PkiTest, SaysWhereACaComesFrom) {
  EXPECT_THAT(Message(pki_.AddDevice("press-01").status()), HasSubstr("sluice pki init"));
}

TEST_F(PkiTest, DoesNotFollowALinkInPlaceOfAKey) {
  Init();
  const std::string target = folder_.Write("target", "precious");
  std::filesystem::create_symlink(target, pki_.path("press-01.key"));
  EXPECT_FALSE(pki_.AddDevice("press-01").ok());
  std::ifstream file(target);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "precious");
}

TEST_F(PkiTest, SerialsDiffer) {
  Init();
  const absl::StatusOr<Credential> a = pki_.AddDevice("a");
  const absl::StatusOr<Credential> b = pki_.AddDevice("b");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(a->certificate.get()),
                             X509_get0_serialNumber(b->certificate.get())),
            0);
}

TEST_F(PkiTest, RevokeListsACertificateAndKeepsTheEarlierOnes) {
  Init();
  const absl::StatusOr<Credential> a = pki_.AddDevice("a");
  const absl::StatusOr<Credential> b = pki_.AddDevice("b");
  const absl::StatusOr<Credential> c = pki_.AddDevice("c");
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  ASSERT_EQ(pki_.Revoke("a"), absl::OkStatus());
  ASSERT_EQ(pki_.Revoke("b"), absl::OkStatus());
  const X509CrlPtr crl = Crl();
  const auto is_listed = [&](const Credential& credential) {
    X509_REVOKED* entry = nullptr;
    return X509_CRL_get0_by_cert(crl.get(), &entry, credential.certificate.get()) == 1;
  };
  EXPECT_TRUE(is_listed(*a));
  EXPECT_TRUE(is_listed(*b));
  EXPECT_FALSE(is_listed(*c));
  const std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
  EXPECT_EQ(ASN1_INTEGER_get(number.get()), 3);
  EXPECT_THAT(Message(pki_.Revoke("a")), HasSubstr("is revoked already"));
  EXPECT_THAT(Message(pki_.Revoke("d")), HasSubstr("no certificate"));
  EXPECT_FALSE(pki_.Revoke("../pki/c").ok());
}

TEST_F(PkiTest, LeavesNoErrorsBehind) {
  Init();
  EXPECT_FALSE(pki_.Init("again").ok());
  EXPECT_FALSE(pki_.Revoke("nobody").ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace sluice::tls
