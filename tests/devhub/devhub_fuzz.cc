// Whatever a client sends, and however it is cut: the hub answers the same, and every line it
// stores is JSON whose payload can be had back.
//
// Input: a byte (bit 0: speak after an accepted CONNECT; the rest: where to cut), then what the
// client sends.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

// Where the message log goes: memory that can be read and emptied.
class Memory {
 public:
  std::string Path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  std::string Take() const {
    std::string text(static_cast<size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    if (pread(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) std::abort();
    if (ftruncate(fd_, 0) != 0) std::abort();
    return text;
  }

 private:
  int fd_ = memfd_create("messages", 0);
};

struct Outcome {
  std::string output;
  std::string stored;
  bool closed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome Converse(std::string_view bytes, size_t cut, bool connected) {
  static const Memory& memory = *new Memory;
  static const FakeClock& clock = *new FakeClock;
  size_t cut_bytes = 0;
  Hub hub(clock, Registry::Parse(kIdentities).value(),
          MessageLog::Open(memory.Path(), &cut_bytes).value(), [](const std::string&) {});
  Outcome outcome;
  {
    Conversation conversation(hub, CaSigned("x1"), "fuzz", [] {});
    std::string input;
    if (connected) {
      const std::string user_name = UserNameOf("x1");
      mqtt::ConnectView connect;
      connect.client_id = "x1";
      connect.user_name = user_name;
      conversation.Receive(Connect(connect));
    }
    for (const std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      input += part;
      input.erase(0, conversation.Receive(input));
    }
    outcome.output = *conversation.output();
    outcome.closed = conversation.closed();
  }
  if (!hub.Flush().ok()) std::abort();
  outcome.stored = memory.Take();
  return outcome;
}

void CheckLines(std::string_view stored) {
  while (!stored.empty()) {
    const size_t end = stored.find('\n');
    if (end == stored.npos) std::abort();
    const auto line = nlohmann::json::parse(stored.substr(0, end), nullptr, false);
    // The strictest reader here refuses numbers that no double holds, which are JSON all the same.
    if (line.is_discarded() && stored.substr(0, end).find_first_of("eE") == stored.npos)
      std::abort();
    if (!line.is_discarded() && line.contains("payload") == line.contains("payloadBase64"))
      std::abort();
    stored.remove_prefix(end + 1);
  }
}

}  // namespace
}  // namespace sluice::devhub

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::devhub;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool connected = (data[0] & 1) != 0;
  const Outcome whole = Converse(bytes, 0, connected);
  CheckLines(whole.stored);
  if (!(Converse(bytes, bytes.size() * (data[0] >> 1) / 127, connected) == whole)) std::abort();
  return 0;
}
