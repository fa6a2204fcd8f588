// Reducers against a model that keeps whole histories: random rules, random messages, one answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

struct Spec {
  int64_t dedup_ms = 0;
  bool on_change = false;
  double by = 0;
  int64_t silence_ms = 0;
  uint32_t sample = 0;
  int rate = 0;  // a second
  int64_t window_ms = 0;
  bool per = false;
};

// What has passed each stage of one stream, from the beginning.
class Stream {
 public:
  explicit Stream(const Spec& spec) : spec_(spec) {}

  std::string Take(int64_t now_us, const std::string& body, std::optional<double> value) {
    if (spec_.dedup_ms > 0) {
      for (const auto& [time_us, passed] : bodies_) {
        if (passed == body && now_us - time_us < spec_.dedup_ms * 1000) return "dedup";
      }
      bodies_.emplace_back(now_us, body);
    }
    if (spec_.on_change) {
      if (!value) return "on_change";
      if (!changes_.empty()) {
        const auto [time_us, last] = changes_.back();
        const bool differs = *value != last && std::abs(*value - last) >= spec_.by;
        const bool silent = spec_.silence_ms > 0 && now_us - time_us >= spec_.silence_ms * 1000;
        if (!differs && !silent) return "on_change";
      }
      changes_.emplace_back(now_us, *value);
    }
    if (spec_.sample > 0 && offered_++ % spec_.sample != 0) return "sample";
    if (spec_.rate > 0) {
      // Tokens times a second in microseconds, replayed over all that ever passed.
      const int64_t full = spec_.rate * kSecond;
      int64_t level = full, at = passes_.empty() ? now_us : passes_.front();
      for (const int64_t pass : passes_) {
        level = std::min(full, level + (pass - at) * spec_.rate) - kSecond;
        at = pass;
      }
      if (std::min(full, level + (now_us - at) * spec_.rate) < kSecond) return "rate";
      passes_.push_back(now_us);
    }
    if (spec_.window_ms == 0) return "pass";
    ++windows[now_us / (spec_.window_ms * 1000)];
    return "window";
  }

  std::map<int64_t, int> windows;  // messages, by number of window

 private:
  Spec spec_;
  std::vector<std::pair<int64_t, std::string>> bodies_;
  std::vector<std::pair<int64_t, double>> changes_;
  uint64_t offered_ = 0;
  std::vector<int64_t> passes_;
};

Spec RandomSpec(std::mt19937_64& random) {
  Spec spec;
  const auto one_in = [&](uint64_t n) { return random() % n == 0; };
  if (one_in(3)) spec.dedup_ms = static_cast<int64_t>(random() % 5000 + 1);
  if (one_in(2)) {
    spec.on_change = true;
    if (one_in(2)) spec.by = static_cast<double>(random() % 4) * 0.5;
    if (one_in(2)) spec.silence_ms = static_cast<int64_t>(random() % 10'000 + 1);
  }
  if (one_in(3)) spec.sample = static_cast<uint32_t>(random() % 4 + 1);
  if (one_in(3)) spec.rate = static_cast<int>(random() % 7 + 1);
  if (one_in(3)) spec.window_ms = static_cast<int64_t>(random() % 3000 + 10);
  spec.per = one_in(3);
  if (!spec.on_change && spec.dedup_ms + spec.sample + spec.rate + spec.window_ms == 0)
    spec.sample = 2;
  return spec;
}

Rule RuleOf(const Spec& spec) {
  Rule rule;
  if (spec.dedup_ms > 0) rule.Dedup(spec.dedup_ms);
  if (spec.on_change) rule.OnChange("$body.v", std::to_string(spec.by), spec.silence_ms);
  if (spec.sample > 0) rule.Sample(spec.sample);
  if (spec.rate > 0) rule.Rate(std::to_string(spec.rate) + "/s");
  if (spec.window_ms > 0) rule.Window(spec.window_ms, {{"n", "COUNT()"}});
  if (spec.per) rule.Per("$body.tag");
  return rule;
}

class ModelTest : public EngineTest {
 protected:
  // Number of windows and of messages in them.
  std::pair<size_t, size_t> TakeWindows() {
    std::pair<size_t, size_t> sum;
    while (const ClosedWindow* const window = engine_->NextClosed()) {
      const std::string_view body = window->message.payload;
      const size_t at = body.find("\"n\":") + 4;
      ++sum.first;
      sum.second += std::stoul(std::string(body.substr(at)));
    }
    return sum;
  }
};

TEST_F(ModelTest, AgreesOnRandomRulesAndMessages) {
  std::mt19937_64 random(20260);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    const Spec spec = RandomSpec(random);
    Start({RuleOf(spec)});
    std::map<std::string, Stream> streams;
    std::pair<size_t, size_t> windows;
    int64_t now_ms = 1'000'000;
    for (int i = 0; i < 300; ++i) {
      now_ms += static_cast<int64_t>(random() % 4 == 0 ? random() % 3000 : random() % 50);
      const std::string tag = std::to_string(random() % 2), device(1, "ab"[random() % 2]);
      std::optional<double> value;
      std::string body = "{\"tag\":" + tag;
      if (random() % 8 != 0) {
        value = static_cast<double>(random() % 6) * 0.5;
        body += ",\"v\":" + std::to_string(*value);
      }
      body += "}";
      const std::string key = device + (spec.per ? tag : "");
      Stream& stream = streams.try_emplace(key, spec).first->second;
      engine_->Advance(now_ms * 1000);
      const auto [closed, messages] = TakeWindows();
      windows.first += closed;
      windows.second += messages;
      ASSERT_EQ(Run({static_cast<double>(now_ms) / 1000, body, device}),
                stream.Take(now_ms * 1000, body, value))
          << "message " << i;
    }
    engine_->CloseAll();
    const auto [closed, messages] = TakeWindows();
    windows.first += closed;
    windows.second += messages;
    std::pair<size_t, size_t> expected;
    for (const auto& [key, stream] : streams) {
      for (const auto& [number, count] : stream.windows) {
        ++expected.first;
        expected.second += static_cast<size_t>(count);
      }
    }
    EXPECT_EQ(windows, expected);
  }
}

}  // namespace
}  // namespace sluice::reduce
