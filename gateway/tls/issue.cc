#include "gateway/tls/issue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/tls/openssl_error.h"

namespace sluice::tls {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Freed<GENERAL_NAME_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, Freed<X509_REVOKED_free>>;

constexpr int64_t kCrlSeconds = int64_t{365} * 24 * 3600;

absl::Status Failed(std::string_view what) {
  return absl::InternalError(fmt::format("{}: {}", what, TakeOpenSslError()));
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// 127 random bits, never zero and never negative.
bool SetSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7F) | 0x40);
  const BignumPtr number(BN_bin2bn(bytes, sizeof bytes, nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// The type is given rather than guessed: so nothing is checked or converted.
bool SetSubject(X509* certificate, const std::vector<std::string>& common_names) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  for (const std::string& name : common_names) {
    if (X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING, Bytes(name),
                                   static_cast<int>(name.size()), -1, 0) != 1) {
      return false;
    }
  }
  return true;
}

bool SetValidity(X509* certificate, int64_t not_before, int64_t not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), not_before) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), not_after) != nullptr;
}

bool AddName(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GeneralNamePtr name(GENERAL_NAME_new());
  if (name == nullptr || value == nullptr) return false;
  GENERAL_NAME_set0_value(name.get(), type, value);
  return sk_GENERAL_NAME_push(names, name.get()) > 0 && name.release() != nullptr;
}

bool AddText(GENERAL_NAMES* names, int type, const std::string& text) {
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  if (value == nullptr) return false;
  ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
  return AddName(names, type, value);
}

bool AddAlternativeNames(X509* certificate, const CertificateSpec& spec) {
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  if (names == nullptr) return false;
  for (const std::string& dns : spec.dns_names) {
    if (!AddText(names.get(), GEN_DNS, dns)) return false;
  }
  for (const std::string& uri : spec.uris) {
    if (!AddText(names.get(), GEN_URI, uri)) return false;
  }
  for (const std::string& address : spec.addresses) {
    if (!AddName(names.get(), GEN_IPADD, a2i_IPADDRESS(address.c_str()))) return false;
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) return true;
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
         1;
}

struct ExtensionText {
  int nid;
  const char* value;
};
constexpr ExtensionText kCaExtensions[] = {{NID_basic_constraints, "critical,CA:TRUE"},
                                           {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                           {NID_subject_key_identifier, "hash"}};
constexpr ExtensionText kServerExtensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                               {NID_key_usage, "critical,digitalSignature"},
                                               {NID_ext_key_usage, "serverAuth"},
                                               {NID_subject_key_identifier, "hash"},
                                               {NID_authority_key_identifier, "keyid"}};
constexpr ExtensionText kDeviceExtensions[] = {{NID_basic_constraints, "critical,CA:FALSE"},
                                               {NID_key_usage, "critical,digitalSignature"},
                                               {NID_ext_key_usage, "clientAuth"},
                                               {NID_subject_key_identifier, "hash"},
                                               {NID_authority_key_identifier, "keyid"}};

template <size_t kCount>
bool AddExtensions(X509* certificate, X509* issuer, const ExtensionText (&extensions)[kCount]) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const ExtensionText& extension : extensions) {
    const ExtensionPtr made(X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value));
    if (made == nullptr || X509_add_ext(certificate, made.get(), -1) != 1) return false;
  }
  return true;
}

bool AddExtensionsFor(CertificateSpec::Use use, X509* certificate, X509* issuer) {
  switch (use) {
    case CertificateSpec::Use::kCa:
      return AddExtensions(certificate, issuer, kCaExtensions);
    case CertificateSpec::Use::kServer:
      return AddExtensions(certificate, issuer, kServerExtensions);
    case CertificateSpec::Use::kDevice:
      return AddExtensions(certificate, issuer, kDeviceExtensions);
  }
  return false;
}

std::string PemOf(const auto& write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || write(bio.get()) != 1) return "";
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

// The number of the list, one more than the previous one's.
bool SetCrlNumber(X509_CRL* crl, const X509_CRL* previous) {
  IntegerPtr number;
  if (previous != nullptr) {
    number.reset(static_cast<ASN1_INTEGER*>(
        X509_CRL_get_ext_d2i(previous, NID_crl_number, nullptr, nullptr)));
  }
  const BignumPtr value(number != nullptr ? ASN1_INTEGER_to_BN(number.get(), nullptr) : BN_new());
  if (value == nullptr || BN_add_word(value.get(), 1) != 1) return false;
  number.reset(BN_to_ASN1_INTEGER(value.get(), nullptr));
  return number != nullptr &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool AddRevoked(X509_CRL* crl, const ASN1_INTEGER* serial, const ASN1_TIME* when) {
  RevokedPtr entry(X509_REVOKED_new());
  if (entry == nullptr ||
      X509_REVOKED_set_serialNumber(entry.get(), const_cast<ASN1_INTEGER*>(serial)) != 1 ||
      X509_REVOKED_set_revocationDate(entry.get(), const_cast<ASN1_TIME*>(when)) != 1) {
    return false;
  }
  return X509_CRL_add0_revoked(crl, entry.get()) == 1 && entry.release() != nullptr;
}

bool CopyRevoked(X509_CRL* crl, const X509_CRL* previous) {
  auto* const entries =
      previous == nullptr ? nullptr : X509_CRL_get_REVOKED(const_cast<X509_CRL*>(previous));
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    const X509_REVOKED* const entry = sk_X509_REVOKED_value(entries, i);
    if (!AddRevoked(crl, X509_REVOKED_get0_serialNumber(entry),
                    X509_REVOKED_get0_revocationDate(entry))) {
      return false;
    }
  }
  return true;
}

