// A client's connection: socket and TLS under a Conversation. Owned and called by the Server, on
// its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/devhub/conversation.h"
#include "tests/devhub/file_descriptor.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/tls.h"

namespace sluice::devhub {

class Client {
 public:
  // `wake` asks the server to look at this client again in this turn. Hub and Tls must outlive it.
  Client(FileDescriptor fd, std::string address, Hub& hub, const Tls& tls,
         std::function<void()> wake, Conversation::Door door);

  int fd() const { return fd_.get(); }
  void SetReady(bool readable, bool writable);

  // Whether reading can go on right now.
  bool WantsToRead() const;
  // Handshakes, reads and handles what has come, up to a bound that lets others have their turn.
  void Read();
  // Sends what the conversation has to say. Only after Hub::Flush() succeeded.
  void Write();
  void Tick();
  int64_t NextDeadline() const;
  // Ends without sending anything more: what was to be acknowledged could not be stored.
  void Abort(const std::string& why);
  bool HasOutput() const { return conversation_ != nullptr && !conversation_->output()->empty(); }
  bool finished() const { return state_ == State::kFinished; }

 private:
  enum class State { kHandshake, kOpen, kDraining, kFinished };

  bool Handshake();
  // Reads once and handles it; the number of bytes, 0 when there is no more for now.
  size_t ReadSome();
  void HandleInput();
  void Drain();
  void Finish();

  FileDescriptor fd_;
  const std::string address_;
  Hub& hub_;
  const Tls& tls_;
  const std::function<void()> wake_;
  const Conversation::Door door_;
  State state_ = State::kHandshake;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::unique_ptr<Conversation> conversation_;  // once the handshake is done
  std::vector<char> input_;                     // the front input_size_ bytes are not handled yet
  size_t input_size_ = 0;
  bool held_back_ = false;  // some of it while the conversation wanted no more
  bool readable_ = true;
  bool writable_ = true;
  int64_t deadline_us_;  // of the handshake, later of draining
};

}  // namespace sluice::devhub
