// Who we are at the far side and how we prove it, asked anew for each connection.
//
// A Login holds secrets: never log one. Sources belong to the output's thread and must not hold it:
// what takes longer than a few milliseconds is begun by Ask() and fetched by Poll().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "gateway/causes/cause.h"
#include "gateway/credentials/hub_identity.h"

namespace sluice::credentials {

struct Login {
  std::string host;  // to dial; its certificate must carry this name
  uint16_t port = 8883;
  std::string client_id;
  std::string user_name;         // empty: none, and no password
  std::string password;          // empty: none
  std::string certificate_file;  // PEM, chain and key; empty: none is shown
  std::string key_file;
  std::string ca_file;  // PEM bundle to trust; empty: the system's

  // The connection is to be replaced by one with a new login after this time. 0: it never ends.
  std::chrono::milliseconds renew_after{0};
  // Made for this very connection: if it is refused, another one may fare better at once.
  bool is_fresh = false;

  HubIdentity identity;  // at IoT Hub; empty for any other broker
  // Where telemetry goes: EventsTopic(identity). Empty for any other broker.
  std::string events_topic;

  // Serves, but somebody should know this; kNone: all is well.
  causes::Finding warning;
};

struct LoginRequest {
  std::chrono::steady_clock::time_point now;
  std::chrono::system_clock::time_point wall;  // which may be wrong
  double draw = 0;                             // from [0, 1), to spread renewals
  bool refused = false;                        // the far side refused the last login
  int failures = 0;                            // attempts to connect in a row that came to nothing
  std::function<void()> ring;                  // from any thread: there is something to poll
};

struct NoLogin {
  causes::Finding finding;
  // When to ask again; nothing: as the cause is usually treated.
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};

using LoginAnswer = std::variant<Login, NoLogin>;

class LoginSource {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~LoginSource() = default;

  // Begins to find a login. What was asked before and is not answered yet is forgotten.
  virtual void Ask(const LoginRequest& request) = 0;
  // The answer, once. Called when rung and at wake() at the latest.
  virtual std::optional<LoginAnswer> Poll(TimePoint now) = 0;
  // When Poll() may have something although nobody rang.
  virtual TimePoint wake() const { return TimePoint::max(); }
};

}  // namespace sluice::credentials
