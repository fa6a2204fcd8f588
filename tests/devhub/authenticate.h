// Who may connect: the hub's decision when CONNECT arrives (sheet, sections 3 to 5).
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "gateway/mqtt/connect.h"
#include "tests/devhub/hub_error.h"
#include "tests/devhub/identity.h"
#include "tests/devhub/registry.h"

namespace sluice::devhub {

// What the handshake showed of the client's certificate. Its key has been proved and it was in its
// time.
struct PeerCertificate {
  bool present = false;
  std::string common_name;
  std::string sha1;  // of the DER leaf, lower-case hexadecimal
  std::string sha256;
  bool chains_to_ca = false;  // to a certificate of ca.crt, root or intermediate
};

struct Admission {
  Identity identity;
  std::string auth_method;  // JSON text, stamped as connectionAuthMethod
  std::string model_id;
  int64_t token_expiry = 0;  // seconds since 1970; 0: nothing that expires
};

struct Refusal {
  mqtt::Reason connack;  // one of those that MQTT 3.1.1 can say
  HubError error;
  std::string detail;
};

std::variant<Admission, Refusal> Authenticate(const Registry& registry,
                                              const mqtt::ConnectView& connect,
                                              const PeerCertificate& peer, int64_t now_s);

}  // namespace sluice::devhub
