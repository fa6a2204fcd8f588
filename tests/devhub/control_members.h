// Reads a control command's members and complains about those of the wrong type or of no meaning.
// Includes nlohmann's JSON: include it in .cc files alone.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "tests/devhub/hub_error.h"
#include "tests/devhub/identity.h"

namespace sluice::devhub {

// The answer to a command that failed.
nlohmann::json ControlError(const std::string& why);
nlohmann::json ControlError(const Failure& failure);

int64_t Micros(std::optional<double> amount, double unit_us);

class Members {
 public:
  // The command, an object, must outlive it. "op" and "kind" are known to all.
  explicit Members(const nlohmann::json& command);

  // Absent ones are empty.
  std::string Text(const char* name);
  std::optional<double> Number(const char* name);
  bool Flag(const char* name, bool otherwise);
  const nlohmann::json* Object(const char* name);
  const nlohmann::json* Any(const char* name) { return Find(name); }
  // "device": a device, or a module as "d/m".
  Identity Client(const char* name);
  // "payload", whose text a string is itself and any other value is that JSON, or "payloadBase64".
  std::string Payload();

  // What is wrong, after all members were asked for; empty if nothing is.
  std::string error();
  void Fail(const char* name, const char* want);

 private:
  const nlohmann::json* Find(const char* name);

  const nlohmann::json& command_;
  std::set<std::string> used_;
  std::string error_;
};

}  // namespace sluice::devhub
