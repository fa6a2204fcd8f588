#include "edge/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/status/status.h"

namespace sluice::edge {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";
constexpr size_t kMaxChunkLineBytes = 256;

absl::Status Refuse(const std::string& why) { return absl::DataLossError("its answer " + why); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// All of `text`, or nothing.
std::optional<size_t> ParseNumber(std::string_view text, int base) {
  size_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// How the head says that the body ends.
struct Framing {
  bool chunked = false;
  std::optional<size_t> length;  // neither: with the connection
};

// "HTTP/1.1 200 OK".
std::optional<int> ParseStatusLine(std::string_view line) {
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) return std::nullopt;
  line.remove_prefix(9);
  if (line.size() > 3 && line[3] != ' ') return std::nullopt;
  const std::optional<size_t> status = ParseNumber(line.substr(0, 3), 10);
  if (!status || *status < 200 || *status > 599) return std::nullopt;
  return static_cast<int>(*status);
}

absl::Status ParseHeader(std::string_view line, Framing* framing) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return Refuse("has a header without a name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (EqualsIgnoringCase(name, "transfer-encoding")) {
    if (framing->chunked || !EqualsIgnoringCase(value, "chunked"))
      return Refuse("has a transfer encoding other than chunked");
    framing->chunked = true;
  } else if (EqualsIgnoringCase(name, "content-length")) {
    const std::optional<size_t> length = ParseNumber(value, 10);
    if (!length || framing->length) return Refuse("has a Content-Length that is none, or two");
    if (*length > kMaxResponseBodyBytes) return Refuse("is too long");
    framing->length = length;
  } else if (EqualsIgnoringCase(name, "content-encoding") &&
             !EqualsIgnoringCase(value, "identity")) {
    return Refuse("is compressed, which nobody asked for");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<int, Framing>> ParseHead(std::string_view head) {
  const size_t first = head.find(kEndOfLine);
  const std::optional<int> status = ParseStatusLine(head.substr(0, first));
  if (!status) return Refuse("is not HTTP/1.1");
  Framing framing;
  head.remove_prefix(first == std::string_view::npos ? head.size() : first + kEndOfLine.size());
  while (!head.empty()) {
    const size_t end = head.find(kEndOfLine);
    if (absl::Status read = ParseHeader(head.substr(0, end), &framing); !read.ok()) return read;
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + kEndOfLine.size());
  }
  if (framing.chunked && framing.length) return Refuse("has two lengths");
  return std::make_pair(*status, framing);
}

// The chunks joined; nothing: there are more to come. Trailers are not looked at.
absl::StatusOr<std::optional<std::string>> JoinChunks(std::string_view rest) {
  std::string body;
  for (;;) {
    const size_t end = rest.substr(0, kMaxChunkLineBytes).find(kEndOfLine);
    if (end == std::string_view::npos) {
      if (rest.size() >= kMaxChunkLineBytes) return Refuse("has a chunk without a size");
      return std::optional<std::string>();
    }
    const std::optional<size_t> size =
        ParseNumber(Trim(rest.substr(0, std::min(end, rest.find(';')))), 16);
    if (!size) return Refuse("has a chunk without a size");
    if (*size > kMaxResponseBodyBytes - body.size()) return Refuse("is too long");
    if (*size == 0) return std::optional<std::string>(std::move(body));
    rest.remove_prefix(end + kEndOfLine.size());
    if (rest.size() < *size + kEndOfLine.size()) return std::optional<std::string>();
    if (rest.substr(*size, kEndOfLine.size()) != kEndOfLine)
      return Refuse("has a chunk of another size than it says");
    body += rest.substr(0, *size);
    rest.remove_prefix(*size + kEndOfLine.size());
  }
}

absl::StatusOr<std::optional<std::string>> ReadBody(std::string_view rest, const Framing& framing,
                                                    bool at_end) {
  if (framing.chunked) return JoinChunks(rest);
  if (framing.length) {
    if (rest.size() < *framing.length) return std::optional<std::string>();
    return std::optional<std::string>(rest.substr(0, *framing.length));
  }
  if (rest.size() > kMaxResponseBodyBytes) return Refuse("is too long");
  if (!at_end) return std::optional<std::string>();
  return std::optional<std::string>(rest);
}

}  // namespace

std::string FormatRequest(const HttpRequest& request) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n", request.method, request.target);
  if (!request.body.empty()) {
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n",
                        request.body.size());
  }
  return text + "\r\n" + request.body;
}

absl::StatusOr<std::optional<HttpResponse>> ParseResponse(std::string_view received, bool at_end) {
  constexpr std::string_view kEndOfHead = "\r\n\r\n";
  const size_t end = received.substr(0, kMaxResponseHeadBytes).find(kEndOfHead);
  if (end == std::string_view::npos) {
    if (received.size() >= kMaxResponseHeadBytes) return Refuse("has too long a head");
    if (at_end) return Refuse(received.empty() ? "is empty" : "ends in its head");
    return std::optional<HttpResponse>();
  }
  const auto head = ParseHead(received.substr(0, end));
  if (!head.ok()) return head.status();
  const auto& [status, framing] = *head;
  auto body = ReadBody(received.substr(end + kEndOfHead.size()), framing, at_end);
  if (!body.ok()) return body.status();
  if (!body->has_value()) {
    if (at_end) return Refuse("ends in its body");
    return std::optional<HttpResponse>();
  }
  return std::optional<HttpResponse>(HttpResponse{status, **std::move(body)});
}

}  // namespace sluice::edge
