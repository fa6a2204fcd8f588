// What the device side costs: messages a server CPU second over mutual TLS, with a sink that does
// nothing.
//
//   server_load [--qos 0|1|2] [--devices 50] [--seconds 5] [--bytes 200] [--window 100] [--batch
//   25]
//
// One worker against one load thread, each on a core of its own if there are two. A device writes
// `batch` messages as one TLS record where it can and has at most `window` unacknowledged. The CPU
// time is that of the worker's thread alone, read on that thread; handshakes are over before.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/writer.h"
#include "gateway/server/server.h"
#include "gateway/tls/pki.h"

namespace sluice {
namespace {

struct Options {
  int qos = 0;
  size_t devices = 50;
  double seconds = 5;
  size_t bytes = 200;
  size_t window = 100;
  size_t batch = 25;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "server_load: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T Must(absl::StatusOr<T> made) {
  if (!made.ok()) Die(std::string(made.status().message()));
  return *std::move(made);
}

void Must(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

class NullSink final : public server::PublishSink {
 public:
  bool HasRoom(const server::InboundPublish&, uint64_t) override { return true; }
  server::PublishOutcome OnPublish(const server::InboundPublish& inbound) override {
    bytes_ += inbound.publish.payload.size();
    return {};
  }
  void EndOfTurn(int64_t) override {}

 private:
  uint64_t bytes_ = 0;
};

void PinThisThread(unsigned core) {
  if (std::thread::hardware_concurrency() < 2) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// The worker's CPU time, asked on its own thread.
double WorkerSeconds(server::Server* server) {
  std::promise<double> answer;
  std::future<double> seconds = answer.get_future();
  server->PostToAll([&](uint16_t) {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    const auto of = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    answer.set_value(of(usage.ru_utime) + of(usage.ru_stime));
  });
  return seconds.get();
}

// A device: sends its messages batch by batch, counts acknowledgements by their bytes.
class LoadDevice {
 public:
  LoadDevice(const Options& options, uint16_t port, SSL_CTX* context, const std::string& name)
      : options_(options) {
    Connect(port, context, name);
    for (size_t first = 0; first < options.window; first += options.batch) {
      std::string batch;
      for (size_t i = first; i < first + options.batch; ++i) Append(i, name, &batch);
      batches_.push_back(std::move(batch));
    }
  }

  int fd() const { return fd_; }

  // As much as window and socket allow; returns messages sent.
  size_t Work() {
    if (options_.qos > 0) ReadAcks();
    size_t sent = 0;
    while (options_.qos == 0 || in_flight_ + options_.batch <= options_.window) {
      const std::string& batch = batches_[next_];
      if (SSL_write(ssl_.get(), batch.data(), static_cast<int>(batch.size())) <= 0) break;
      next_ = (next_ + 1) % batches_.size();
      in_flight_ += options_.batch;
      sent += options_.batch;
      if (options_.qos == 0) break;  // the others' turn
    }
    return sent;
  }

 private:
  void Append(size_t i, const std::string& name, std::string* bytes) {
    const std::string topic = "plant/line-1/" + name + "/telemetry";
    const std::string payload(options_.bytes, 'x');
    mqtt::PublishView publish;
    publish.topic = topic;
    publish.payload = payload;
    publish.qos = static_cast<uint8_t>(options_.qos);
    publish.packet_id = options_.qos > 0 ? static_cast<uint16_t>(i + 1) : 0;
    mqtt::AppendPacket(bytes, [&](std::span<char> out) {
      return EncodePublish(mqtt::Version::k311, publish, out);
    });
  }

  void Connect(uint16_t port, SSL_CTX* context, const std::string& name) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Die("connect");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
    if (SSL_connect(ssl_.get()) != 1) Die("TLS handshake");
    mqtt::ConnectView connect;
    connect.client_id = name;
    std::string bytes;
    mqtt::AppendPacket(&bytes, [&](std::span<char> out) { return EncodeConnect(connect, out); });
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    char connack[4];
    if (SSL_read(ssl_.get(), connack, sizeof connack) != 4 || connack[3] != 0) Die("CONNACK");
    fcntl(fd_, F_SETFL, O_NONBLOCK);
    SSL_set_mode(ssl_.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }

  void ReadAcks() {
    char bytes[16 * 1024];
    int got;
    while ((got = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0) {
      ack_bytes_ += static_cast<size_t>(got);
      if (options_.qos == 2) Release({bytes, static_cast<size_t>(got)});
      const size_t done = ack_bytes_ / (options_.qos == 2 ? 8 : 4);  // PUBREC and PUBCOMP
      in_flight_ -= done;
      ack_bytes_ -= done * (options_.qos == 2 ? 8 : 4);
    }
    if (SSL_get_error(ssl_.get(), got) != SSL_ERROR_WANT_READ) Die("connection lost");
  }

  // A PUBREL for each PUBREC. Records hold whole packets, so none is cut.
  void Release(std::string_view acks) {
    std::string releases;
    for (; acks.size() >= 4; acks.remove_prefix(4)) {
      if (acks[0] != '\x50') continue;
      releases.append("\x62\x02").append(acks.substr(2, 2));
    }
    if (!releases.empty())
      SSL_write(ssl_.get(), releases.data(), static_cast<int>(releases.size()));
  }

  const Options& options_;
  int fd_ = -1;
  tls::SslPtr ssl_;
  std::vector<std::string> batches_;
  size_t next_ = 0;
  size_t in_flight_ = 0;
  size_t ack_bytes_ = 0;
};

struct Folder {
  Folder() {
    path = std::filesystem::temp_directory_path() / "sluice_bench_XXXXXX";
    if (mkdtemp(path.data()) == nullptr) Die("temporary folder");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::vector<LoadDevice> MakeDevices(const Options& options, const tls::Pki& pki, uint16_t port) {
  std::vector<LoadDevice> devices;
  for (size_t i = 0; i < options.devices; ++i) {
    const std::string name = "device-" + std::to_string(i);
    const tls::Credential credential = Must(pki.AddDevice(name));
    const tls::SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_use_certificate(context.get(), credential.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), credential.key.get());
    devices.emplace_back(options, port, context.get(), name);
  }
  return devices;
}

void Load(std::vector<LoadDevice>* devices, double seconds) {
  std::vector<pollfd> polled;
  for (const LoadDevice& device : *devices) polled.push_back({device.fd(), POLLIN | POLLOUT, 0});
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    size_t sent = 0;
    for (LoadDevice& device : *devices) sent += device.Work();
    if (sent > 0) continue;
    // Nobody may send: wait for acknowledgements, or for the sockets to take more.
    for (pollfd& each : polled) each.events = POLLIN;
    poll(polled.data(), polled.size(), 1);
  }
}

int Run(const Options& options) {
  const Folder folder;
  const tls::Pki pki(folder.path + "/pki", std::time(nullptr));
  Must(pki.Init("bench"));
  Must(pki.AddServer({"127.0.0.1"}));

  server::ServerOptions server_options;
  server_options.receive_maximum = static_cast<uint16_t>(options.window);
  server_options.listeners.resize(1);
  server_options.listeners[0].host = "127.0.0.1";
  server_options.listeners[0].tls = Must(tls::ServerContext::Load(
      {pki.path("server.crt"), pki.path("server.key"), pki.path("ca.crt"), "1.2"}));
  const std::unique_ptr<server::Server> server = Must(server::Server::Create(
      server_options, [](uint16_t) { return std::make_unique<NullSink>(); }));
  server->Start();
  server->PostToAll([](uint16_t) { PinThisThread(0); });
  PinThisThread(1);
  std::vector<LoadDevice> devices = MakeDevices(options, pki, server->listener(0).port());

  Load(&devices, 0.5);
  const server::ServerCounts before = server->Counts();
  const double cpu_before = WorkerSeconds(server.get());
  const auto start = std::chrono::steady_clock::now();
  Load(&devices, options.seconds);
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double cpu = WorkerSeconds(server.get()) - cpu_before;
  const server::ServerCounts after = server->Counts();
  const auto messages = static_cast<double>(after.received[static_cast<size_t>(options.qos)] -
                                            before.received[static_cast<size_t>(options.qos)]);
  std::printf(
      "qos %d devices %zu bytes %zu window %zu batch %zu: %.0f messages/s, worker %.0f %% "
      "busy, %.3f M messages a CPU second, %.0f ns each, %.1f a turn\n",
      options.qos, options.devices, options.bytes, options.window, options.batch, messages / wall,
      100 * cpu / wall, messages / cpu * 1e-6, cpu / messages * 1e9,
      messages / static_cast<double>(after.turns - before.turns));
  return 0;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  sluice::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--qos") options.qos = static_cast<int>(value);
    if (name == "--devices") options.devices = static_cast<size_t>(value);
    if (name == "--seconds") options.seconds = value;
    if (name == "--bytes") options.bytes = static_cast<size_t>(value);
    if (name == "--window") options.window = static_cast<size_t>(value);
    if (name == "--batch") options.batch = static_cast<size_t>(value);
  }
  return sluice::Run(options);
}
