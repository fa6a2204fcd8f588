// A Unix socket whose guests are served by a script: what a workload API of any temper would do.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice::edge {

class ScriptedServer {
 public:
  // Serves one guest after the other, each by `serve` on the connected socket, until the end.
  explicit ScriptedServer(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
    if (mkdtemp(folder_) == nullptr || pipe(stop_) != 0) std::abort();
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 8) != 0) {
      std::abort();
    }
    thread_ = std::thread([this] { Run(); });
  }
  ~ScriptedServer() {
    close(stop_[1]);  // whoever waits on stop_fd() sees its end
    thread_.join();
    close(stop_[0]);
    close(listener_);
    unlink(path().c_str());
    rmdir(folder_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string path() const { return std::string(folder_) + "/workload.sock"; }
  std::string uri() const { return "unix://" + path(); }

  // For scripts: until the guest leaves, or the test ends.
  void WaitForEnd(int fd) const {
    pollfd polled[] = {{fd, POLLIN | POLLRDHUP, 0}, {stop_[0], POLLIN, 0}};
    for (;;) {
      poll(polled, 2, -1);
      char byte = 0;
      if (polled[1].revents != 0 || read(fd, &byte, 1) <= 0) return;
    }
  }
  // The bytes of a guest's request up to the blank line.
  static std::string ReadHead(int fd) {
    std::string head;
    for (char c = 0; !head.ends_with("\r\n\r\n") && read(fd, &c, 1) == 1;) head += c;
    return head;
  }
  static void Write(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the guest has left
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

 private:
  void Run() {
    for (;;) {
      pollfd polled[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      poll(polled, 2, -1);
      if (polled[1].revents != 0) return;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      serve_(fd);
      close(fd);
    }
  }

  std::function<void(int)> serve_;
  char folder_[32] = "/tmp/sluice-edge-XXXXXX";
  int stop_[2] = {-1, -1};
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace sluice::edge
