#include "tests/devhub/request_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice::devhub {
namespace {

// A method's payload and its escapes fit in.
constexpr size_t kMostBytes = 1 << 20;

}  // namespace

RequestClient::RequestClient(FileDescriptor fd, Serve serve, std::function<void()> finished)
    : fd_(std::move(fd)),
      serve_(std::move(serve)),
      finished_(std::move(finished)),
      anchor_(std::make_shared<Anchor>(Anchor{this})) {}

bool RequestClient::OnReady() {
  char block[16'384];
  ssize_t got = 0;
  while (input_.size() <= kMostBytes && (got = recv(fd_.get(), block, sizeof(block), 0)) > 0) {
    input_.append(block, static_cast<size_t>(got));
    HandleInput();
  }
  const bool ended = got >= 0 || (errno != EAGAIN && errno != EINTR);
  input_ended_ = got == 0;
  if (!Write() || output_.size() > kMostBytes) return false;
  // It may have shut its side down to wait for the answer.
  if (ended) return input_ended_ && (waiting_ || !output_.empty());
  return !ended_ || !output_.empty();
}

void RequestClient::HandleInput() {
  handling_ = true;
  size_t consumed = 0;
  while (!waiting_ && !ended_) {
    waiting_ = true;
    const size_t size =
        serve_(std::string_view(input_).substr(consumed),
               [anchor = std::weak_ptr<Anchor>(anchor_)](std::string answer, bool last) {
                 if (const auto alive = anchor.lock()) {
                   alive->client->OnReply(std::move(answer), last);
                 }
               });
    if (size == 0) {
      waiting_ = false;
      break;
    }
    consumed += size;
  }
  input_.erase(0, consumed);
  handling_ = false;
}

void RequestClient::OnReply(std::string answer, bool last) {
  output_ += answer;
  ended_ = last;
  waiting_ = false;
  if (handling_) return;
  HandleInput();
  const bool done = ended_ || (input_ended_ && !waiting_);
  if (!Write() || (done && output_.empty())) finished_();
}

bool RequestClient::Write() {
  const ssize_t sent = send(fd_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
  if (sent > 0) output_.erase(0, static_cast<size_t>(sent));
  return sent >= 0 || errno == EAGAIN || errno == EINTR;
}

}  // namespace sluice::devhub
