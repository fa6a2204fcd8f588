// sluice-demo-table: draws the demo's table until it is told to stop, then the summary.
//
//   sluice-demo-table METRICS_HOST:PORT HUB_DIR
//
// On a terminal the table is drawn over itself twice a second; elsewhere it is a line every two
// seconds. SIGTERM ends it: it prints the last table and the summary, and exits 0 if the figures
// add up, 1 if not. SIGINT is left to the script that runs it.
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <string>
#include <thread>

#include "tests/e2e/demo_table/figures.h"
#include "tests/e2e/demo_table/table.h"

namespace sluice::demo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr timespec kRedraw{0, 500'000'000};
constexpr timespec kPlainLine{2, 0};
constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kPoll(50);
constexpr double kRateSeconds = 3;  // over how long rates are taken

class Display {
 public:
  Display(std::string metrics, std::string hub_dir, bool on_terminal)
      : metrics_(std::move(metrics)), hub_dir_(std::move(hub_dir)), on_terminal_(on_terminal) {}

  bool Update() {
    absl::StatusOr<Figures> figures = Fetch(metrics_, hub_dir_ + "/control.sock");
    if (!figures.ok()) return Fail(figures.status());
    history_.push_back({Seconds(), *std::move(figures)});
    while (history_.size() > 2 && history_.back().seconds - history_[1].seconds > kRateSeconds)
      history_.pop_front();
    const Frame frame{history_.back().seconds, history_.back().figures, history_.front().figures,
                      history_.front().seconds};
    if (on_terminal_) {
      const std::string table = Table(frame, true);
      if (drawn_lines_ > 0) fmt::print("\033[{}A\033[J", drawn_lines_);
      fmt::print("{}", table);
      drawn_lines_ = std::count(table.begin(), table.end(), '\n');
    } else {
      fmt::print("{}", PlainLine(frame));
    }
    std::fflush(stdout);
    return true;
  }

  // The last word; whether the figures add up.
  bool Finish() {
    AwaitHub();
    if (!Update()) return false;
    const absl::StatusOr<uint64_t> in_hub = CountReadings(hub_dir_ + "/messages.jsonl");
    if (!in_hub.ok()) return Fail(in_hub.status());
    const Figures& figures = history_.back().figures;
    fmt::print("\n{}", Summary(figures, history_.back().seconds, *in_hub, on_terminal_));
    return Balanced(figures, *in_hub);
  }

 private:
  struct Moment {
    double seconds;
    Figures figures;
  };

  // What was acknowledged is on the gateway's disk; the last of it is still on its way to the hub.
  void AwaitHub() const {
    for (const auto end = Clock::now() + kPatience; Clock::now() < end;
         std::this_thread::sleep_for(kPoll)) {
      const absl::StatusOr<Figures> figures = Fetch(metrics_, hub_dir_ + "/control.sock");
      const absl::StatusOr<uint64_t> in_hub = CountReadings(hub_dir_ + "/messages.jsonl");
      if (figures.ok() && in_hub.ok() && *in_hub >= figures->forwarded) return;
    }
  }
  double Seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }
  static bool Fail(const absl::Status& status) {
    fmt::print(stderr, "sluice-demo-table: {}\n", std::string(status.message()));
    return false;
  }

  std::string metrics_;
  std::string hub_dir_;
  bool on_terminal_;
  Clock::time_point began_ = Clock::now();
  std::deque<Moment> history_;
  std::ptrdiff_t drawn_lines_ = 0;
};

int Main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: sluice-demo-table METRICS_HOST:PORT HUB_DIR\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGINT, SIG_IGN);
  const bool on_terminal = isatty(STDOUT_FILENO) != 0;
  Display display(argv[1], argv[2], on_terminal);
  const timespec& interval = on_terminal ? kRedraw : kPlainLine;
  do {
    if (!display.Update()) return 1;
  } while (sigtimedwait(&signals, nullptr, &interval) != SIGTERM);
  return display.Finish() ? 0 : 1;
}

}  // namespace
}  // namespace sluice::demo

int main(int argc, char** argv) { return sluice::demo::Main(argc, argv); }
