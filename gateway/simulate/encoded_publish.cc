#include "gateway/simulate/encoded_publish.h"

#include <cassert>

#include "gateway/mqtt/property.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/utf8.h"
#include "gateway/mqtt/writer.h"

namespace sluice::simulate {
namespace {

constexpr char kDupFlag = 0x08;

// The size of a packet's fixed header, whose length field says how far it goes.
size_t FixedHeaderSize(std::string_view packet) {
  size_t size = 1;
  while ((static_cast<unsigned char>(packet[size]) & 0x80) != 0) ++size;
  return size + 1;
}

}  // namespace

bool Encode(const Outgoing& outgoing, EncodedPublish* publish) {
  if (!mqtt::ValidTopicName(outgoing.topic)) return false;
  std::string user_properties;
  for (const language::PropertyView& property : outgoing.properties) {
    const std::string_view value = property.is_null ? std::string_view() : property.value;
    if (!mqtt::AppendUserProperty(&user_properties, property.name, value)) return false;
  }
  mqtt::PublishView view;
  view.topic = outgoing.topic;
  view.payload = outgoing.payload;
  view.qos = outgoing.qos;
  view.packet_id = outgoing.qos == 0 ? 0 : 1;
  view.payload_is_utf8 = outgoing.is_utf8;
  if (outgoing.content_type.data() != nullptr) {
    if (!mqtt::ValidText(outgoing.content_type)) return false;
    view.content_type = outgoing.content_type;
  }
  view.user_properties = mqtt::UserProperties(user_properties);
  publish->bytes.clear();
  publish->qos = outgoing.qos;
  publish->packet_id_at = 0;
  if (!mqtt::AppendPacket(&publish->bytes, [&view](std::span<char> out) {
        return mqtt::EncodePublish(mqtt::Version::k5, view, out);
      })) {
    return false;
  }
  if (outgoing.qos > 0)
    publish->packet_id_at = FixedHeaderSize(publish->bytes) + 2 + outgoing.topic.size();
  return true;
}

void SetPacketId(std::string& bytes, size_t packet_id_at, uint16_t packet_id) {
  assert(packet_id_at + 2 <= bytes.size() && packet_id != 0);
  bytes[packet_id_at] = static_cast<char>(packet_id >> 8);
  bytes[packet_id_at + 1] = static_cast<char>(packet_id & 0xff);
}

void SetDup(std::string& bytes) { bytes[0] = static_cast<char>(bytes[0] | kDupFlag); }

}  // namespace sluice::simulate
