#include "tests/devhub/http_request.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

constexpr size_t kMostHeadBytes = 16 << 10;
constexpr size_t kMostBodyBytes = 256 << 10;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool ReadRequestLine(std::string_view line, HttpRequest* request) {
  const std::vector<std::string_view> parts = Split(line, ' ');
  if (parts.size() != 3 || parts[0].empty() || !parts[1].starts_with('/')) return false;
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") return false;
  const size_t question = parts[1].find('?');
  request->method = parts[0];
  request->path = parts[1].substr(0, question);
  request->query =
      question == std::string_view::npos ? std::string_view() : parts[1].substr(question + 1);
  request->closes = parts[2] == "HTTP/1.0";
  return true;
}

// False for what is not understood: a length that is none, a body of another encoding.
bool ReadHeader(std::string_view line, HttpRequest* request, size_t* body_size) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (EqualsIgnoringCase(name, "transfer-encoding")) return false;
  if (EqualsIgnoringCase(name, "connection")) {
    request->closes = request->closes || EqualsIgnoringCase(value, "close");
  }
  if (!EqualsIgnoringCase(name, "content-length")) return true;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *body_size);
  return error == std::errc() && end == value.data() + value.size() && *body_size <= kMostBodyBytes;
}

std::string_view Phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

size_t ParseHttp(std::string_view input, HttpRequest* request) {
  const size_t end = input.substr(0, kMostHeadBytes).find("\r\n\r\n");
  if (end == input.npos) return input.size() >= kMostHeadBytes ? kBadHttp : 0;
  std::string_view head = input.substr(0, end);
  const size_t first = head.find("\r\n");
  if (!ReadRequestLine(head.substr(0, first), request)) return kBadHttp;
  head.remove_prefix(first == head.npos ? head.size() : first + 2);
  size_t body_size = 0;
  while (!head.empty()) {
    const size_t line = head.find("\r\n");
    if (!ReadHeader(head.substr(0, line), request, &body_size)) return kBadHttp;
    head.remove_prefix(line == head.npos ? head.size() : line + 2);
  }
  if (input.size() - end - 4 < body_size) return 0;
  request->body = input.substr(end + 4, body_size);
  return end + 4 + body_size;
}

std::string HttpAnswer(int status, std::string_view json) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
      Phrase(status), json.size(), json);
}

}  // namespace sluice::devhub
