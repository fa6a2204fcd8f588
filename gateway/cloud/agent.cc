#include "gateway/cloud/agent.h"

#include <pthread.h>

#include <mutex>
#include <utility>

#include "gateway/cloud/topic.h"
#include "gateway/operate/log.h"

namespace sluice::cloud {
namespace {

using uplink::DownlinkMessage;

// Of the hub's messages. The largest have 128 KB.
constexpr size_t kMostWaiting = 64;
constexpr size_t kMostWaitingBytes = 1 << 20;

std::vector<std::string> FiltersOf(const MethodTable& methods) {
  std::vector<std::string> filters{kTwinAnswers, kDesiredChanges};
  if (!methods.allowed.empty()) filters.emplace_back(kMethodCalls);
  return filters;
}

}  // namespace

struct Agent::Event {
  enum class Kind : uint8_t {
    kUp,
    kDown,
    kRefused,
    kMissed,
    kMessage,
    kReloaded,
    kAnswer,
    kApplied,
  };
  Kind kind = Kind::kMissed;
  DownlinkMessage message{};
  uint64_t call = 0;
  Answer answer{};
  ApplyResult result{};
};

// Lives on while somebody still has an answer to give.
struct Agent::Mailbox {
  // From any thread; after the end nobody reads it.
  void Post(Event event) {
    {
      const std::lock_guard lock(mutex);
      if (ended) return;
      // Who goes on calling must not keep the end from coming.
      if (stopping && event.kind == Event::Kind::kMessage) return;
      if (event.kind == Event::Kind::kMessage) {
        const size_t bytes = event.message.topic.size() + event.message.payload.size();
        if (messages >= kMostWaiting || message_bytes + bytes > kMostWaitingBytes) {
          event = {.kind = Event::Kind::kMissed};
        } else {
          ++messages;
          message_bytes += bytes;
        }
      }
      const bool is_said = event.kind == Event::Kind::kMissed && !events.empty() &&
                           events.back().kind == Event::Kind::kMissed;
      if (!is_said) events.push_back(std::move(event));
    }
    bell.Ring();
  }

  spool::Doorbell bell;
  std::mutex mutex;
  // All guarded by mutex.
  std::vector<Event> events;
  size_t messages = 0;  // of these, the hub's
  size_t message_bytes = 0;
  std::deque<DownlinkMessage> outbound;
  bool stopping = false;
  bool ended = false;
};

Agent::Agent(const Options& options, MethodTable methods, TwinHost host, const uplink::Clock& clock,
             const uplink::Random& random, spool::Doorbell& bell)
    : filters_(FiltersOf(methods)),
      host_(std::move(host)),
      clock_(clock),
      output_bell_(bell),
      mailbox_(std::make_shared<Mailbox>()),
      now_(clock.Now()),
      twin_(options.twin, random, [this] { return ReportedPatch(host_.facts(), state_); }),
      calls_(options.calls, std::move(methods),
             [mailbox = mailbox_](uint64_t call, Answer answer) {
               mailbox->Post(
                   {.kind = Event::Kind::kAnswer, .call = call, .answer = std::move(answer)});
             }),
      section_in_force_(options.section_in_force) {
  if (options.version_in_force == 0) return;
  state_.status = DesiredState::Status::kApplied;
  state_.version = state_.version_in_force = options.version_in_force;
  state_.sections = options.sections_in_force;
}

Agent::~Agent() { Stop(); }

void Agent::Start() { thread_ = std::thread(&Agent::Run, this); }

void Agent::Stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->stopping = true;
  }
  mailbox_->bell.Ring();
  thread_.join();
}

void Agent::OnReloaded() { mailbox_->Post({.kind = Event::Kind::kReloaded}); }

// --- on the output's thread

void Agent::OnUp() { mailbox_->Post({.kind = Event::Kind::kUp}); }

void Agent::OnDown() {
  {
    // Answers that nobody waits for, and requests that are made anew.
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->outbound.clear();
  }
  mailbox_->Post({.kind = Event::Kind::kDown});
}

void Agent::OnRefused() { mailbox_->Post({.kind = Event::Kind::kRefused}); }

void Agent::OnMissed(size_t) { mailbox_->Post({.kind = Event::Kind::kMissed}); }

void Agent::OnMessage(DownlinkMessage message) {
  mailbox_->Post({.kind = Event::Kind::kMessage, .message = std::move(message)});
}

bool Agent::Next(DownlinkMessage* message) {
  const std::lock_guard lock(mailbox_->mutex);
  if (mailbox_->outbound.empty()) return false;
  *message = std::move(mailbox_->outbound.front());
  mailbox_->outbound.pop_front();
  return true;
}

