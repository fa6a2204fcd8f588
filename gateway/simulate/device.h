// One simulated device: its certificate, its link, its MQTT session and its messages.
//
// Belongs to one FleetLoop and runs on its thread. Times are microseconds of the loop's steady
// clock.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "gateway/simulate/message_source.h"
#include "gateway/simulate/publisher.h"
#include "gateway/simulate/random.h"
#include "gateway/simulate/tally.h"
#include "gateway/simulate/tls_link.h"
#include "gateway/tls/pki.h"

namespace sluice::simulate {

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// What a device is to be; made before the run.
struct DevicePlan {
  std::string name;
  tls::Credential credential;
  std::unique_ptr<MessageSource> source;
};

class Device {
 public:
  // What all devices of a loop share; outlives them.
  struct Surroundings {
    SSL_CTX* context = nullptr;
    const Endpoint* endpoint = nullptr;
    uint16_t window = 1;
  };
  Device(DevicePlan plan, const Surroundings& surroundings, uint64_t seed, Tally& tally);

  // Starts to connect; false if that failed at once (lost() then says when to try again). The
  // socket of fd() is then to be watched.
  bool Connect(int64_t now_us);
  // The socket is ready, as epoll says. False: the link is gone, and its socket closed.
  bool OnReady(uint32_t epoll_events, int64_t now_us);
  // Sends what is due, up to a quantum. `began_us`: when the traffic began; kNever while it has
  // not. False as above.
  bool Pump(int64_t now_us, int64_t began_us);
  // No new messages from now on; what is in flight is still waited for.
  void StopSending() { stopped_ = true; }
  // Says goodbye: DISCONNECT, then the end of the stream. The server closes when it has read
  // everything.
  void Finish();

  int fd() const { return link_.has_value() ? link_->fd() : -1; }
  bool connected() const { return publisher_.connected(); }
  bool blocked() const { return link_.has_value() && link_->blocked(); }
  // More can be sent at once: Pump() ended because its quantum was used up.
  bool has_more() const { return has_more_; }
  // When to call next without any event: Connect() where there is no link, else Pump().
  int64_t wake_us() const { return wake_us_; }
  // Nothing to send any more, and nothing unacknowledged.
  bool done(int64_t now_us, int64_t began_us);

  const std::string& name() const { return plan_.name; }
  size_t unsettled() const { return publisher_.unsettled(); }
  uint64_t unsent(int64_t now_us, int64_t began_us) const {
    return plan_.source->Left(now_us - began_us);
  }

 private:
  bool Lost(std::string cause, int64_t now_us);
  bool SendOut(int64_t now_us);
  void FillOut(int64_t now_us, int64_t began_us);

  DevicePlan plan_;
  const Surroundings& surroundings_;
  Random random_;
  Tally& tally_;
  Publisher publisher_;
  std::optional<TlsLink> link_;
  std::string out_;       // plain bytes for the link
  bool greeted_ = false;  // CONNECT has been sent on this link
  bool has_more_ = false;
  bool stopped_ = false;
  bool finishing_ = false;
  uint32_t attempts_ = 0;  // since the last CONNACK that accepted
  uint64_t connects_ = 0;
  int64_t wake_us_ = 0;
  int64_t deadline_us_ = 0;  // by when CONNACK must have come
  int64_t last_sent_us_ = 0;
};

}  // namespace sluice::simulate
