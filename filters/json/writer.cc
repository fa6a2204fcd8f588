#include "filters/json/writer.h"

#include <charconv>
#include <cmath>

#include "filters/json/scan.h"

namespace sluice::json {
namespace {

void AppendEscape(char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      break;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  const char escape[] = {'\\', 'u', '0', '0', kDigits[(c >> 4) & 0xf], kDigits[c & 0xf]};
  out->append(escape, sizeof escape);
}

}  // namespace

void AppendString(std::string_view text, std::string* out) {
  out->push_back('"');
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const char* const special = FindSpecial(at, end);
    out->append(at, special);
    if (special == end) break;
    AppendEscape(*special, out);
    at = special + 1;
  }
  out->push_back('"');
}

void AppendNumber(double number, std::string* out) {
  if (!std::isfinite(number)) {
    out->append("null");
    return;
  }
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  char text[32];
  const auto result =
      std::to_chars(text, text + sizeof text, number,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  out->append(text, result.ptr);
}

void AppendInteger(int64_t number, std::string* out) {
  char text[24];
  out->append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace sluice::json
