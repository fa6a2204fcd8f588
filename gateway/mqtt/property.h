// MQTT 5 properties (section 2.2.2): one table of what each is and where it may stand.
//
// A packet's decoder calls ReadProperties() once; that checks the whole block. What it keeps is a
// PropertyList, a view of the raw block that is decoded again lazily by whoever iterates, so that
// nothing is allocated.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

enum class PropertyId : uint8_t {
  kPayloadFormatIndicator = 1,
  kMessageExpiryInterval = 2,
  kContentType = 3,
  kResponseTopic = 8,
  kCorrelationData = 9,
  kSubscriptionIdentifier = 11,
  kSessionExpiryInterval = 17,
  kAssignedClientIdentifier = 18,
  kServerKeepAlive = 19,
  kAuthenticationMethod = 21,
  kAuthenticationData = 22,
  kRequestProblemInformation = 23,
  kWillDelayInterval = 24,
  kRequestResponseInformation = 25,
  kResponseInformation = 26,
  kServerReference = 28,
  kReasonString = 31,
  kReceiveMaximum = 33,
  kTopicAliasMaximum = 34,
  kTopicAlias = 35,
  kMaximumQos = 36,
  kRetainAvailable = 37,
  kUserProperty = 38,
  kMaximumPacketSize = 39,
  kWildcardSubscriptionAvailable = 40,
  kSubscriptionIdentifierAvailable = 41,
  kSharedSubscriptionAvailable = 42,
};

struct Property {
  PropertyId id{};
  uint32_t number = 0;     // of the properties that are numbers
  std::string_view text;   // of those that are text or bytes; a user property's name
  std::string_view value;  // a user property's value
};

// The next property off the front; false if the bytes do not begin with a well-formed one. Checks
// its form alone, not its range and place.
bool NextProperty(Reader* reader, Property* property);

// The properties of a packet, in the order sent. `for (const Property& p : list)`.
class PropertyList {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Property;
    using difference_type = std::ptrdiff_t;
    using pointer = const Property*;
    using reference = const Property&;

    explicit Iterator(std::string_view block) : reader_(block) { ++*this; }
    const Property& operator*() const { return property_; }
    const Property* operator->() const { return &property_; }
    Iterator& operator++() {
      at_end_ = !NextProperty(&reader_, &property_);
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    Reader reader_;
    Property property_;
    bool at_end_ = false;
  };

  PropertyList() = default;
  explicit PropertyList(std::string_view block) : block_(block) {}

  bool empty() const { return block_.empty(); }
  Iterator begin() const { return Iterator(block_); }
  std::default_sentinel_t end() const { return {}; }
  std::string_view block() const { return block_; }

 private:
  std::string_view block_;
};

// A packet's user properties: name and value pairs in the order sent, names may repeat. A view of
// the packet's whole property block. `for (const Property& p : list) use(p.text, p.value);`
class UserProperties {
 public:
  class Iterator {
   public:
    explicit Iterator(const PropertyList& list) : it_(list.begin()) { SkipOthers(); }
    const Property& operator*() const { return *it_; }
    const Property* operator->() const { return &*it_; }
    Iterator& operator++() {
      ++it_;
      SkipOthers();
      return *this;
    }
    bool operator==(std::default_sentinel_t end) const { return it_ == end; }

   private:
    void SkipOthers() {
      while (it_ != std::default_sentinel && it_->id != PropertyId::kUserProperty) ++it_;
    }
    PropertyList::Iterator it_;
  };

  UserProperties() = default;
  explicit UserProperties(std::string_view block) : list_(block) {}

  bool empty() const { return begin() == end(); }
  Iterator begin() const { return Iterator(list_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  PropertyList list_;
};

// For senders: appends one user property to a block from which a UserProperties can be made. False,
// and nothing appended, if name or value is no text that MQTT can carry.
bool AppendUserProperty(std::string* block, std::string_view name, std::string_view value);

// Where properties stand: a packet, or CONNECT's will.
inline constexpr PacketType kWillProperties = PacketType{0};

// Checks `property` against the table and against what came before it in its block, of which `seen`
// keeps a bit each. kSuccess, or why the packet is to be refused.
Reason CheckProperty(PacketType where, const Property& property, uint64_t* seen);

// Takes a property block, its length in front, off the reader; `block` becomes the raw block. Each
// property is checked and handed to `keep(const Property&)`.
template <typename Keep>
Reason ReadProperties(PacketType where, Reader* reader, std::string_view* block, const Keep& keep) {
  uint32_t size = 0;
  if (!reader->VariableInteger(&size) || !reader->Take(size, block))
    return Reason::kMalformedPacket;
  Reader properties(*block);
  uint64_t seen = 0;
  while (!properties.done()) {
    Property property;
    if (!NextProperty(&properties, &property)) return Reason::kMalformedPacket;
    const Reason reason = CheckProperty(where, property, &seen);
    if (reason != Reason::kSuccess) return reason;
    keep(property);
  }
  return Reason::kSuccess;
}

// How a property's value is written.
enum class PropertyForm : uint8_t {
  kNone,
  kByte,
  kTwoBytes,
  kFourBytes,
  kVariable,
  kText,
  kBinary,
  kPair
};
PropertyForm FormOf(PropertyId id);

// Writes of properties, for a Sink of writer.h. Absent ones (nullopt) leave nothing.
template <typename Sink>
void WriteText(Sink& sink, PropertyId id, const std::optional<std::string_view>& text) {
  if (!text.has_value()) return;
  sink.Byte(static_cast<uint8_t>(id));
  sink.Binary(*text);
}
template <typename Sink>
void WriteUserProperties(Sink& sink, const UserProperties& properties) {
  for (const Property& property : properties) {
    sink.Byte(static_cast<uint8_t>(PropertyId::kUserProperty));
    sink.Binary(property.text);
    sink.Binary(property.value);
  }
}

template <typename Sink>
void WriteNumber(Sink& sink, PropertyId id, uint32_t value) {
  sink.Byte(static_cast<uint8_t>(id));
  switch (FormOf(id)) {
    case PropertyForm::kByte:
      sink.Byte(static_cast<uint8_t>(value));
      break;
    case PropertyForm::kTwoBytes:
      sink.TwoBytes(static_cast<uint16_t>(value));
      break;
    case PropertyForm::kFourBytes:
      sink.FourBytes(value);
      break;
    case PropertyForm::kVariable:
      sink.VariableInteger(value);
      break;
    default:
      assert(false && "not a number");
  }
}

}  // namespace sluice::mqtt
