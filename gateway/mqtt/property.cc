#include "gateway/mqtt/property.h"

#include <array>

#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr uint16_t In(PacketType type) {
  return static_cast<uint16_t>(1u << static_cast<unsigned>(type));
}

constexpr uint16_t kWill = In(kWillProperties);
constexpr uint16_t kConnect = In(PacketType::kConnect);
constexpr uint16_t kConnack = In(PacketType::kConnack);
constexpr uint16_t kPublish = In(PacketType::kPublish);
constexpr uint16_t kSubscribe = In(PacketType::kSubscribe);
constexpr uint16_t kDisconnect = In(PacketType::kDisconnect);
constexpr uint16_t kAuth = In(PacketType::kAuth);
constexpr uint16_t kAnswers = kConnack | In(PacketType::kPuback) | In(PacketType::kPubrec) |
                              In(PacketType::kPubrel) | In(PacketType::kPubcomp) |
                              In(PacketType::kSuback) | In(PacketType::kUnsuback) | kDisconnect |
                              kAuth;
constexpr uint16_t kEverywhere =
    kWill | kConnect | kPublish | kSubscribe | In(PacketType::kUnsubscribe) | kAnswers;

struct Rule {
  PropertyId id;
  PropertyForm form;
  uint16_t places;   // bit t: allowed in packets of type t; bit 0: in a will
  uint32_t low = 0;  // the range of numbers
  uint32_t high = 0xffffffff;
};

// Table 2-4 of the specification, with the ranges that section 3 gives.
using enum PropertyForm;
constexpr Rule kRules[] = {
    {PropertyId::kPayloadFormatIndicator, kByte, kPublish | kWill, 0, 1},
    {PropertyId::kMessageExpiryInterval, kFourBytes, kPublish | kWill},
    {PropertyId::kContentType, kText, kPublish | kWill},
    {PropertyId::kResponseTopic, kText, kPublish | kWill},
    {PropertyId::kCorrelationData, kBinary, kPublish | kWill},
    {PropertyId::kSubscriptionIdentifier, kVariable, kPublish | kSubscribe, 1},
    {PropertyId::kSessionExpiryInterval, kFourBytes, kConnect | kConnack | kDisconnect},
    {PropertyId::kAssignedClientIdentifier, kText, kConnack},
    {PropertyId::kServerKeepAlive, kTwoBytes, kConnack},
    {PropertyId::kAuthenticationMethod, kText, kConnect | kConnack | kAuth},
    {PropertyId::kAuthenticationData, kBinary, kConnect | kConnack | kAuth},
    {PropertyId::kRequestProblemInformation, kByte, kConnect, 0, 1},
    {PropertyId::kWillDelayInterval, kFourBytes, kWill},
    {PropertyId::kRequestResponseInformation, kByte, kConnect, 0, 1},
    {PropertyId::kResponseInformation, kText, kConnack},
    {PropertyId::kServerReference, kText, kConnack | kDisconnect},
    {PropertyId::kReasonString, kText, kAnswers},
    {PropertyId::kReceiveMaximum, kTwoBytes, kConnect | kConnack, 1},
    {PropertyId::kTopicAliasMaximum, kTwoBytes, kConnect | kConnack},
    {PropertyId::kTopicAlias, kTwoBytes, kPublish, 1},
    {PropertyId::kMaximumQos, kByte, kConnack, 0, 1},
    {PropertyId::kRetainAvailable, kByte, kConnack, 0, 1},
    {PropertyId::kUserProperty, kPair, kEverywhere},
    {PropertyId::kMaximumPacketSize, kFourBytes, kConnect | kConnack, 1},
    {PropertyId::kWildcardSubscriptionAvailable, kByte, kConnack, 0, 1},
    {PropertyId::kSubscriptionIdentifierAvailable, kByte, kConnack, 0, 1},
    {PropertyId::kSharedSubscriptionAvailable, kByte, kConnack, 0, 1},
};

constexpr size_t kIdEnd = 43;

constexpr std::array<Rule, kIdEnd> RulesById() {
  std::array<Rule, kIdEnd> rules{};
  for (const Rule& rule : kRules) rules[static_cast<size_t>(rule.id)] = rule;
  return rules;
}
constexpr std::array<Rule, kIdEnd> kRuleOf = RulesById();

bool MayRepeat(PacketType where, PropertyId id) {
  // A server names every subscription that a message matched (section 3.3.2.3.8).
  return id == PropertyId::kUserProperty ||
         (id == PropertyId::kSubscriptionIdentifier && where == PacketType::kPublish);
}

}  // namespace

PropertyForm FormOf(PropertyId id) {
  const auto index = static_cast<size_t>(id);
  return index < kIdEnd ? kRuleOf[index].form : kNone;
}

bool NextProperty(Reader* reader, Property* property) {
  uint8_t id = 0;  // a variable byte integer, of which every value in use is below 128
  if (!reader->Byte(&id)) return false;
  property->id = PropertyId{id};
  switch (FormOf(property->id)) {
    case kByte: {
      uint8_t value = 0;
      if (!reader->Byte(&value)) return false;
      property->number = value;
      return true;
    }
    case kTwoBytes: {
      uint16_t value = 0;
      if (!reader->TwoBytes(&value)) return false;
      property->number = value;
      return true;
    }
    case kFourBytes:
      return reader->FourBytes(&property->number);
    case kVariable:
      return reader->VariableInteger(&property->number);
    case kText:
      return reader->Text(&property->text);
    case kBinary:
      return reader->Binary(&property->text);
    case kPair:
      return reader->Text(&property->text) && reader->Text(&property->value);
    case kNone:
      return false;
  }
  return false;
}

Reason CheckProperty(PacketType where, const Property& property, uint64_t* seen) {
  const Rule& rule = kRuleOf[static_cast<size_t>(property.id)];
  if ((rule.places & In(where)) == 0) return Reason::kProtocolError;
  const uint64_t bit = uint64_t{1} << static_cast<unsigned>(property.id);
  if ((*seen & bit) != 0 && !MayRepeat(where, property.id)) return Reason::kProtocolError;
  *seen |= bit;
  const bool is_number = rule.form != kText && rule.form != kBinary && rule.form != kPair;
  if (is_number && (property.number < rule.low || property.number > rule.high)) {
    // [MQTT-3.3.2-8]: an alias of 0 has a reason of its own.
    return property.id == PropertyId::kTopicAlias ? Reason::kTopicAliasInvalid
                                                  : Reason::kProtocolError;
  }
  // [MQTT-3.3.2-14]: no wildcards in a response topic.
  if (property.id == PropertyId::kResponseTopic && !ValidTopicName(property.text))
    return Reason::kTopicNameInvalid;
  return Reason::kSuccess;
}

bool AppendUserProperty(std::string* block, std::string_view name, std::string_view value) {
  if (name.size() > 0xffff || value.size() > 0xffff || !ValidText(name) || !ValidText(value))
    return false;
  const size_t before = block->size();
  block->resize(before + 1 + 2 + name.size() + 2 + value.size());
  Writer writer(block->data() + before);
  writer.Byte(static_cast<uint8_t>(PropertyId::kUserProperty));
  writer.Binary(name);
  writer.Binary(value);
  return true;
}

}  // namespace sluice::mqtt
