#include "tests/devhub/identity.h"

namespace sluice::devhub {

bool IsValidId(std::string_view id) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:.+%_#*?!(),=@;$'";
  return !id.empty() && id.size() <= 128 && id.find_first_not_of(kAllowed) == id.npos;
}

}  // namespace sluice::devhub
