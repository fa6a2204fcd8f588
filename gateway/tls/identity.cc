#include "gateway/tls/identity.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <simdjson.h>

#include <algorithm>

#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

struct OpenSslFree {
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};

Identity Fault(IdentityFault fault) { return {"", fault}; }

Identity Checked(std::string name) {
  const IdentityFault fault = CheckIdentity(name);
  if (fault != IdentityFault::kNone) return Fault(fault);
  return {std::move(name), IdentityFault::kNone};
}

Identity FromCommonName(const X509& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return Fault(IdentityFault::kMissing);
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, index) >= 0) {
    return Fault(IdentityFault::kSeveral);
  }
  const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  unsigned char* bytes = nullptr;  // from whatever string type the CA chose
  const int length = ASN1_STRING_to_UTF8(&bytes, value);
  const std::unique_ptr<unsigned char, OpenSslFree> owner(bytes);
  if (length < 0) return Fault(IdentityFault::kNotUtf8);
  return Checked({reinterpret_cast<const char*>(bytes), static_cast<size_t>(length)});
}

Identity FromAlternativeName(const X509& certificate, int type) {
  int critical = 0;  // -1: absent, -2: more than one such extension
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) {
    return Fault(critical == -1   ? IdentityFault::kMissing
                 : critical == -2 ? IdentityFault::kSeveral
                                  : IdentityFault::kUnreadable);
  }
  const ASN1_IA5STRING* found = nullptr;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != type) continue;
    if (found != nullptr) return Fault(IdentityFault::kSeveral);
    found = name->d.ia5;  // dNSName and uniformResourceIdentifier share the type
  }
  if (found == nullptr) return Fault(IdentityFault::kMissing);
  return Checked({reinterpret_cast<const char*>(ASN1_STRING_get0_data(found)),
                  static_cast<size_t>(ASN1_STRING_length(found))});
}

std::string Thumbprint(const X509& certificate, const EVP_MD* digest) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(&certificate, digest, bytes, &size) != 1) return "";
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text.push_back(kHex[bytes[i] >> 4]);
    text.push_back(kHex[bytes[i] & 15]);
  }
  return text;
}

// C0 and C1 controls and DEL. `text` is UTF-8, where C1 is C2 80 to C2 9F.
bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

}  // namespace

Identity IdentityOf(const X509& certificate, IdentitySource source) {
  switch (source) {
    case IdentitySource::kCommonName:
      return FromCommonName(certificate);
    case IdentitySource::kSanDns:
      return FromAlternativeName(certificate, GEN_DNS);
    case IdentitySource::kSanUri:
      return FromAlternativeName(certificate, GEN_URI);
    case IdentitySource::kThumbprint:
      return Checked(Sha256Thumbprint(certificate));
  }
  return Fault(IdentityFault::kMissing);
}

IdentityFault CheckIdentity(std::string_view name) {
  if (name.empty()) return IdentityFault::kEmpty;
  if (name.size() > kMaxIdentityBytes) return IdentityFault::kTooLong;
  if (!simdjson::validate_utf8(name.data(), name.size())) return IdentityFault::kNotUtf8;
  if (HasControlCharacter(name)) return IdentityFault::kControlCharacter;
  if (name.find_first_of("/+#") != std::string_view::npos)
    return IdentityFault::kForbiddenCharacter;
  return IdentityFault::kNone;
}

std::string_view Describe(IdentityFault fault) {
  switch (fault) {
    case IdentityFault::kNone:
      return "is sound";
    case IdentityFault::kMissing:
      return "is missing";
    case IdentityFault::kSeveral:
      return "stands there more than once";
    case IdentityFault::kEmpty:
      return "is empty";
    case IdentityFault::kTooLong:
      return "is longer than 128 bytes";
    case IdentityFault::kForbiddenCharacter:
      return "has one of / + #";
    case IdentityFault::kControlCharacter:
      return "has a control character";
    case IdentityFault::kNotUtf8:
      return "is not UTF-8";
    case IdentityFault::kUnreadable:
      return "stands in an extension that cannot be read";
  }
  return "";
}

std::string_view Describe(IdentitySource source) {
  switch (source) {
    case IdentitySource::kCommonName:
      return "common name";
    case IdentitySource::kSanDns:
      return "DNS alternative name";
    case IdentitySource::kSanUri:
      return "URI alternative name";
    case IdentitySource::kThumbprint:
      return "thumbprint";
  }
  return "";
}

std::string Sha1Thumbprint(const X509& certificate) { return Thumbprint(certificate, EVP_sha1()); }

std::string Sha256Thumbprint(const X509& certificate) {
  return Thumbprint(certificate, EVP_sha256());
}

}  // namespace sluice::tls
