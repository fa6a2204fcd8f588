#include "gateway/credentials/build_info.h"

namespace sluice::credentials {

std::string_view Product() { return "sluice/" SLUICE_VERSION; }

std::chrono::system_clock::time_point BuildTime() {
  return std::chrono::system_clock::time_point(std::chrono::seconds(SLUICE_BUILD_TIME));
}

}  // namespace sluice::credentials
