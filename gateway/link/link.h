// A connection to a hub, a broker or a service by MQTT, as its user sees it; PahoLink is the real
// one.
//
// All calls come from one thread. What happens is polled, so that Paho's threads never run our code
// beyond noting it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/credentials/login.h"

namespace sluice::link {

struct Event {
  enum class Kind : uint8_t {
    kConnected,
    kConnectFailed,  // `code`: the CONNACK's, or negative where there was none
    kLost,
    kAcked,       // the far side has message `number`
    kSubscribed,  // to all filters; `code` not 0: one is not granted
  };
  Kind kind = Kind::kLost;
  int code = 0;
  uint64_t number = 0;
};

// Of many, as they go on the wire; shared, as Paho wants to share them too.
struct Message {
  std::shared_ptr<const std::string> topic;
  std::shared_ptr<const std::string> payload;
};

// Of few.
struct TextMessage {
  std::string topic;
  std::string payload;
};

class Link {
 public:
  virtual ~Link() = default;

  // Ends the connection there may be, politely, and begins another. Events of the old one end here.
  virtual void Connect(const credentials::Login& login) = 0;
  // Sends at QoS 1 on the present connection. False: there is none any more.
  virtual bool Publish(uint64_t number, const Message& message) = 0;
  // Subscribes to all of `filters` on the present connection; one kSubscribed answers.
  virtual void Subscribe(std::span<const std::string> filters) = 0;
  // Sends at QoS 0, beside what has numbers; whether it arrives nobody says. False: not taken.
  virtual bool Send(const TextMessage& message) = 0;
  // How many of these are not on their way yet.
  virtual size_t unsent() const = 0;
  // Appends what has come on the present connection since the last call. Returns how many messages
  // had to be dropped, because too many or too large ones waited.
  virtual size_t TakeInbound(std::vector<TextMessage>* messages) = 0;
  // Says DISCONNECT and closes.
  virtual void Disconnect() = 0;
  // Appends what has happened on the present connection since the last call.
  virtual void Poll(std::vector<Event>* events) = 0;
};

}  // namespace sluice::link
