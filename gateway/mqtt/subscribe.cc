#include "gateway/mqtt/subscribe.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kNoLocalFlag = 0x04;
constexpr unsigned kRetainAsPublishedFlag = 0x08;
constexpr unsigned kRetainHandlingShift = 4;

constexpr ReasonSet kSubackReasons = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87,
                                      0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2};
constexpr ReasonSet kSubackReasons311 = {0x00, 0x01, 0x02, 0x80};

bool ReadSubscription(Reader* reader, Subscription* subscription, unsigned* options) {
  uint8_t byte = 0;
  if (!reader->Binary(&subscription->filter) || !reader->Byte(&byte)) return false;
  *options = byte;
  subscription->qos = byte & 3;
  subscription->no_local = (byte & kNoLocalFlag) != 0;
  subscription->retain_as_published = (byte & kRetainAsPublishedFlag) != 0;
  subscription->retain_handling = byte >> kRetainHandlingShift & 3;
  return true;
}

Reason CheckSubscription(Version version, const Subscription& subscription, unsigned options) {
  // [MQTT-3.8.3-5]: reserved bits; 3.1.1 has two bits of QoS and nothing else.
  if ((options & (version == Version::k5 ? 0xc0u : 0xfcu)) != 0) return Reason::kMalformedPacket;
  if (subscription.qos == 3)
    return version == Version::k5 ? Reason::kProtocolError : Reason::kMalformedPacket;
  if (subscription.retain_handling == 3) return Reason::kProtocolError;
  if (!ValidText(subscription.filter)) return Reason::kMalformedPacket;
  if (!ValidTopicFilter(subscription.filter)) return Reason::kTopicFilterInvalid;
  // [MQTT-3.8.3-4]: no No Local on a shared subscription.
  const bool is_shared = !SplitShared(subscription.filter).share_name.empty();
  if (is_shared && subscription.no_local) return Reason::kProtocolError;
  return Reason::kSuccess;
}

Reason CheckSubscriptions(Version version, std::string_view bytes, size_t* count) {
  if (bytes.empty()) return Reason::kProtocolError;  // [MQTT-3.8.3-2]
  Reader reader(bytes);
  while (!reader.done()) {
    Subscription subscription;
    unsigned options = 0;
    if (!ReadSubscription(&reader, &subscription, &options)) return Reason::kMalformedPacket;
    const Reason reason = CheckSubscription(version, subscription, options);
    if (reason != Reason::kSuccess) return reason;
    ++*count;
  }
  return Reason::kSuccess;
}

uint8_t OptionsOf(Version version, const Subscription& subscription) {
  unsigned options = subscription.qos;
  if (version == Version::k5) {
    if (subscription.no_local) options |= kNoLocalFlag;
    if (subscription.retain_as_published) options |= kRetainAsPublishedFlag;
    options |= static_cast<unsigned>(subscription.retain_handling) << kRetainHandlingShift;
  }
  return static_cast<uint8_t>(options);
}

uint8_t SubackCode(Version version, Reason reason) {
  const auto code = static_cast<uint8_t>(reason);
  return version == Version::k311 && code > 2 ? 0x80 : code;
}

}  // namespace

SubscriptionList::Iterator& SubscriptionList::Iterator::operator++() {
  unsigned options = 0;
  at_end_ = !ReadSubscription(&reader_, &subscription_, &options);
  return *this;
}

Result<SubscribeView> DecodeSubscribe(Version version, std::string_view body) {
  Result<SubscribeView> result;
  SubscribeView& subscribe = *result;
  Reader reader(body);
  if (!reader.TwoBytes(&subscribe.packet_id)) return Reason::kMalformedPacket;
  if (subscribe.packet_id == 0) return Reason::kProtocolError;  // [MQTT-2.2.1-3]
  if (version == Version::k5) {
    std::string_view block;
    const Reason reason = ReadProperties(PacketType::kSubscribe, &reader, &block,
                                         [&subscribe](const Property& property) {
                                           if (property.id == PropertyId::kSubscriptionIdentifier)
                                             subscribe.subscription_id = property.number;
                                         });
    if (reason != Reason::kSuccess) return reason;
    subscribe.user_properties = UserProperties(block);
  }
  const Reason reason = CheckSubscriptions(version, reader.rest(), &subscribe.count);
  if (reason != Reason::kSuccess) return reason;
  subscribe.subscriptions = SubscriptionList(reader.rest());
  return result;
}

size_t EncodeSubscribe(Version version, uint16_t packet_id,
                       std::span<const Subscription> subscriptions, std::span<char> out,
                       uint32_t subscription_id, UserProperties user_properties) {
  return EncodePacket(PacketType::kSubscribe, 2, out, [&](auto& sink) {
    sink.TwoBytes(packet_id);
    if (version == Version::k5) {
      sink.Sized([&](auto& inner) {
        if (subscription_id != 0)
          WriteNumber(inner, PropertyId::kSubscriptionIdentifier, subscription_id);
        WriteUserProperties(inner, user_properties);
      });
    }
    for (const Subscription& subscription : subscriptions) {
      sink.Binary(subscription.filter);
      sink.Byte(OptionsOf(version, subscription));
    }
  });
}

Result<SubackView> DecodeSuback(Version version, std::string_view body) {
  Result<SubackView> result;
  SubackView& suback = *result;
  Reader reader(body);
  if (!reader.TwoBytes(&suback.packet_id)) return Reason::kMalformedPacket;
  if (suback.packet_id == 0) return Reason::kProtocolError;
  if (version == Version::k5) {
    std::string_view block;
    const Reason reason =
        ReadProperties(PacketType::kSuback, &reader, &block, [&suback](const Property& property) {
          if (property.id == PropertyId::kReasonString) suback.reason_string = property.text;
        });
    if (reason != Reason::kSuccess) return reason;
    suback.user_properties = UserProperties(block);
  }
  suback.reasons = reader.rest();
  if (suback.reasons.empty()) return Reason::kMalformedPacket;
  const ReasonSet& allowed = version == Version::k5 ? kSubackReasons : kSubackReasons311;
  for (size_t i = 0; i < suback.reasons.size(); ++i) {
    if (!allowed.Has(suback.reason(i))) return Reason::kProtocolError;  // [MQTT-3.9.3-2]
  }
  return result;
}

size_t EncodeSuback(Version version, uint16_t packet_id, std::span<const Reason> reasons,
                    std::span<char> out, std::optional<std::string_view> reason_string) {
  return EncodePacket(PacketType::kSuback, 0, out, [&](auto& sink) {
    sink.TwoBytes(packet_id);
    if (version == Version::k5) {
      sink.Sized([&](auto& inner) { WriteText(inner, PropertyId::kReasonString, reason_string); });
    }
    for (const Reason reason : reasons) sink.Byte(SubackCode(version, reason));
  });
}

}  // namespace sluice::mqtt
