#include "gateway/operate/log.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "filters/utc/rfc3339.h"

namespace sluice::operate {
namespace {

constexpr size_t kMaxValueBytes = 256;

std::atomic<bool> g_json{false};

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("sluice",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

// The value, safe inside a JSON string and on a terminal: control characters (C1 too: they steer
// terminals as C0 ones do), quotes and backslashes are escaped, and so is every byte over 0x7f of a
// value that is no UTF-8.
void AppendEscaped(std::string_view value, std::string* out) {
  const bool cut = value.size() > kMaxValueBytes;
  if (cut) value = value.substr(0, kMaxValueBytes);
  // A character that the cut split goes whole.
  while (cut && !value.empty() && (static_cast<unsigned char>(value.back()) & 0xc0) == 0x80)
    value.remove_suffix(1);
  if (cut && !value.empty() && static_cast<unsigned char>(value.back()) >= 0xc0)
    value.remove_suffix(1);
  const bool utf8 = simdjson::validate_utf8(value.data(), value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    const bool c1 = utf8 && byte == 0xc2 && static_cast<unsigned char>(value[i + 1]) < 0xa0;
    if (c1) {
      *out += fmt::format("\\u{:04x}", static_cast<unsigned char>(value[++i]));
    } else if (byte < 0x20 || byte == 0x7f || (byte > 0x7f && !utf8)) {
      *out += fmt::format("\\u{:04x}", byte);
    } else {
      if (byte == '"' || byte == '\\') *out += '\\';
      *out += value[i];
    }
  }
  if (cut) *out += "...";
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c == ' ' || c == '=' || c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
      return true;
  }
  return false;
}

std::string Timestamp() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::string text(utc::kRfc3339Bytes, '\0');
  utc::WriteRfc3339(now.count(), text.data());
  return text;
}

}  // namespace

void SetUpLog(const LogOptions& options) {
  g_json = options.json;
  Logger().set_level(ToSpdlog(options.level));
}

void Log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  std::string line;
  if (g_json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","event":"{}","message":")", Timestamp(),
                       Name(level), event);
    AppendEscaped(message, &line);
    line += '"';
    for (const LogField& field : fields) {
      line += fmt::format(",\"{}\":\"", field.key);
      AppendEscaped(field.value, &line);
      line += '"';
    }
    line += '}';
  } else {
    line = fmt::format("{} {:7} {}: ", Timestamp(), Name(level), event);
    AppendEscaped(message, &line);
    for (const LogField& field : fields) {
      line += fmt::format(" {}=", field.key);
      const bool quoted = NeedsQuotes(field.value);
      if (quoted) line += '"';
      AppendEscaped(field.value, &line);
      if (quoted) line += '"';
    }
  }
  Logger().log(ToSpdlog(level), line);
}

}  // namespace sluice::operate
