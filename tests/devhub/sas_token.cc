#include "tests/devhub/sas_token.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <vector>

#include "filters/json/base64.h"
#include "tests/devhub/percent.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

absl::Status Bad(const std::string& why) { return absl::InvalidArgumentError("token: " + why); }

// The fields as they stand in the token.
struct RawFields {
  std::string_view sr, sig, se, skn;
};
struct Field {
  std::string_view name;
  std::string_view RawFields::*value;
};
constexpr Field kFields[] = {{"sr", &RawFields::sr},
                             {"sig", &RawFields::sig},
                             {"se", &RawFields::se},
                             {"skn", &RawFields::skn}};

absl::StatusOr<RawFields> CutFields(std::string_view text) {
  RawFields raw;
  for (const std::string_view pair : Split(text, '&')) {
    const size_t equals = pair.find('=');
    const Field* field = nullptr;
    for (const Field& known : kFields) {
      if (equals != pair.npos && pair.substr(0, equals) == known.name) field = &known;
    }
    if (field == nullptr) return Bad("a field other than sr, sig, se and skn");
    std::string_view& value = raw.*field->value;
    if (value.data() != nullptr) return Bad(fmt::format("{} stands there twice", field->name));
    value = pair.substr(equals + 1);
  }
  if (raw.sr.empty() || raw.sig.empty() || raw.se.empty()) return Bad("sr, sig or se is missing");
  return raw;
}

}  // namespace

absl::StatusOr<SasToken> ParseSasToken(std::string_view password) {
  constexpr std::string_view kPrefix = "SharedAccessSignature ";
  if (password.substr(0, kPrefix.size()) != kPrefix)
    return Bad("does not begin with SharedAccessSignature");
  const absl::StatusOr<RawFields> raw = CutFields(password.substr(kPrefix.size()));
  if (!raw.ok()) return raw.status();

  SasToken token;
  token.to_sign = fmt::format("{}\n{}", raw->sr, raw->se);
  if (!PercentDecode(raw->sr, &token.resource) || !PercentDecode(raw->sig, &token.signature) ||
      !PercentDecode(raw->skn, &token.policy)) {
    return Bad("not percent-encoded");
  }
  const char* end = raw->se.data() + raw->se.size();
  const auto [stop, error] = std::from_chars(raw->se.data(), end, token.expiry);
  if (error != std::errc() || stop != end || token.expiry < 0)
    return Bad("se is no number of seconds");
  return token;
}

bool CoversIdentity(const SasToken& token, const Identity& identity, std::string* host) {
  const std::vector<std::string_view> segments = Split(token.resource, '/');
  *host = segments[0];
  const std::string_view wanted[] = {"", "devices", identity.device, "modules", identity.module};
  const size_t wanted_size = identity.module.empty() ? 3 : 5;
  if (segments.size() > wanted_size) return false;
  for (size_t i = 1; i < segments.size(); ++i) {
    // Clients that encode an id once before they encode the whole resource (.NET's module client)
    // are right, too.
    if (segments[i] != wanted[i] && segments[i] != PercentEncode(wanted[i])) return false;
  }
  return true;
}

bool IsSignedBy(const SasToken& token, std::string_view key) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(token.to_sign.data()), token.to_sign.size(),
           digest, &size) == nullptr) {
    return false;
  }
  std::string expected;
  json::AppendBase64({reinterpret_cast<const char*>(digest), size}, &expected);
  return expected.size() == token.signature.size() &&
         CRYPTO_memcmp(expected.data(), token.signature.data(), expected.size()) == 0;
}

}  // namespace sluice::devhub