// Creates `path`; never follows or replaces what is there.
absl::Status WriteNew(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) {
    const std::string message = fmt::format("{}: cannot be made: {}", path, std::strerror(errno));
    return errno == EEXIST ? absl::AlreadyExistsError(message)
                           : absl::PermissionDeniedError(message);
  }
  size_t written = 0;
  int error = fchmod(fd, mode) == 0 ? 0 : errno;  // whatever the umask
  while (error == 0 && written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count > 0) written += static_cast<size_t>(count);
    if (count < 0 && errno != EINTR) error = errno;
  }
  if (close(fd) != 0 && error == 0) error = errno;
  if (error == 0) return absl::OkStatus();
  unlink(path.c_str());
  return absl::ResourceExhaustedError(
      fmt::format("{}: cannot be written: {}", path, std::strerror(error)));
}

}  // namespace

std::string Credential::CertificatePem() const {
  return PemOf([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string Credential::KeyPem() const {
  return PemOf([this](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

absl::StatusOr<Credential> Issue(const CertificateSpec& spec, const Credential* issuer) {
  ERR_clear_error();
  Credential made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* const certificate = made.certificate.get();
  if (made.key == nullptr || certificate == nullptr) return Failed("cannot make a key");
  X509* const issuing = issuer == nullptr ? certificate : issuer->certificate.get();
  EVP_PKEY* const signing = issuer == nullptr ? made.key.get() : issuer->key.get();
  const bool filled = X509_set_version(certificate, X509_VERSION_3) == 1 &&
                      SetSerial(certificate) && SetSubject(certificate, spec.common_names) &&
                      X509_set_issuer_name(certificate, X509_get_subject_name(issuing)) == 1 &&
                      SetValidity(certificate, spec.not_before, spec.not_after) &&
                      X509_set_pubkey(certificate, made.key.get()) == 1 &&
                      AddExtensionsFor(spec.use, certificate, issuing) &&
                      AddAlternativeNames(certificate, spec);
  if (!filled) return Failed("cannot fill in the certificate");
  if (X509_sign(certificate, signing, EVP_sha256()) == 0)
    return Failed("cannot sign the certificate");
  return made;
}

absl::StatusOr<X509CrlPtr> IssueCrl(const Credential& issuer, const X509_CRL* previous,
                                    const X509* also, int64_t now) {
  ERR_clear_error();
  X509CrlPtr crl(X509_CRL_new());
  const TimePtr issued(ASN1_TIME_set(nullptr, now));
  const TimePtr next(ASN1_TIME_set(nullptr, now + kCrlSeconds));
  if (crl == nullptr || issued == nullptr || next == nullptr) return Failed("cannot make a CRL");
  const bool filled =
      X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
      X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get())) == 1 &&
      X509_CRL_set1_lastUpdate(crl.get(), issued.get()) == 1 &&
      X509_CRL_set1_nextUpdate(crl.get(), next.get()) == 1 && CopyRevoked(crl.get(), previous) &&
      (also == nullptr || AddRevoked(crl.get(), X509_get0_serialNumber(also), issued.get())) &&
      SetCrlNumber(crl.get(), previous) && X509_CRL_sort(crl.get()) == 1;
  if (!filled) return Failed("cannot fill in the CRL");
  if (X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256()) == 0)
    return Failed("cannot sign the CRL");
  return crl;
}

absl::StatusOr<Credential> LoadCredential(const std::string& certificate_file,
                                          const std::string& key_file) {
  ERR_clear_error();
  Credential loaded;
  const BioPtr certificate(BIO_new_file(certificate_file.c_str(), "r"));
  if (certificate != nullptr) {
    loaded.certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
  }
  if (loaded.certificate == nullptr) {
    return absl::NotFoundError(
        fmt::format("{}: no certificate: {}", certificate_file, TakeOpenSslError()));
  }
  const BioPtr key(BIO_new_file(key_file.c_str(), "r"));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  if (key != nullptr)
    loaded.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_passphrase, nullptr));
  if (loaded.key == nullptr) {
    return absl::NotFoundError(fmt::format("{}: no key: {}", key_file, TakeOpenSslError()));
  }
  if (X509_check_private_key(loaded.certificate.get(), loaded.key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("{}: is not the key of {}", key_file, certificate_file));
  }
  return loaded;
}

absl::Status WriteCredential(const Credential& credential, const std::string& certificate_file,
                             const std::string& key_file) {
  if (absl::Status status = WriteNew(key_file, credential.KeyPem(), 0600); !status.ok())
    return status;
  absl::Status status = WriteNew(certificate_file, credential.CertificatePem(), 0644);
  if (!status.ok()) unlink(key_file.c_str());
  return status;
}

}  // namespace sluice::tls
