// Who is on a connection: one device, or one module of a device (sheet, section 1).
#pragma once

#include <string>
#include <string_view>

namespace sluice::devhub {

struct Identity {
  std::string device;
  std::string module;  // empty: the device itself

  // What CONNECT must carry as client id, and a CA-signed certificate as CN: `d`, or `d/m`
  // (sections 3 and 5).
  std::string ClientId() const { return module.empty() ? device : device + "/" + module; }

  friend bool operator==(const Identity&, const Identity&) = default;
};

// 1 to 128 characters out of A-Za-z0-9 and - : . + % _ # * ? ! ( ) , = @ ; $ ' (section 3). A
// message id obeys the same rule (section 6).
bool IsValidId(std::string_view id);

}  // namespace sluice::devhub
