// A sluice-devhub of its own process in a folder of its own, to be killed as a hub never asks for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::uplink {

class HubProcess {
 public:
  static constexpr char kKey[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

  // Makes the folder with a CA, a server certificate for `names`, and the device "gw" with kKey,
  // which may also connect by a certificate of the CA (gw.crt, gw.key).
  explicit HubProcess(const std::vector<std::string>& names = {"localhost", "127.0.0.1"});
  ~HubProcess();
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;

  // Starts it, on the same port every time, and returns when it listens.
  void Start();
  // kill -9.
  void Kill();

  uint16_t port() const { return port_; }
  std::string path(const std::string& file) const { return folder_ + "/" + file; }

  // The lines of messages.jsonl: what the hub has stored, each in the order of arrival.
  std::vector<std::string> Messages() const;

 private:
  const std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace sluice::uplink
