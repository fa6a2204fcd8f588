#include "tests/gateway/uplink/hub_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "gateway/tls/pki.h"

namespace sluice::uplink {
namespace {

// A test cannot go on without: the message is the failure.
void Require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "hub_process: %s\n", what.c_str());
  std::abort();
}

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-uplink-XXXXXX").string();
  Require(mkdtemp(pattern.data()) != nullptr, "mkdtemp failed");
  return pattern;
}

}  // namespace

HubProcess::HubProcess(const std::vector<std::string>& names) : folder_(MakeFolder()) {
  const tls::Pki pki(folder_, std::time(nullptr) - 60);
  Require(pki.Init("uplink test CA").ok(), "no CA");
  Require(pki.AddServer(names).ok(), "no server certificate");
  Require(pki.AddDevice("gw").ok(), "no device certificate");
  std::ofstream(path("devices.json"))
      << R"({"hostName":"localhost","tier":"S1","units":1,"devices":[)"
      << R"({"deviceId":"gw","primaryKey":")" << kKey << R"(","caSigned":true}]})";
}

HubProcess::~HubProcess() {
  Kill();
  std::filesystem::remove_all(folder_);
}

void HubProcess::Start() {
  int out[2];
  Require(pipe2(out, O_CLOEXEC) == 0, "pipe failed");
  const std::string port = std::to_string(port_);
  const std::string log = path("devhub.log");
  pid_ = fork();
  Require(pid_ >= 0, "fork failed");
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    const int errors = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (errors >= 0) dup2(errors, STDERR_FILENO);
    execl(SLUICE_DEVHUB, SLUICE_DEVHUB, "--dir", folder_.c_str(), "--port", port.c_str(), nullptr);
    _exit(127);
  }
  close(out[1]);
  std::string line;
  for (char c = 0; c != '\n' && read(out[0], &c, 1) == 1;) line.push_back(c);
  close(out[0]);
  // "sluice-devhub: ready, listening on ADDRESS:PORT"
  const size_t colon = line.rfind(':');
  Require(line.find("ready") != std::string::npos && colon != std::string::npos,
          "sluice-devhub did not start: \"" + line + "\"");
  port_ = static_cast<uint16_t>(std::atoi(line.c_str() + colon + 1));
}

void HubProcess::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::vector<std::string> HubProcess::Messages() const {
  std::ifstream file(path("messages.jsonl"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    // A line that the kill cut off was never acknowledged.
    if (!line.empty() && line.back() == '}') lines.push_back(line);
  }
  return lines;
}

}  // namespace sluice::uplink
