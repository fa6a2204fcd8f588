// Identities: which names a certificate may give, and which it may not.
#include "gateway/tls/identity.h"

#include <gtest/gtest.h>

#include "tests/gateway/tls/test_pki.h"

namespace sluice::tls {
namespace {

using Fault = IdentityFault;
using namespace std::string_literals;

TEST(CheckIdentityTest, AcceptsAndRefuses) {
  struct {
    std::string name;
    Fault fault;
  } const kCases[] = {
      {"press-01", Fault::kNone},
      {"Kältemaschine 3", Fault::kNone},
      {"*", Fault::kNone},
      {"", Fault::kEmpty},
      {std::string(128, 'x'), Fault::kNone},
      {std::string(129, 'x'), Fault::kTooLong},
      {"a/b", Fault::kForbiddenCharacter},
      {"+", Fault::kForbiddenCharacter},
      {"a#", Fault::kForbiddenCharacter},
      {"a\0b"s, Fault::kControlCharacter},
      {"a\n", Fault::kControlCharacter},
      {"a\x7f", Fault::kControlCharacter},
      {"a\xc2\x85z", Fault::kControlCharacter},  // C1: NEL
      {"a\xc2\xa0z", Fault::kNone},              // a no-break space is none
      {"a\xff", Fault::kNotUtf8},
      {"a\xc0\x80", Fault::kNotUtf8},      // overlong NUL
      {"a\xed\xa0\x80", Fault::kNotUtf8},  // surrogate
      {"a\xe2\x82", Fault::kNotUtf8},      // cut off
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::PrintToString(c.name));
    EXPECT_EQ(CheckIdentity(c.name), c.fault);
  }
}

TEST(IdentityOfTest, ReadsTheNameAsked) {
  CertificateSpec spec = DeviceSpec("press-01");
  spec.dns_names = {"press-01.plant"};
  spec.uris = {"urn:plant:press-01"};
  const Credential device = MustIssue(spec, nullptr);
  EXPECT_EQ(IdentityOf(*device.certificate, IdentitySource::kCommonName).name, "press-01");
  EXPECT_EQ(IdentityOf(*device.certificate, IdentitySource::kSanDns).name, "press-01.plant");
  EXPECT_EQ(IdentityOf(*device.certificate, IdentitySource::kSanUri).name, "urn:plant:press-01");
  const Identity thumbprint = IdentityOf(*device.certificate, IdentitySource::kThumbprint);
  EXPECT_TRUE(thumbprint.ok());
  EXPECT_EQ(thumbprint.name, Sha256Thumbprint(*device.certificate));
  EXPECT_EQ(thumbprint.name.size(), 64u);
}

TEST(IdentityOfTest, RefusesForgedNames) {
  struct {
    const char* what;
    std::vector<std::string> names;
    Fault fault;
  } const kCases[] = {
      {"none", {}, Fault::kMissing},
      {"two", {"press-01", "press-02"}, Fault::kSeveral},
      {"the same twice", {"press-01", "press-01"}, Fault::kSeveral},
      {"empty", {""}, Fault::kEmpty},
      {"NUL inside", {"press-01\0.evil"s}, Fault::kControlCharacter},
      {"NUL at the end", {"press-01\0"s}, Fault::kControlCharacter},
      {"slash", {"a/b"}, Fault::kForbiddenCharacter},
      {"wildcard", {"+"}, Fault::kForbiddenCharacter},
      {"long", {std::string(129, 'x')}, Fault::kTooLong},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    CertificateSpec spec = DeviceSpec("");
    spec.common_names = c.names;
    spec.dns_names = c.names;
    spec.uris = c.names;
    const Credential device = MustIssue(spec, nullptr);
    for (const IdentitySource source :
         {IdentitySource::kCommonName, IdentitySource::kSanDns, IdentitySource::kSanUri}) {
      const Identity identity = IdentityOf(*device.certificate, source);
      EXPECT_EQ(identity.fault, c.fault) << Describe(source);
      EXPECT_EQ(identity.name, "");
    }
  }
}

// OpenSSL itself reads no certificate whose common name is not UTF-8; alternative names it leaves
// as they are.
TEST(IdentityOfTest, RefusesAlternativeNamesThatAreNotUtf8) {
  CertificateSpec spec = DeviceSpec("press-01");
  spec.dns_names = {"a\xff"};
  const Credential device = MustIssue(spec, nullptr);
  EXPECT_EQ(IdentityOf(*device.certificate, IdentitySource::kSanDns).fault, Fault::kNotUtf8);
}

TEST(ThumbprintTest, IsTheDigestOfTheDer) {
  const Credential device = MustIssue(DeviceSpec("press-01"), nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_X509(device.certificate.get(), &der);
  unsigned char digest[EVP_MAX_MD_SIZE];
  for (const bool sha256 : {true, false}) {
    unsigned int length = 0;
    EVP_Digest(der, static_cast<size_t>(size), digest, &length, sha256 ? EVP_sha256() : EVP_sha1(),
               nullptr);
    std::string hex;
    char pair[3];
    for (unsigned int i = 0; i < length; ++i)
      hex += (snprintf(pair, sizeof pair, "%02x", digest[i]), pair);
    EXPECT_EQ(sha256 ? Sha256Thumbprint(*device.certificate) : Sha1Thumbprint(*device.certificate),
              hex);
  }
  OPENSSL_free(der);
}

}  // namespace
}  // namespace sluice::tls
