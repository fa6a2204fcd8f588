#include "gateway/link/paho_link.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "MQTTAsync.h"
#include "mqtt/async_client.h"

// Paho 1.3.12 leaks topic and payload of the messages that it had queued but not yet written when a
// client is destroyed (its issue 1474): after a link that stalled before it broke, at most a window
// of them.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libpaho-mqtt3as"; }  // NOLINT
#endif

namespace sluice::link {

using credentials::Login;

namespace {

std::string ServerUri(const Login& login) {
  const bool is_v6 = login.host.find(':') != std::string::npos;
  return "ssl://" + (is_v6 ? "[" + login.host + "]" : login.host) + ":" +
         std::to_string(login.port);
}

mqtt::ssl_options TlsOptions(const Login& login) {
  mqtt::ssl_options tls;
  tls.set_verify(true);  // off by default: another host's certificate would be accepted
  tls.set_enable_server_cert_auth(true);
  // The default range: Paho's security level 1 leaves OpenSSL 3 nothing below TLS 1.2.
  tls.set_ssl_version(MQTT_SSL_VERSION_DEFAULT);
  if (!login.ca_file.empty()) tls.set_trust_store(login.ca_file);
  if (!login.certificate_file.empty()) {
    tls.set_key_store(login.certificate_file);
    tls.set_private_key(login.key_file);
  }
  return tls;
}

mqtt::connect_options ConnectOptions(const PahoLink::Options& options, const Login& login) {
  mqtt::connect_options connect;
  connect.set_mqtt_version(MQTTVERSION_3_1_1);
  connect.set_clean_session(options.clean_session);
  connect.set_keep_alive_interval(options.keep_alive_s);
  connect.set_connect_timeout(options.connect_timeout_s);
  connect.set_automatic_reconnect(false);
  // Above what the sender ever has under way: what Paho queues itself drains once a second.
  connect.set_max_inflight(options.max_inflight + 28);
  if (!login.user_name.empty()) connect.set_user_name(login.user_name);
  if (!login.password.empty()) connect.set_password(login.password);
  connect.set_ssl(TlsOptions(login));
  return connect;
}

// What may wait to be taken: the largest messages that a hub sends down are twins and methods'
// requests of up to 128 KB.
constexpr size_t kMaxInboundMessages = 64;
constexpr size_t kMaxInboundBytes = 1 << 20;

// Paho formats every packet, and notes every function's entry and exit, into a trace in memory that
// nobody reads: a tenth of what forwarding costs. Who asked for a trace by Paho's variable gets it.
void QuietenTrace() {
  if (std::getenv("MQTT_C_CLIENT_TRACE") == nullptr) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
}

}  // namespace

// One connection's client with what its callbacks need. They run on Paho's threads under Paho's one
// mutex, as does destroying the client: none runs after that.
class PahoLink::Connection {
 public:
  Connection(const Options& options, const Login& login, const std::function<void()>& ring)
      : ring_(ring),
        connecting_(*this),
        publishing_(*this),
        subscribing_(*this),
        sending_(*this),
        client_(ServerUri(login), login.client_id,
                mqtt::create_options(MQTTVERSION_3_1_1, options.max_inflight + 28)) {
    client_.set_connection_lost_handler([this](const std::string&) {
      Note({Event::Kind::kLost, 0, 0});
    });
    // Not later: a session that goes on may bring messages with its CONNACK.
    if (options.receives) {
      client_.set_message_callback([this](const mqtt::const_message_ptr& m) { Receive(*m); });
    }
  }

  void Connect(const mqtt::connect_options& options) {
    try {
      client_.connect(options, nullptr, connecting_);
    } catch (const mqtt::exception& e) {
      Note({Event::Kind::kConnectFailed, e.get_return_code(), 0});
    }
  }

  bool Publish(uint64_t number, const Message& message) {
    try {
      // The number travels as the token's context; RETAIN is never set.
      client_.publish(mqtt::message::create(mqtt::string_ref(message.topic),
                                            mqtt::binary_ref(message.payload), 1, false),
                      reinterpret_cast<void*>(number), publishing_);  // NOLINT
      return true;
    } catch (const mqtt::exception&) {
      return false;
    }
  }

  // One SUBSCRIBE a filter: of several Paho reports a success, whatever SUBACK says.
  void Subscribe(std::span<const std::string> filters) {
    unanswered_ = filters.size();
    try {
      for (const std::string& filter : filters) client_.subscribe(filter, 0, nullptr, subscribing_);
    } catch (const mqtt::exception&) {
      Note({Event::Kind::kLost, 0, 0});
    }
  }

