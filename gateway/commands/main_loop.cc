#include "gateway/commands/main_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace sluice::commands {
namespace {

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

MainLoop::MainLoop() {
  const sigset_t set = Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = server::UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_ = server::UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void MainLoop::Post(std::function<void()> task) {
  {
    const server::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

void MainLoop::End(std::string why) {
  Post([this, why = std::move(why)] { end_ = why; });
}

std::string MainLoop::Wait(const std::function<void()>& reload) {
  while (end_.empty()) {
    pollfd ready[] = {{signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    poll(ready, 2, -1);
    for (int signal = NextSignal(); signal != 0 && end_.empty(); signal = NextSignal()) {
      if (signal == SIGHUP) {
        reload();
      } else {
        end_ = signal == SIGTERM ? "SIGTERM" : "SIGINT";
      }
    }
    RunTasks();
  }
  return end_;
}

int MainLoop::NextSignal() {
  signalfd_siginfo info{};
  return read(signals_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                                 : 0;
}

bool MainLoop::IsEndAsked() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

void MainLoop::RunTasks() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> tasks;
  {
    const server::MutexLock lock(&mutex_);
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) {
    if (!end_.empty()) return;
    task();
  }
}

void MainLoop::LetSignalsKill() {
  const sigset_t set = Signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace sluice::commands
