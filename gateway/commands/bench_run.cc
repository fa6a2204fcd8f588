#include "gateway/commands/bench_run.h"

#include <algorithm>
#include <chrono>
#include <latch>
#include <limits>
#include <numeric>
#include <thread>
#include <utility>

#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/cpu_time.h"
#include "gateway/commands/json_yardstick.h"

namespace sluice::commands {
namespace {

using Clock = std::chrono::steady_clock;
using language::MessageView;

constexpr size_t kStride = 61;  // so seldom that reading the clock is no part of what is measured
constexpr size_t kMaxSamples = size_t{1} << 22;  // of a thread; 16 MiB
constexpr double kSliceSeconds = 0.002;          // of judging, and then a slice of the yardstick
constexpr double kYardstickShare = 0.2;          // the length of that one, against judging

uint64_t Nanoseconds(Clock::duration time) {
  return static_cast<uint64_t>(std::chrono::nanoseconds(time).count());
}

Clock::duration AsDuration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

// The least that two readings of the clock lie apart.
uint64_t ClockCost() {
  uint64_t least = std::numeric_limits<uint64_t>::max();
  for (int i = 0; i < 1000; ++i) {
    const Clock::time_point start = Clock::now();
    least = std::min(least, Nanoseconds(Clock::now() - start));
  }
  return least;
}

// How far a repeat lies behind the one before it: the file's span and one gap more.
int64_t SpanOf(std::span<const MessageView> messages) {
  const int64_t span = messages.back().time_us - messages.front().time_us;
  return span + std::max<int64_t>(1, span / static_cast<int64_t>(messages.size()));
}

// One thread's share.
class Runner {
 public:
  Runner(std::shared_ptr<const compile::Program> program, std::span<const MessageView> messages)
      : engine_(std::move(program)),
        yardstick_(messages),
        messages_(messages),
        span_us_(SpanOf(messages)) {
    while (std::gcd(stride_, messages_.size()) != 1) ++stride_;
    samples_.reserve(kMaxSamples);
    for (size_t i = 0; i < messages_.size(); ++i) JudgeNext();  // buffers grow, once
    matched_ = 0;
  }

  // Slices of judging and of the yardstick in turn: whatever else the machine does meanwhile takes
  // its time from both.
  void Run(double seconds) {
    while (judging_ < seconds) {
      Judge(kSliceSeconds);
      yardstick_.Run(kSliceSeconds * kYardstickShare);
    }
  }

  double seconds() const { return judging_; }
  uint64_t judged() const { return judged_; }
  uint64_t matched() const { return matched_; }
  const std::vector<uint32_t>& samples() const { return samples_; }
  const JsonYardstick& yardstick() const { return yardstick_; }

 private:
  void Judge(double seconds) {
    const double begin = CpuSeconds();
    const Clock::time_point end = Clock::now() + AsDuration(seconds);
    Clock::time_point now;
    do {
      for (size_t i = 1; i < stride_; ++i) JudgeNext();
      const Clock::time_point start = Clock::now();
      JudgeNext();
      now = Clock::now();
      judged_ += stride_;
      Keep(static_cast<uint32_t>(
          std::min<uint64_t>(Nanoseconds(now - start), std::numeric_limits<uint32_t>::max())));
    } while (now < end);
    judging_ += CpuSeconds() - begin;
  }

  void JudgeNext() {
    MessageView message = messages_[next_];
    message.time_us += shift_us_;
    message.format = language::ParseBodyFormat(message.content_type, message.content_encoding);
    engine_.Advance(message.time_us);
    while (const reduce::ClosedWindow* const window = engine_.NextClosed())
      shaper_.Apply(engine_.program().shapes(), *window->verdict, window->message.payload);
    const match::Verdict& verdict = engine_.Run(message);
    matched_ += verdict.rules.empty() ? 0 : 1;
    shaper_.Apply(engine_.program().shapes(), verdict, message.payload);
    if (++next_ == messages_.size()) {
      next_ = 0;
      shift_us_ += span_us_;
    }
  }

  // Long runs go on over their oldest samples.
  void Keep(uint32_t sample) {
    if (samples_.size() < kMaxSamples) {
      samples_.push_back(sample);
    } else {
      samples_[oldest_++ % kMaxSamples] = sample;
    }
  }

  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  JsonYardstick yardstick_;
  std::span<const MessageView> messages_;
  const int64_t span_us_;
  size_t stride_ = kStride;
  size_t next_ = 0;
  int64_t shift_us_ = 0;
  double judging_ = 0;  // seconds of this thread
  uint64_t judged_ = 0;
  uint64_t matched_ = 0;
  std::vector<uint32_t> samples_;
  size_t oldest_ = 0;
};

uint64_t Percentile(std::vector<uint32_t>& samples, double share, uint64_t clock_cost) {
  if (samples.empty()) return 0;
  const auto at =
      samples.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), at, samples.end());
  return *at > clock_cost ? *at - clock_cost : 0;
}

}  // namespace

BenchResult RunBench(const std::shared_ptr<const compile::Program>& program,
                     std::span<const MessageView> messages, double seconds, unsigned threads) {
  std::vector<std::unique_ptr<Runner>> runners;
  for (unsigned i = 0; i < threads; ++i)
    runners.push_back(std::make_unique<Runner>(program, messages));
  std::latch ready(static_cast<ptrdiff_t>(threads));
  std::vector<std::thread> running;
  running.reserve(runners.size());
  for (const std::unique_ptr<Runner>& runner : runners) {
    running.emplace_back([&ready, &runner, seconds] {
      ready.arrive_and_wait();
      runner->Run(seconds);
    });
  }
  for (std::thread& thread : running) thread.join();

  BenchResult result;
  uint64_t passes = 0;
  double pass_seconds = 0;
  std::vector<uint32_t> samples;
  for (const std::unique_ptr<Runner>& runner : runners) {
    result.seconds += runner->seconds() / threads;
    result.messages += runner->judged();
    result.matched += runner->matched();
    passes += runner->yardstick().passes();
    pass_seconds += runner->yardstick().seconds();
    samples.insert(samples.end(), runner->samples().begin(), runner->samples().end());
  }
  if (passes > 0) result.json_pass_ns = pass_seconds * 1e9 / static_cast<double>(passes);
  const uint64_t clock_cost = ClockCost();
  result.p50_ns = Percentile(samples, 0.5, clock_cost);
  result.p99_ns = Percentile(samples, 0.99, clock_cost);
  return result;
}

}  // namespace sluice::commands
