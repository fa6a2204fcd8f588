// sluice pki: a CA in a folder, its server, its devices.
#include "gateway/tls/pki.h"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>

#include "gateway/commands/commands.h"
#include "gateway/tls/identity.h"

namespace sluice::commands {
namespace {

tls::Pki Open(const std::string& dir) { return {dir, std::time(nullptr)}; }

int Report(const absl::Status& status) {
  fmt::print(stderr, "sluice pki: {}\n", std::string(status.message()));
  return kExitNo;
}

std::string ExpiryOf(const X509& certificate) {
  tm expiry{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &expiry) != 1) return "?";
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &expiry)};
}

}  // namespace

int PkiInit(const PkiInitOptions& options) {
  const tls::Pki pki = Open(options.dir);
  if (absl::Status status = pki.Init(options.ca_name); !status.ok()) return Report(status);
  fmt::print("{}: CA '{}' made, for trials: its key is in {} and in nobody else's hands\n",
             pki.path("ca.crt"), options.ca_name, pki.path("ca.key"));
  return kExitFine;
}

int PkiServer(const PkiServerOptions& options) {
  const tls::Pki pki = Open(options.dir);
  std::error_code error;
  const bool replaces = std::filesystem::exists(pki.path("server.crt"), error);
  if (absl::Status status = pki.AddServer(options.hosts); !status.ok()) return Report(status);
  fmt::print("{}: certificate for {}{}\n", pki.path("server.crt"), fmt::join(options.hosts, ", "),
             replaces ? ", in place of the one before" : "");
  return kExitFine;
}

int PkiDevice(const PkiDeviceOptions& options) {
  const tls::Pki pki = Open(options.dir);
  int exit_code = kExitFine;
  for (const std::string& name : options.names) {
    const absl::StatusOr<tls::Credential> device = pki.AddDevice(name);
    if (!device.ok()) {
      exit_code = Report(device.status());
      continue;
    }
    const X509& certificate = *device->certificate;
    fmt::print("{}: certificate until {}\n  SHA-1    {}\n  SHA-256  {}\n", pki.path(name + ".crt"),
               ExpiryOf(certificate), tls::Sha1Thumbprint(certificate),
               tls::Sha256Thumbprint(certificate));
  }
  return exit_code;
}

int PkiRevoke(const PkiRevokeOptions& options) {
  const tls::Pki pki = Open(options.dir);
  if (absl::Status status = pki.Revoke(options.name); !status.ok()) return Report(status);
  fmt::print("{}: {} added\n", pki.path("ca.crl"), options.name);
  fmt::print(stderr,
             "sluice pki: `sluice run` reads no revocation lists yet: it still lets {} in\n",
             options.name);
  return kExitFine;
}

}  // namespace sluice::commands
