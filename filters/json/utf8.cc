#include "filters/json/utf8.h"

#include <simdjson.h>

namespace sluice::json {

bool IsUtf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

}  // namespace sluice::json
