// A connection to the hub as the sender sees it; PahoLink is the real one.
//
// All calls come from the output's thread. What happens is polled, so that Paho's threads never run
// our code beyond noting it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/uplink/hub_message.h"

namespace sluice::uplink {

struct LinkEvent {
  enum class Kind : uint8_t {
    kConnected,
    kConnectFailed,  // `code`: the CONNACK's, or negative where there was none
    kLost,
    kAcked,  // the hub has message `number`
  };
  Kind kind = Kind::kLost;
  int code = 0;
  uint64_t number = 0;
};

class HubLink {
 public:
  virtual ~HubLink() = default;

  // Ends the connection there may be, politely, and begins another. Events of the old one end here.
  // `password` empty: none is sent.
  virtual void Connect(const std::string& password) = 0;
  // Sends at QoS 1 on the present connection. False: there is none any more.
  virtual bool Publish(uint64_t number, const HubMessage& message) = 0;
  // Says DISCONNECT and closes.
  virtual void Disconnect() = 0;
  // Appends what has happened on the present connection since the last call.
  virtual void Poll(std::vector<LinkEvent>* events) = 0;
};

}  // namespace sluice::uplink
