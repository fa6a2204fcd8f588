#include "tests/devhub/workload.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "filters/json/base64.h"
#include "gateway/tls/issue.h"
#include "tests/devhub/json_reader.h"
#include "tests/devhub/percent.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kVersions[] = {"2018-06-28", "2019-01-30", "2019-10-22", "2019-11-05",
                                          "2020-07-07", "2021-12-07", "2022-08-03"};
constexpr int64_t kSecond = 1'000'000;

std::string Message(std::string_view text) { return Json({{"message", std::string(text)}}).dump(); }

bool HasVersion(std::string_view query) {
  for (const std::string_view pair : Split(query, '&')) {
    if (!pair.starts_with("api-version=")) continue;
    const std::string_view version = pair.substr(pair.find('=') + 1);
    return std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions);
  }
  return false;
}

std::optional<std::string> DecodeBase64(const std::string& text) {
  std::string bytes(json::MaxDecodedSize(text.size()), '\0');
  const std::optional<size_t> size = json::DecodeBase64(text, bytes.data());
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

// A text member; empty if it is not there.
std::string Member(const Json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string HmacSha256(std::string_view key, std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest, &size);
  return {reinterpret_cast<const char*>(digest), size};
}

bool IsAddress(const std::string& name) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

// 18 digits, as the runtime's look; FNV-1a of the name.
std::string GenerationId(const Identity& identity) {
  uint64_t hash = 14'695'981'039'346'656'037u;
  for (const char c : identity.ClientId()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  }
  return std::to_string(638'000'000'000'000'000 + hash % 1'000'000'000'000'000);
}

std::string Workload::Environment(const Device& module, std::string_view gateway) const {
  return fmt::format(
      "IOTEDGE_WORKLOADURI=unix://{}\nIOTEDGE_DEVICEID={}\nIOTEDGE_MODULEID={}\n"
      "IOTEDGE_MODULEGENERATIONID={}\nIOTEDGE_IOTHUBHOSTNAME={}\nIOTEDGE_GATEWAYHOSTNAME={}\n"
      "IOTEDGE_AUTHSCHEME=sasToken\nIOTEDGE_APIVERSION=2022-08-03\n",
      std::filesystem::absolute(folder_ + "/workload.sock").lexically_normal().string(),
      module.identity.device, module.identity.module, GenerationId(module.identity),
      hub_.registry().host_name(), gateway);
}

std::string Workload::Answer(const HttpRequest& request) {
  const std::optional<int> fault = hub_.faults().OnWorkload(hub_.clock().SteadyMicros());
  const Result result = fault ? Result{*fault, Message("refused by a fault")} : Judge(request);
  return HttpAnswer(result.status, result.json);
}

Workload::Result Workload::Judge(const HttpRequest& request) {
  if (!HasVersion(request.query)) return {400, Message("api-version is missing or not known")};
  // The identities may have been read again meanwhile.
  if (!hub_.registry().is_edge_hub()) return {404, Message("no edge device any more")};
  const bool gets = request.method == "GET";
  if (gets && request.path == "/trust-bundle") return TrustBundle();
  if (gets && request.path == "/manifest-trust-bundle") return {200, R"({"certificate":""})"};
  if (gets && request.path == "/modules") return Modules();
  // /modules/{m}/genid/{g}/{operation}, /modules/{m}/certificate/identity
  const std::vector<std::string_view> parts = Split(request.path, '/');
  std::string module_id;
  if (request.method != "POST" || parts.size() < 5 || parts[1] != "modules" ||
      !PercentDecode(parts[2], &module_id)) {
    return {404, Message("no such operation")};
  }
  const Device* module = hub_.registry().Find({hub_.registry().edge_hub()->device_id, module_id});
  if (module == nullptr || module_id.empty()) return {404, Message("no such module")};
  size_t skip = parts[1].size() + parts[2].size() + 3;
  if (parts[3] == "genid") {
    std::string generation;
    if (!PercentDecode(parts[4], &generation) || generation != GenerationId(module->identity)) {
      return {404, Message("no such generation of the module")};
    }
    skip += parts[3].size() + parts[4].size() + 2;
  }
  return ForModule(request, *module,
                   skip > request.path.size() ? std::string_view() : request.path.substr(skip));
}

Workload::Result Workload::ForModule(const HttpRequest& request, const Device& module,
                                     std::string_view operation) {
  if (operation == "sign") return Sign(module, request.body);
  if (operation == "certificate/server") return Certificate(module, request.body, true);
  if (operation == "certificate/identity") return Certificate(module, request.body, false);
  return {404, Message("no such operation")};
}

Workload::Result Workload::Sign(const Device& module, std::string_view body) const {
  const Json request = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const std::optional<std::string> data = DecodeBase64(Member(request, "data"));
  if (!data || data->empty()) return {400, Message("data is no base64")};
  const std::string key_id = Member(request, "keyId");
  const size_t key = key_id == "secondary" ? 1 : 0;
  if ((key_id != "primary" && key_id != "secondary") || key >= module.keys.size()) {
    return {400, Message("keyId: no such key")};
  }
  if (Member(request, "algo") != "HMACSHA256") return {400, Message("algo: want HMACSHA256")};
  std::string digest;
  json::AppendBase64(HmacSha256(module.keys[key], *data), &digest);
  return {200, Json({{"digest", digest}}).dump()};
}

Workload::Result Workload::Certificate(const Device& module, std::string_view body,
                                       bool is_server) const {
  const Json request = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const std::string name = is_server ? Member(request, "commonName") : module.identity.ClientId();
  if (name.empty()) return {400, Message("commonName is missing")};
  const absl::StatusOr<tls::Credential> ca =
      tls::LoadCredential(folder_ + "/ca.crt", folder_ + "/ca.key");
  if (!ca.ok()) return {500, Message(std::string(ca.status().message()))};
  const int64_t now_s = hub_.clock().UnixMicros() / kSecond;
  tls::CertificateSpec spec;
  spec.use = is_server ? tls::CertificateSpec::Use::kServer : tls::CertificateSpec::Use::kDevice;
  spec.common_names = {name};
  if (is_server) {
    (IsAddress(name) ? spec.addresses : spec.dns_names).push_back(name);
    spec.dns_names.push_back(module.identity.module);
  }
  spec.not_before = now_s - 60;  // clocks differ
  spec.not_after = now_s + static_cast<int64_t>(hub_.registry().edge_hub()->certificate_s);
  const absl::StatusOr<tls::Credential> made = tls::Issue(spec, &*ca);
  if (!made.ok()) return {500, Message(std::string(made.status().message()))};
  const std::string expiration =
      std::string(FormatUtc(spec.not_after * kSecond).text).substr(0, 19) + "+00:00";
  return {201, Json({{"privateKey", {{"type", "key"}, {"bytes", made->KeyPem()}}},
                     {"certificate", made->CertificatePem() + ca->CertificatePem()},
                     {"expiration", expiration}})
                   .dump()};
}

Workload::Result Workload::TrustBundle() const {
  std::string text;
  const absl::Status status = ReadFile(folder_ + "/ca.crt", "", &text);
  if (!status.ok()) return {500, Message("ca.crt cannot be read")};
  return {200, Json({{"certificate", text}}).dump()};
}

Workload::Result Workload::Modules() const {
  Json modules = Json::array();
  for (const Device* module : hub_.registry().EdgeModules()) {
    modules.push_back({{"id", GenerationId(module->identity)},
                       {"name", module->identity.module},
                       {"type", "docker"},
                       {"config", {{"settings", Json::object()}, {"env", Json::array()}}},
                       {"status", {{"runtimeStatus", {{"status", "running"}}}}}});
  }
  return {200, Json({{"modules", modules}}).dump()};
}

}  // namespace sluice::devhub
