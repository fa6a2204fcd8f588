// Whatever a client sends, and however it is cut: the hub answers the same, and every line it
// stores is JSON whose payload can be had back.
//
// Input: a byte (its low two bits: 1 speaks after an accepted CONNECT to the hub, 3 to DPS, else
// nothing was said before; the rest: where to cut), then what the client sends.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/devhub/dps.h"
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

constexpr char kDps[] = R"({"idScope": "0ne0", "groups": [{"groupId": "g", "caSigned": true}]})";

struct Outcome {
  std::string output;
  std::string stored;
  std::string twin;
  bool closed = false;
  bool operator==(const Outcome&) const = default;
};

// Something is under way of each kind: twin, message and method may be answered by what comes.
void BeBusy(Hub& hub, Conversation* conversation) {
  conversation->Receive(Subscribe(1, {{"devices/x1/messages/devicebound/#", 1},
                                      {"$iothub/methods/POST/#", 0},
                                      {"$iothub/twin/res/#", 0},
                                      {"$iothub/twin/PATCH/properties/desired/#", 0}}));
  for (const char* line :
       {R"({"op":"twin","device":"x1","desired":{"a":{"b":1}}})",
        R"({"op":"c2d","device":"x1","payload":"go"})", R"({"op":"c2d","device":"x1"})",
        R"({"op":"method","device":"x1","name":"ping","payload":{}})"}) {
    AskControl(hub, line);
  }
}

void ConnectTo(std::string_view user_name, Conversation* conversation) {
  mqtt::ConnectView connect;
  connect.client_id = "x1";
  connect.user_name = user_name;
  conversation->Receive(Connect(connect));
}

Outcome Converse(std::string_view bytes, size_t cut, int role) {
  static const Memory& memory = *new Memory;
  static const FakeClock& clock = *new FakeClock;
  size_t cut_bytes = 0;
  Hub hub(clock, Registry::Parse(kIdentities).value(),
          MessageLog::Open(memory.Path(), &cut_bytes).value(), [](const std::string&) {});
  Dps dps(hub, DpsConfig::Parse(kDps).value());
  hub.set_dps(&dps);
  Outcome outcome;
  {
    Conversation conversation(hub, CaSigned("x1"), "fuzz", [] {});
    std::string input;
    if (role == 1) {
      ConnectTo(UserNameOf("x1"), &conversation);
      BeBusy(hub, &conversation);
    } else if (role == 3) {
      ConnectTo("0ne0/registrations/x1/api-version=2019-03-31", &conversation);
      conversation.Receive(Subscribe(1, {{"$dps/registrations/res/#", 1}}));
    }
    for (const std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      input += part;
      input.erase(0, conversation.Receive(input));
    }
    outcome.output = *conversation.output();
    outcome.closed = conversation.closed();
    outcome.twin = AskControl(hub, R"({"op":"twin","device":"x1"})") +
                   AskControl(hub, R"({"op":"c2d","kind":"pending","device":"x1"})");
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
  const int role = data[0] & 3;
  const Outcome whole = Converse(bytes, 0, role);
  CheckLines(whole.stored);
  if (!(Converse(bytes, bytes.size() * (data[0] >> 2) / 63, role) == whole)) std::abort();
  return 0;
}
