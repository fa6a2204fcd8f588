// A client on a Unix socket whose protocol is request, answer, request, answer: the control socket,
// the workload API. Owned and called by the Server, on its thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/devhub/file_descriptor.h"

namespace sluice::devhub {

class RequestClient {
 public:
  // To be called once a request, at once or later, even when the client is gone. `last`: the
  // connection ends with this answer.
  using Reply = std::function<void(std::string answer, bool last)>;
  // Takes the request at the front of the input and returns how many bytes it was, 0 if it is not
  // whole yet. Replies exactly if that is not 0.
  using Serve = std::function<size_t(std::string_view input, const Reply& reply)>;

  // `finished` is called when a late reply has ended the client; it may then be destroyed.
  RequestClient(FileDescriptor fd, Serve serve, std::function<void()> finished);

  // The socket is ready for something. False: the client is gone.
  bool OnReady();

 private:
  // Alive as long as the client: what replies that come late hold on to.
  struct Anchor {
    RequestClient* client;
  };

  void HandleInput();
  void OnReply(std::string answer, bool last);
  bool Write();

  FileDescriptor fd_;
  const Serve serve_;
  const std::function<void()> finished_;
  std::shared_ptr<Anchor> anchor_;
  std::string input_;
  std::string output_;
  bool waiting_ = false;      // for a reply; later requests wait, too
  bool input_ended_ = false;  // the client says no more, but may still listen
  bool ended_ = false;        // the last answer was given
  bool handling_ = false;     // requests are being taken from the input
};

}  // namespace sluice::devhub