  bool Send(const TextMessage& message) {
    unsent_.fetch_add(1, std::memory_order_relaxed);
    try {
      client_.publish(mqtt::message::create(message.topic, message.payload, 0, false), nullptr,
                      sending_);
      return true;
    } catch (const mqtt::exception&) {
      unsent_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
  }

  size_t unsent() const { return unsent_.load(std::memory_order_relaxed); }

  size_t TakeInbound(std::vector<TextMessage>* messages) {
    std::lock_guard lock(mutex_);
    for (TextMessage& each : inbound_) messages->push_back(std::move(each));
    inbound_.clear();
    inbound_bytes_ = 0;
    return std::exchange(missed_, 0);
  }

  void Poll(std::vector<Event>* events) {
    std::lock_guard lock(mutex_);
    events->insert(events->end(), events_.begin(), events_.end());
    events_.clear();
  }

 private:
  class Connecting final : public mqtt::iaction_listener {
   public:
    explicit Connecting(Connection& owner) : owner_(owner) {}
    void on_success(const mqtt::token&) override { owner_.Note({Event::Kind::kConnected, 0, 0}); }
    void on_failure(const mqtt::token& token) override {
      owner_.Note({Event::Kind::kConnectFailed, token.get_return_code(), 0});
    }

   private:
    Connection& owner_;
  };

  class Publishing final : public mqtt::iaction_listener {
   public:
    explicit Publishing(Connection& owner) : owner_(owner) {}
    void on_success(const mqtt::token& token) override {
      owner_.Note({Event::Kind::kAcked, 0,
                   reinterpret_cast<uint64_t>(token.get_user_context())});  // NOLINT
    }
    // Without a PUBACK it is not sent again by Paho; the connection is over or this is its end.
    void on_failure(const mqtt::token&) override { owner_.Note({Event::Kind::kLost, 0, 0}); }

   private:
    Connection& owner_;
  };

  class Subscribing final : public mqtt::iaction_listener {
   public:
    explicit Subscribing(Connection& owner) : owner_(owner) {}
    void on_success(const mqtt::token&) override {
      if (--owner_.unanswered_ == 0) owner_.Note({Event::Kind::kSubscribed, 0, 0});
    }
    // A connection that ends meanwhile says so itself.
    void on_failure(const mqtt::token& token) override {
      if (token.get_return_code() != MQTT_BAD_SUBSCRIBE) return;
      owner_.Note({Event::Kind::kSubscribed, MQTT_BAD_SUBSCRIBE, 0});
    }

   private:
    Connection& owner_;
  };

  class Sending final : public mqtt::iaction_listener {
   public:
    explicit Sending(Connection& owner) : owner_(owner) {}
    void on_success(const mqtt::token&) override { owner_.OnSent(); }
    void on_failure(const mqtt::token&) override { owner_.OnSent(); }

   private:
    Connection& owner_;
  };

  void OnSent() {
    unsent_.fetch_sub(1, std::memory_order_relaxed);
    ring_();
  }

  void Receive(const mqtt::message& message) {
    const std::string& topic = message.get_topic();
    const auto& payload = message.get_payload();
    const size_t bytes = topic.size() + payload.size();
    {
      std::lock_guard lock(mutex_);
      if (inbound_.size() < kMaxInboundMessages && inbound_bytes_ + bytes <= kMaxInboundBytes) {
        inbound_.push_back({topic, payload});
        inbound_bytes_ += bytes;
      } else {
        ++missed_;
      }
    }
    ring_();
  }

  void Note(const Event& event) {
    {
      std::lock_guard lock(mutex_);
      events_.push_back(event);
    }
    ring_();
  }

  const std::function<void()>& ring_;
  std::mutex mutex_;
  std::vector<Event> events_;           // guarded by mutex_
  std::vector<TextMessage> inbound_;    // guarded by mutex_
  size_t inbound_bytes_ = 0;            // guarded by mutex_
  size_t missed_ = 0;                   // guarded by mutex_
  std::atomic<size_t> unanswered_ = 0;  // of SUBSCRIBEs, once Subscribe() was called
  std::atomic<size_t> unsent_ = 0;      // of Send()
  Connecting connecting_;
  Publishing publishing_;
  Subscribing subscribing_;
  Sending sending_;
  mqtt::async_client client_;  // last: destroyed first
};

PahoLink::PahoLink(const Options& options, std::function<void()> ring)
    : options_(options), ring_(std::move(ring)) {
  QuietenTrace();
}

PahoLink::~PahoLink() = default;

void PahoLink::Connect(const Login& login) {
  // The old client goes first, saying DISCONNECT if it is still connected. If it was the process's
  // only one, Paho stops its threads and starts them again, which takes a tenth of a second; a
  // receive thread that goes on would notice the finished TCP connect only when its poll for input
  // has timed out, a second later.
  connection_.reset();
  connection_ = std::make_unique<Connection>(options_, login, ring_);
  connection_->Connect(ConnectOptions(options_, login));
}

bool PahoLink::Publish(uint64_t number, const Message& message) {
  return connection_ != nullptr && connection_->Publish(number, message);
}

void PahoLink::Subscribe(std::span<const std::string> filters) {
  if (connection_ != nullptr) connection_->Subscribe(filters);
}

bool PahoLink::Send(const TextMessage& message) {
  return connection_ != nullptr && connection_->Send(message);
}

size_t PahoLink::unsent() const { return connection_ == nullptr ? 0 : connection_->unsent(); }

size_t PahoLink::TakeInbound(std::vector<TextMessage>* messages) {
  return connection_ == nullptr ? 0 : connection_->TakeInbound(messages);
}

void PahoLink::Disconnect() { connection_.reset(); }

void PahoLink::Poll(std::vector<Event>* events) {
  if (connection_ != nullptr) connection_->Poll(events);
}

}  // namespace sluice::link
