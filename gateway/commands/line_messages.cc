#include "gateway/commands/line_messages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gateway/lines/line_reader.h"
#include "gateway/mqtt/topic.h"

namespace sluice::commands {

bool IsBlankLine(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

absl::Status LineMessages::Parse(std::string_view line) {
  if (absl::Status status = lines::ParseMessageLine(line, &owned_); !status.ok()) return status;
  view_ = owned_.View();
  if (owned_.has_time()) {
    now_us_ = had_time_ ? std::max(now_us_, view_.time_us) : view_.time_us;
    had_time_ = true;
  }
  view_.time_us = now_us_;
  topic_is_valid_ = mqtt::ValidTopicName(view_.topic);
  properties_.Clear();
  for (const language::PropertyView& property : view_.system_properties)
    properties_.AddSystem(property);
  for (const language::PropertyView& property : view_.properties) properties_.Add(property);
  view_.properties = properties_.application();
  view_.system_properties = properties_.system();
  return absl::OkStatus();
}

bool ForEachLine(const std::string& path,
                 const std::function<void(std::string_view line, uint64_t number)>& take) {
  const bool is_stdin = path == kStandardInput;
  const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fmt::print(stderr, "sluice: {}: {}\n", path, std::strerror(errno));
    return false;
  }
  lines::LineReader reader(fd);
  uint64_t number = 0;
  for (std::string_view line; reader.Next(&line);) {
    ++number;
    if (!IsBlankLine(line)) take(line, number);
  }
  if (!reader.status().ok()) {
    fmt::print(stderr, "sluice: {}: {}\n", is_stdin ? "standard input" : path,
               std::string(reader.status().message()));
  }
  if (!is_stdin) ::close(fd);
  return reader.status().ok();
}

}  // namespace sluice::commands
