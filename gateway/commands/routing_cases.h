// Cases of the routing language in a file: a condition, a message, what comes out (shape of
// routing-cases.json).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "filters/language/message_view.h"
#include "filters/language/profile.h"

namespace sluice::commands {

// A property as a file has it; `is_null` where its value is JSON's null.
struct CaseProperty {
  std::string name;
  std::string value;
  bool is_null = false;
};

struct RoutingCase {
  std::string id;
  std::string why;
  std::string query;
  std::string value;  // true, false, undefined, or error where the condition must not compile
  std::vector<std::string> profiles;

  std::string body;  // as it is sent
  bool has_content_type = false;
  bool has_content_encoding = false;
  std::string content_type;
  std::string content_encoding;
  std::vector<CaseProperty> properties;
  std::vector<CaseProperty> system_properties;
  std::string twin;  // JSON; empty: not known

  bool IsOf(const std::string& profile) const;
};

absl::StatusOr<std::vector<RoutingCase>> LoadRoutingCases(const std::string& path);

// What the condition comes to, in the words of RoutingCase::value. Extensions are on in the default
// dialect.
std::string JudgeCase(const RoutingCase& routing_case, language::Profile profile);

}  // namespace sluice::commands
