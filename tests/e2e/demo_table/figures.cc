#include "tests/e2e/demo_table/figures.h"

#include <fmt/core.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/escaping.h"
#include "tests/gunzip.h"

namespace sluice::demo {
namespace {

using nlohmann::json;

constexpr time_t kAnswerSeconds = 2;

// A sample: sluice_rule_matches_total{rule="overheating"} 12
struct Sample {
  std::string_view name;
  std::string label;  // the value of its only label, unescaped; empty if it has none
  double value = 0;
};

std::optional<Sample> ParseSample(std::string_view line) {
  Sample sample;
  const size_t name_end = line.find_first_of("{ ");
  if (name_end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, name_end);
  line.remove_prefix(name_end);
  if (line.front() == '{') {
    const size_t begin = line.find('"');
    if (begin == std::string_view::npos) return std::nullopt;
    line.remove_prefix(begin + 1);
    while (!line.empty() && line.front() != '"') {
      if (line.front() == '\\' && line.size() > 1) line.remove_prefix(1);
      sample.label.push_back(line.front());
      line.remove_prefix(1);
    }
    const size_t end = line.find("} ");
    if (end == std::string_view::npos) return std::nullopt;
    line.remove_prefix(end + 1);
  }
  line.remove_prefix(1);
  const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), sample.value);
  if (error != std::errc()) return std::nullopt;
  return sample;
}

void AddSample(const Sample& sample, Figures* figures) {
  const auto count = static_cast<uint64_t>(sample.value);
  if (sample.name == "sluice_connections") figures->devices += count;
  if (sample.name == "sluice_connections_refused_total") figures->refused += count;
  if (sample.name == "sluice_messages_received_total") figures->in += count;
  if (sample.name == "sluice_messages_forwarded_total") figures->forwarded += count;
  if (sample.name == "sluice_rule_matches_total") figures->rules.emplace_back(sample.label, count);
  if (sample.name == "sluice_messages_dropped_total") {
    uint64_t& reason = sample.label == "rule"      ? figures->dropped_by_rule
                       : sample.label == "default" ? figures->dropped_by_default
                                                   : figures->dropped_otherwise;
    reason += count;
  }
}

absl::StatusOr<std::string> AskControlSocket(const std::string& path, std::string_view question) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const timeval patience{kAnswerSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string answer;
  std::array<char, 4096> chunk;
  ssize_t got = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (got == 0) got = send(fd, question.data(), question.size(), MSG_NOSIGNAL);
  while (got > 0 && answer.find('\n') == std::string::npos) {
    got = recv(fd, chunk.data(), chunk.size(), 0);
    if (got > 0) answer.append(chunk.data(), static_cast<size_t>(got));
  }
  const int error = errno;
  close(fd);
  if (got > 0) return answer;
  return absl::UnavailableError(
      fmt::format("{}: {}", path, got == 0 ? "closed" : std::strerror(error)));
}

// A pack is an array of envelopes; it may stand as JSON, as JSON in a string, or compressed.
json BodyOf(const json& message) {
  const auto parse = [](const std::string& text) {
    return json::parse(text, nullptr, /*allow_exceptions=*/false);
  };
  json body = message.value("payload", json());
  if (body.is_string()) return parse(body.get<std::string>());
  std::string bytes;
  if (message.contains("payloadBase64") && message["payloadBase64"].is_string() &&
      absl::Base64Unescape(message["payloadBase64"].get<std::string>(), &bytes)) {
    if (const std::optional<std::string> text = Gunzip(bytes)) return parse(*text);
  }
  return body;
}

}  // namespace

absl::Status ReadMetrics(std::string_view page, Figures* figures) {
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::optional<Sample> sample = ParseSample(line);
    if (!sample.has_value()) {
      return absl::InvalidArgumentError(fmt::format("/metrics: cannot read '{}'", line));
    }
    AddSample(*sample, figures);
  }
  return absl::OkStatus();
}

absl::Status ReadHubStats(std::string_view answer, Figures* figures) {
  const json stats = json::parse(answer, nullptr, /*allow_exceptions=*/false);
  const auto number = [&stats](const char* name) {
    return stats.is_object() && stats.contains(name) && stats[name].is_number_unsigned();
  };
  if (!number("operations") || !number("blocks")) {
    return absl::InvalidArgumentError(fmt::format("sluice-devhub answered: {}", answer));
  }
  figures->hub_operations = stats["operations"].get<uint64_t>();
  figures->hub_blocks = stats["blocks"].get<uint64_t>();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CountReadings(const std::string& messages_file) {
  std::ifstream file(messages_file);
  if (!file) return absl::NotFoundError(fmt::format("{}: cannot be read", messages_file));
  uint64_t readings = 0;
  std::string line;
  while (std::getline(file, line)) {
    const json message = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!message.is_object()) {
      return absl::InvalidArgumentError(fmt::format("{}: no JSON object: {}", messages_file, line));
    }
    const json body = BodyOf(message);
    readings += body.is_array() ? body.size() : 1;
  }
  return readings;
}

absl::StatusOr<Figures> Fetch(const std::string& metrics_address,
                              const std::string& control_socket) {
  Figures figures;
  httplib::Client client("http://" + metrics_address);
  client.set_connection_timeout(kAnswerSeconds);
  client.set_read_timeout(kAnswerSeconds);
  const httplib::Result page = client.Get("/metrics");
  if (!page) {
    return absl::UnavailableError(
        fmt::format("http://{}/metrics: {}", metrics_address, httplib::to_string(page.error())));
  }
  if (absl::Status status = ReadMetrics(page->body, &figures); !status.ok()) return status;
  const absl::StatusOr<std::string> stats =
      AskControlSocket(control_socket, "{\"op\":\"stats\"}\n");
  if (!stats.ok()) return stats.status();
  if (absl::Status status = ReadHubStats(*stats, &figures); !status.ok()) return status;
  return figures;
}

}  // namespace sluice::demo
