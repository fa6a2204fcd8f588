// Direct methods: which there are, who answers, and that every call gets one answer in time.
//
// One thread; answers that come late from other threads are brought to it by whoever owns this.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/uplink/downlink.h"

namespace sluice::cloud {

struct Answer {
  int status = 200;
  std::string payload;  // JSON, or empty
};

// {"error": text}
Answer ErrorAnswer(int status, std::string_view text);

// Answers once, from any thread, now or later. `payload` is valid JSON, or empty, and lives for the
// call alone.
using Reply = std::function<void(Answer)>;
using Method = std::function<void(std::string_view payload, const Reply& reply)>;

struct MethodTable {
  std::map<std::string, Method, std::less<>> allowed;
  std::vector<std::string> forbidden;  // there are these too, but this gateway does not let them
};

class MethodCalls {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Options {
    // Callers wait 30 s unless they say otherwise, which we are not told.
    std::chrono::milliseconds patience{25'000};
    size_t most_under_way = 16;
  };

  static constexpr size_t kMaxPayload = 128 << 10;

  // `bring` gets the answer of call `number`, on the thread that gives it.
  MethodCalls(const Options& options, MethodTable methods,
              std::function<void(uint64_t number, Answer answer)> bring);

  // A call came. What is refused is answered at once.
  std::optional<uplink::DownlinkMessage> OnCall(std::string_view method,
                                                std::string_view request_id,
                                                std::string_view payload, TimePoint now);
  // Nothing if the call was answered, or its caller is gone.
  std::optional<uplink::DownlinkMessage> OnAnswer(uint64_t number, Answer answer);
  // Of a call that has waited too long.
  std::optional<uplink::DownlinkMessage> Expire(TimePoint now);
  TimePoint NextWake() const;
  // Nobody waits any more.
  void Forget() { under_way_.clear(); }

 private:
  struct Call {
    std::string request_id;
    TimePoint until;
  };

  std::optional<Answer> Refuse(std::string_view method, std::string_view payload) const;

  const Options options_;
  const MethodTable methods_;
  const std::function<void(uint64_t, Answer)> bring_;
  uint64_t last_number_ = 0;
  std::map<uint64_t, Call> under_way_;  // in the order in which they came
};

}  // namespace sluice::cloud
