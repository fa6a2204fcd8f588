#include "edge/workload_client.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "filters/json/base64.h"
#include "filters/utc/rfc3339.h"
#include "gateway/credentials/text.h"
#include "gateway/tls/pem.h"

namespace sluice::edge {
namespace {

using Json = nlohmann::json;

// The oldest that has all three operations: every runtime knows it.
constexpr char kVersion[] = "?api-version=2018-06-28";
constexpr size_t kMaxMessageBytes = 200;
constexpr size_t kDigestBytes = 32;  // of SHA-256

// Members of an answer; anything else in it is none of our concern.
const Json* Find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> Text(const Json& object, const char* name) {
  const Json* const found = Find(object, name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::string> DecodeBase64(const std::string& text) {
  std::string bytes(json::MaxDecodedSize(text.size()), '\0');
  const std::optional<size_t> size = json::DecodeBase64(text, bytes.data());
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

// The description says base64, the service sends PEM as it is.
std::optional<std::string> PemText(std::optional<std::string> text) {
  if (!text || text->starts_with("-----BEGIN")) return text;
  return DecodeBase64(*text);
}

// What it says of an error, as far as it is text of a bearable length.
std::string MessageOf(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const std::string message = Text(json, "message").value_or("");
  return message.size() <= kMaxMessageBytes ? message : message.substr(0, kMaxMessageBytes) + "...";
}

absl::Status ErrorOf(const HttpResponse& response) {
  const std::string said = fmt::format("{} {}", response.status, MessageOf(response.body));
  switch (response.status) {
    case 403:
      return absl::PermissionDeniedError(
          said + "; only a process of the module's own container is served");
    case 404:
      return absl::NotFoundError(
          said + "; the module's identity was made anew, or was removed: restart the module");
    default:
      return response.status >= 500 ? absl::UnavailableError(said) : absl::InternalError(said);
  }
}

absl::Status In(const HttpRequest& request, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("workload API, {}: {}",
                                                 request.target.substr(0, request.target.find('?')),
                                                 std::string(status.message())));
}

absl::Status Unusable(const HttpRequest& request, const std::string& why) {
  return In(request, absl::DataLossError("its answer " + why));
}

}  // namespace

WorkloadClient::WorkloadClient(std::string module_id, std::string generation_id,
                               Transport& transport)
    : module_path_([&] {
        std::string path = "/modules/";
        credentials::AppendPercentEncoded(module_id, &path);
        path += "/genid/";
        credentials::AppendPercentEncoded(generation_id, &path);
        return path + "/";
      }()),
      transport_(transport) {}

absl::StatusOr<std::string> WorkloadClient::Ask(const HttpRequest& request, int expected_status) {
  absl::StatusOr<HttpResponse> response = transport_.Exchange(request);
  if (!response.ok()) return In(request, response.status());
  if (response->status != expected_status) return In(request, ErrorOf(*response));
  return std::move(response->body);
}

absl::StatusOr<std::string> WorkloadClient::Sign(std::string_view data) {
  HttpRequest request{"POST", module_path_ + "sign" + kVersion, ""};
  request.body = R"({"keyId":"primary","algo":"HMACSHA256","data":")";
  json::AppendBase64(data, &request.body);
  request.body += "\"}";
  const absl::StatusOr<std::string> body = Ask(request, 200);
  if (!body.ok()) return body.status();
  std::optional<std::string> digest =
      Text(Json::parse(*body, nullptr, /*allow_exceptions=*/false), "digest");
  const std::optional<std::string> bytes = digest ? DecodeBase64(*digest) : std::nullopt;
  if (!bytes || bytes->size() != kDigestBytes)
    return Unusable(request, "has no digest of HMAC-SHA256");
  return *std::move(digest);
}

absl::StatusOr<std::string> WorkloadClient::TrustBundle() {
  const HttpRequest request{"GET", std::string("/trust-bundle") + kVersion, ""};
  const absl::StatusOr<std::string> body = Ask(request, 200);
  if (!body.ok()) return body.status();
  std::optional<std::string> bundle =
      PemText(Text(Json::parse(*body, nullptr, /*allow_exceptions=*/false), "certificate"));
  if (!bundle || bundle->empty()) return Unusable(request, "has no certificate");
  const auto certificates = tls::ReadCertificates({"the trust bundle", *bundle}, "trust bundle");
  if (!certificates.ok()) return In(request, certificates.status());
  return *std::move(bundle);
}

absl::StatusOr<ServerCertificate> WorkloadClient::IssueServerCertificate(
    std::string_view common_name, int64_t until) {
  std::string expiration;
  utc::AppendRfc3339(until * 1'000'000, &expiration);
  const HttpRequest request{
      "POST", module_path_ + "certificate/server" + kVersion,
      Json({{"commonName", std::string(common_name)}, {"expiration", expiration}}).dump()};
  const absl::StatusOr<std::string> body = Ask(request, 201);
  if (!body.ok()) return body.status();
  const Json answer = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
  const Json* const private_key = Find(answer, "privateKey");
  if (private_key == nullptr || Text(*private_key, "type") != "key")
    return Unusable(request, "has no privateKey of type key");
  ServerCertificate made;
  made.key = PemText(Text(*private_key, "bytes")).value_or("");
  made.chain = PemText(Text(answer, "certificate")).value_or("");
  const auto key = tls::ReadKey({"its privateKey", made.key});
  if (!key.ok()) return In(request, key.status());
  const auto chain = tls::ReadCertificates({"its certificate", made.chain}, "certificate");
  if (!chain.ok()) return In(request, chain.status());
  if (X509_check_private_key(chain->front().get(), key->get()) != 1)
    return Unusable(request, "has a key that is not the certificate's");
  made.not_after = tls::NotAfter(*chain->front());
  return made;
}

}  // namespace sluice::edge
