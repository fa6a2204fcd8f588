#include "tests/gateway/mqtt/packet_check.h"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/auth.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/ping.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/unsubscribe.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr size_t kMaxPacket = 1 << 16;
constexpr size_t kMaxCutStream = 512;  // cutting is quadratic

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// `decode(flags, body)` gives a Result, `encode(view, out)` has the contract of EncodePacket().
template <typename Decode, typename Encode>
Reason CheckRoundTrip(const Frame& frame, const Decode& decode, const Encode& encode) {
  const std::vector<char> body(frame.body.begin(), frame.body.end());
  const auto first = decode(frame.flags, std::string_view(body.data(), body.size()));
  if (!first.ok()) {
    Require(static_cast<uint8_t>(first.reason()) >= 0x80, "a refusal has an error's reason");
    return first.reason();
  }
  const auto bytes_of = [&encode](const auto& view) {
    std::string bytes;
    Require(AppendPacket(&bytes, [&](std::span<char> out) { return encode(view, out); }),
            "what decoded encodes");
    return bytes;
  };
  const std::string bytes = bytes_of(*first);
  const Frame again = NextFrame(bytes, bytes.size());
  Require(again.complete() && again.size == bytes.size() && again.type == frame.type,
          "one whole packet");
  Require(again.size <= frame.size, "no encoding is longer than what was received");
  const auto second = decode(again.flags, again.body);
  Require(second.ok(), "what was encoded decodes");
  Require(bytes_of(*second) == bytes, "decode(encode(x)) == x");
  return Reason::kSuccess;
}

Reason CheckPublish(Version version, Sender sender, const Frame& frame) {
  return CheckRoundTrip(
      frame,
      [&](uint8_t flags, std::string_view body) {
        return DecodePublish(version, sender, flags, body);
      },
      [&](const PublishView& publish, std::span<char> out) {
        Require(publish.topic.empty() || ValidTopicName(publish.topic), "a topic is valid");
        return EncodePublish(version, publish, out);
      });
}

Reason CheckAck(Version version, const Frame& frame) {
  return CheckRoundTrip(
      frame, [&](uint8_t, std::string_view body) { return DecodeAck(frame.type, version, body); },
      [&](const AckView& ack, std::span<char> out) {
        return EncodeAck(frame.type, version, ack, out);
      });
}

Reason CheckSubscribe(Version version, const Frame& frame) {
  return CheckRoundTrip(
      frame, [&](uint8_t, std::string_view body) { return DecodeSubscribe(version, body); },
      [&](const SubscribeView& subscribe, std::span<char> out) {
        std::vector<Subscription> subscriptions;
        for (const Subscription& s : subscribe.subscriptions) subscriptions.push_back(s);
        Require(subscriptions.size() == subscribe.count && subscribe.count > 0,
                "the count is right");
        return EncodeSubscribe(version, subscribe.packet_id, subscriptions, out,
                               subscribe.subscription_id, subscribe.user_properties);
      });
}

Reason CheckUnsubscribe(Version version, const Frame& frame) {
  return CheckRoundTrip(
      frame, [&](uint8_t, std::string_view body) { return DecodeUnsubscribe(version, body); },
      [&](const UnsubscribeView& unsubscribe, std::span<char> out) {
        std::vector<std::string_view> filters;
        for (const std::string_view filter : unsubscribe.filters) filters.push_back(filter);
        Require(filters.size() == unsubscribe.count && unsubscribe.count > 0, "the count is right");
        return EncodeUnsubscribe(version, unsubscribe.packet_id, filters, out,
                                 unsubscribe.user_properties);
      });
}

std::vector<Reason> ReasonsOf(const SubackView& suback) {
  std::vector<Reason> reasons;
  for (size_t i = 0; i < suback.reasons.size(); ++i) reasons.push_back(suback.reason(i));
  return reasons;
}

Reason CheckSuback(Version version, const Frame& frame) {
  return CheckRoundTrip(
      frame, [&](uint8_t, std::string_view body) { return DecodeSuback(version, body); },
      [&](const SubackView& suback, std::span<char> out) {
        return EncodeSuback(version, suback.packet_id, ReasonsOf(suback), out,
                            suback.reason_string);
      });
}

