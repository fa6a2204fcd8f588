#include "gateway/credentials/sas.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cassert>
#include <charconv>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "gateway/credentials/text.h"

namespace sluice::credentials {

std::string SasStringToSign(std::string_view resource, int64_t expiry_s) {
  std::string text;
  AppendPercentEncoded(resource, &text);
  return text + "\n" + std::to_string(expiry_s);
}

std::string SasToken(std::string_view resource, std::string_view signature, int64_t expiry_s) {
  std::string token = "SharedAccessSignature sr=";
  AppendPercentEncoded(resource, &token);
  token += "&sig=";
  AppendPercentEncoded(signature, &token);
  return token + "&se=" + std::to_string(expiry_s);
}

std::string MakeSasToken(std::string_view resource, std::string_view key, int64_t expiry_s) {
  const std::string to_sign = SasStringToSign(resource, expiry_s);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_bytes = 0;
  const unsigned char* const made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                         reinterpret_cast<const unsigned char*>(to_sign.data()),
                                         to_sign.size(), digest, &digest_bytes);
  assert(made != nullptr);
  static_cast<void>(made);
  return SasToken(
      resource,
      absl::Base64Escape(std::string(reinterpret_cast<const char*>(digest), digest_bytes)),
      expiry_s);
}

absl::StatusOr<int64_t> SasExpiry(std::string_view token) {
  for (const std::string_view lead : {"&se=", " se="}) {
    const size_t at = token.find(lead);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = token.substr(at + lead.size());
    int64_t expiry = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), expiry);
    const bool whole = end == digits.data() + digits.size() || *end == '&';
    if (error == std::errc() && whole && expiry > 0) return expiry;
  }
  return absl::InvalidArgumentError(
      "SharedAccessSignature has no expiry: want \"&se=\" with seconds since 1970");
}

std::chrono::milliseconds SasRenewalDelay(std::chrono::milliseconds lifetime, double draw) {
  const auto whole = static_cast<double>(lifetime.count());
  return std::chrono::milliseconds(static_cast<int64_t>(whole * (0.80 + 0.05 * draw)));
}

}  // namespace sluice::credentials