// --- on the agent's thread

void Agent::Run() {
  pthread_setname_np(pthread_self(), "cloud");
  for (;;) {
    const auto wake = Turn();
    {
      const std::lock_guard lock(mailbox_->mutex);
      mailbox_->ended = mailbox_->stopping && mailbox_->events.empty();
      if (mailbox_->ended) return;
    }
    mailbox_->bell.WaitUntil(wake);
  }
}

std::chrono::steady_clock::time_point Agent::Turn() {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mailbox_->mutex);
    events.swap(mailbox_->events);
    mailbox_->messages = mailbox_->message_bytes = 0;
  }
  now_ = clock_.Now();
  for (Event& event : events) Take(&event);
  FollowDesired();
  while (std::optional<DownlinkMessage> late = calls_.Expire(now_)) Say(std::move(late));
  DownlinkMessage request;
  while (twin_.Next(now_, &request)) Say(std::move(request));
  return std::min(twin_.NextWake(), calls_.NextWake());
}

void Agent::Take(Event* event) {
  switch (event->kind) {
    case Event::Kind::kUp:
      return twin_.OnUp(now_);
    case Event::Kind::kDown:
      calls_.Forget();
      return twin_.OnDown();
    case Event::Kind::kRefused:
      return operate::Log(operate::LogLevel::kError, "cloud_refused",
                          "the hub does not grant twin and methods: hubs of the basic tier have "
                          "none; take the section cloud out of the configuration");
    case Event::Kind::kMissed:
      return twin_.OnMissed();
    case Event::Kind::kMessage:
      return OnMessageHere(event->message);
    case Event::Kind::kReloaded:
      if (section_refused_ && !waiting_ && !applying_)
        waiting_ = Desired{state_.version, *std::exchange(section_refused_, std::nullopt)};
      return twin_.ReportSoon();
    case Event::Kind::kAnswer:
      return Say(calls_.OnAnswer(event->call, std::move(event->answer)));
    case Event::Kind::kApplied:
      return OnApplied(event->result);
  }
}

void Agent::OnMessageHere(const DownlinkMessage& message) {
  const std::optional<TopicView> topic = ParseTopic(message.topic);
  if (!topic) return;
  switch (topic->kind) {
    case TopicView::Kind::kTwinAnswer:
      return twin_.OnAnswer(topic->status, topic->request_id, message.payload, now_);
    case TopicView::Kind::kDesiredChange:
      return twin_.OnDesiredChange(topic->version);
    case TopicView::Kind::kMethodCall:
      return Say(calls_.OnCall(topic->method, topic->request_id, message.payload, now_));
  }
}

// One version at a time; of those that come meanwhile the last.
void Agent::FollowDesired() {
  if (std::optional<Desired> read = twin_.TakeDesired()) waiting_ = std::move(read);
  if (applying_ || !waiting_) return;
  Desired next = *std::exchange(waiting_, std::nullopt);
  if (next.section == section_in_force_) {
    const bool is_news = state_.status == DesiredState::Status::kRefused ||
                         (!next.section.empty() && next.version != state_.version_in_force);
    section_refused_.reset();
    state_.faults.clear();
    state_.version = next.version;
    state_.version_in_force = next.section.empty() ? 0 : next.version;
    state_.status =
        next.section.empty() ? DesiredState::Status::kNone : DesiredState::Status::kApplied;
    if (is_news) twin_.ReportSoon();
    return;
  }
  if (next.section == section_refused_ && next.version == state_.version) return;
  applying_ = std::move(next);
  host_.apply(*applying_, [mailbox = mailbox_](ApplyResult result) {
    mailbox->Post({.kind = Event::Kind::kApplied, .result = std::move(result)});
  });
}

void Agent::OnApplied(const ApplyResult& result) {
  const Desired tried = *std::exchange(applying_, std::nullopt);
  state_.version = tried.version;
  state_.faults = result.faults;
  section_refused_.reset();
  if (!result.faults.empty()) {
    state_.status = DesiredState::Status::kRefused;
    section_refused_ = tried.section;
  } else {
    section_in_force_ = tried.section;
    state_.version_in_force = tried.section.empty() ? 0 : tried.version;
    state_.status =
        tried.section.empty() ? DesiredState::Status::kNone : DesiredState::Status::kApplied;
    state_.sections = result.sections;
  }
  twin_.ReportSoon();
}

void Agent::Say(std::optional<DownlinkMessage> message) {
  if (!message) return;
  {
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->outbound.push_back(*std::move(message));
  }
  output_bell_.Ring();
}

}  // namespace sluice::cloud