Reason CheckUnsuback(Version version, const Frame& frame) {
  return CheckRoundTrip(
      frame, [&](uint8_t, std::string_view body) { return DecodeUnsuback(version, body); },
      [&](const SubackView& suback, std::span<char> out) {
        return EncodeUnsuback(version, suback.packet_id, ReasonsOf(suback), out,
                              suback.reason_string);
      });
}

// The packets of a stream and how it ends.
struct Cut {
  std::vector<Frame> frames;
  Frame last;
};

Cut CutStream(std::string_view stream) {
  Cut cut;
  for (;;) {
    cut.last = NextFrame(stream, kMaxPacket);
    if (!cut.last.complete()) return cut;
    Require(cut.last.size >= 2 && cut.last.size <= stream.size(), "a frame lies inside its bytes");
    cut.frames.push_back(cut.last);
    stream.remove_prefix(cut.last.size);
  }
}

void CheckCuts(std::string_view stream, const Cut& whole) {
  for (size_t size = 0; size <= stream.size(); ++size) {
    const std::vector<char> bytes(stream.begin(),
                                  stream.begin() + static_cast<std::ptrdiff_t>(size));
    const Cut part = CutStream(std::string_view(bytes.data(), bytes.size()));
    Require(part.frames.size() <= whole.frames.size(), "no packet more than in the whole");
    for (size_t i = 0; i < part.frames.size(); ++i) {
      Require(part.frames[i].body == whole.frames[i].body &&
                  part.frames[i].type == whole.frames[i].type &&
                  part.frames[i].flags == whole.frames[i].flags,
              "the same packets as in the whole");
    }
    if (part.last.status == Frame::Status::kError) {
      Require(whole.last.status == Frame::Status::kError && whole.last.reason == part.last.reason &&
                  part.frames.size() == whole.frames.size(),
              "the same error as in the whole");
    }
  }
}

}  // namespace

Reason CheckPacket(Version version, Sender sender, const Frame& frame) {
  switch (frame.type) {
    case PacketType::kConnect:
      return CheckRoundTrip(
          frame, [](uint8_t, std::string_view body) { return DecodeConnect(body); },
          [](const ConnectView& connect, std::span<char> out) {
            return EncodeConnect(connect, out);
          });
    case PacketType::kConnack:
      return CheckRoundTrip(
          frame, [&](uint8_t, std::string_view body) { return DecodeConnack(version, body); },
          [&](const ConnackView& connack, std::span<char> out) {
            return EncodeConnack(version, connack, out);
          });
    case PacketType::kPublish:
      return CheckPublish(version, sender, frame);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      return CheckAck(version, frame);
    case PacketType::kSubscribe:
      return CheckSubscribe(version, frame);
    case PacketType::kSuback:
      return CheckSuback(version, frame);
    case PacketType::kUnsubscribe:
      return CheckUnsubscribe(version, frame);
    case PacketType::kUnsuback:
      return CheckUnsuback(version, frame);
    case PacketType::kPingreq:
    case PacketType::kPingresp:
      return CheckPing(frame.body);
    case PacketType::kDisconnect:
      return CheckRoundTrip(
          frame,
          [&](uint8_t, std::string_view body) { return DecodeDisconnect(version, sender, body); },
          [&](const DisconnectView& disconnect, std::span<char> out) {
            return EncodeDisconnect(version, disconnect, out);
          });
    case PacketType::kAuth:
      return CheckRoundTrip(
          frame, [&](uint8_t, std::string_view body) { return DecodeAuth(sender, body); },
          [](const AuthView& auth, std::span<char> out) { return EncodeAuth(auth, out); });
  }
  Require(false, "a frame has a type");
  return Reason::kMalformedPacket;
}

int CheckStream(Version version, Sender sender, std::string_view stream) {
  const Cut whole = CutStream(stream);
  int decoded = 0;
  for (const Frame& frame : whole.frames) {
    if (CheckPacket(version, sender, frame) == Reason::kSuccess) ++decoded;
  }
  if (stream.size() <= kMaxCutStream) CheckCuts(stream, whole);
  return decoded;
}

}  // namespace sluice::mqtt
