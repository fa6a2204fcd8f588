#include "gateway/spool/record_batch.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <utility>

namespace sluice::spool {
namespace {

// A length that says "not there", as opposed to "there and empty".
constexpr uint32_t kAbsent = 0xffffffff;

enum Flags : uint8_t { kHasTicket = 1, kBodyIsJson = 2 };

// A record is a Header, a PropertySizes for each property (device, system, hub), the bytes of
// device, topic, content type, content encoding, of each property's name and value, of the body,
// and padding to kAlignment.
struct Header {
  uint64_t id;
  int64_t time_us;
  session::AckTicket ticket;
  uint32_t total_bytes;
  uint32_t body_bytes;
  uint32_t device_bytes;
  uint32_t topic_bytes;
  uint32_t content_type_bytes;
  uint32_t content_encoding_bytes;
  uint32_t device_properties;
  uint32_t system_properties;
  uint32_t hub_properties;
  uint16_t rule;
  uint8_t priority;
  uint8_t flags;
};

struct PropertySizes {
  uint32_t name;
  uint32_t value;  // kAbsent: null
};

// Batches are stored as they lie in memory (RecordBatch::kFormat).
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(Header) == RecordBatch::kMinRecordBytes &&
              std::is_trivially_copyable_v<Header>);

constexpr size_t kAlignment = 8;
constexpr size_t kFirstCapacity = size_t{16} * 1024;

size_t Bytes(std::span<const Property> properties) {
  size_t bytes = properties.size() * sizeof(PropertySizes);
  for (const Property& p : properties) bytes += p.name.size() + (p.is_null ? 0 : p.value.size());
  return bytes;
}

uint32_t SizeOrAbsent(std::string_view text) {
  return text.data() == nullptr ? kAbsent : static_cast<uint32_t>(text.size());
}

char* Put(char* to, std::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* PutSizes(char* to, std::span<const Property> properties) {
  for (const Property& p : properties) {
    const PropertySizes sizes = {static_cast<uint32_t>(p.name.size()),
                                 p.is_null ? kAbsent : static_cast<uint32_t>(p.value.size())};
    std::memcpy(to, &sizes, sizeof sizes);
    to += sizeof sizes;
  }
  return to;
}

char* PutTexts(char* to, std::span<const Property> properties) {
  for (const Property& p : properties) {
    to = Put(to, p.name);
    if (!p.is_null) to = Put(to, p.value);
  }
  return to;
}

// Takes texts off the front of a record.
class Cursor {
 public:
  explicit Cursor(const char* at) : at_(at) {}

  std::string_view Take(uint32_t size) {
    if (size == kAbsent) return {};
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }

 private:
  const char* at_;
};

// The size of the record at the beginning of foreign bytes, or 0 if they do not begin with one.
size_t RecordBytes(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) return 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  const size_t total = header.total_bytes;
  if (total > bytes.size() || total % kAlignment != 0 || total < sizeof header) return 0;

  // Sums of 32-bit lengths cannot wrap 64 bits: there are no more of them than fit into `total`.
  const uint64_t properties =
      uint64_t{header.device_properties} + header.system_properties + header.hub_properties;
  if (properties > (total - sizeof header) / sizeof(PropertySizes)) return 0;
  uint64_t used = sizeof header + properties * sizeof(PropertySizes);
  for (uint64_t i = 0; i < properties; ++i) {
    PropertySizes sizes;
    std::memcpy(&sizes, bytes.data() + sizeof header + i * sizeof sizes, sizeof sizes);
    if (sizes.name == kAbsent) return 0;
    used += uint64_t{sizes.name} + (sizes.value == kAbsent ? 0 : sizes.value);
  }
  for (const uint32_t size : {header.content_type_bytes, header.content_encoding_bytes}) {
    used += size == kAbsent ? 0 : size;
  }
  used += uint64_t{header.device_bytes} + header.topic_bytes + header.body_bytes;
  return used <= total && total - used < kAlignment ? total : 0;
}

}  // namespace

RecordBatch::RecordBatch(RecordBatch&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      count_(std::exchange(other.count_, 0)) {}

RecordBatch& RecordBatch::operator=(RecordBatch&& other) noexcept {
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  count_ = std::exchange(other.count_, 0);
  return *this;
}

char* RecordBatch::Extend(size_t bytes) {
  if (size_ + bytes > capacity_) {
    const size_t capacity = std::max({kFirstCapacity, capacity_ * 2, size_ + bytes});
    // Not make_unique: the bytes need no zeroing.
    std::unique_ptr<char[]> grown(new char[capacity]);
    if (size_ != 0) std::memcpy(grown.get(), data_.get(), size_);
    data_ = std::move(grown);
    capacity_ = capacity;
  }
  char* const begin = data_.get() + size_;
  size_ += bytes;
  return begin;
}

size_t RecordBatch::FootprintOf(const RecordView& r) {
  const size_t bytes = sizeof(Header) + r.device.size() + r.topic.size() + r.content_type.size() +
                       r.content_encoding.size() + Bytes(r.device_properties) +
                       Bytes(r.system_properties) + Bytes(r.hub_properties) + r.body.size();
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

size_t RecordBatch::Append(const RecordView& r) {
  const size_t total = FootprintOf(r);
  assert(total < kAbsent);
  Header header = {};
  header.id = r.id;
  header.time_us = r.time_us;
  if (r.ticket) header.ticket = *r.ticket;
  header.total_bytes = static_cast<uint32_t>(total);
  header.body_bytes = static_cast<uint32_t>(r.body.size());
  header.device_bytes = static_cast<uint32_t>(r.device.size());
  header.topic_bytes = static_cast<uint32_t>(r.topic.size());
  header.content_type_bytes = SizeOrAbsent(r.content_type);
  header.content_encoding_bytes = SizeOrAbsent(r.content_encoding);
  header.device_properties = static_cast<uint32_t>(r.device_properties.size());
  header.system_properties = static_cast<uint32_t>(r.system_properties.size());
  header.hub_properties = static_cast<uint32_t>(r.hub_properties.size());
  header.rule = r.rule;
  header.priority = r.priority;
  header.flags =
      static_cast<uint8_t>((r.ticket ? kHasTicket : 0) | (r.body_is_json ? kBodyIsJson : 0));

  char* to = Extend(total);
  // The padding reaches the disk: nothing of what this memory held before may stand in it.
  std::memset(to + total - kAlignment, 0, kAlignment);
  std::memcpy(to, &header, sizeof header);
  to += sizeof header;
  to = PutSizes(to, r.device_properties);
  to = PutSizes(to, r.system_properties);
  to = PutSizes(to, r.hub_properties);
  to = Put(to, r.device);
  to = Put(to, r.topic);
  to = Put(to, r.content_type);
  to = Put(to, r.content_encoding);
  to = PutTexts(to, r.device_properties);
  to = PutTexts(to, r.system_properties);
  to = PutTexts(to, r.hub_properties);
  Put(to, r.body);
  ++count_;
  return total;
}

size_t RecordBatch::AppendStored(const RecordBatch& from, size_t offset) {
  Header header;
  std::memcpy(&header, from.data_.get() + offset, sizeof header);
  header.flags = static_cast<uint8_t>(header.flags & ~kHasTicket);
  header.ticket = {};
  char* const to = Extend(header.total_bytes);
  std::memcpy(to, from.data_.get() + offset, header.total_bytes);
  std::memcpy(to, &header, sizeof header);
  ++count_;
  return header.total_bytes;
}

std::optional<RecordBatch> RecordBatch::Restore(std::string_view data, size_t count) {
  size_t records = 0;
  for (std::string_view rest = data; !rest.empty(); ++records) {
    const size_t bytes = RecordBytes(rest);
    if (bytes == 0) return std::nullopt;
    rest.remove_prefix(bytes);
  }
  if (records != count) return std::nullopt;
  RecordBatch batch;
  if (!data.empty()) std::memcpy(batch.Extend(data.size()), data.data(), data.size());
  batch.count_ = count;
  return batch;
}

const RecordView& RecordReader::Read(const RecordBatch& batch, size_t offset, size_t* next,
                                     std::string_view epoch) {
  assert(offset + sizeof(Header) <= batch.size_);
  Header header;
  std::memcpy(&header, batch.data_.get() + offset, sizeof header);
  *next = offset + header.total_bytes;

  const char* sizes_at = batch.data_.get() + offset + sizeof header;
  const size_t count =
      size_t{header.device_properties} + header.system_properties + header.hub_properties;
  Cursor texts(sizes_at + count * sizeof(PropertySizes));
  view_.id = header.id;
  view_.epoch = epoch;
  view_.time_us = header.time_us;
  view_.priority = header.priority;
  view_.rule = header.rule;
  view_.body_is_json = (header.flags & kBodyIsJson) != 0;
  view_.ticket.reset();
  if ((header.flags & kHasTicket) != 0) view_.ticket = header.ticket;
  view_.device = texts.Take(header.device_bytes);
  view_.topic = texts.Take(header.topic_bytes);
  view_.content_type = texts.Take(header.content_type_bytes);
  view_.content_encoding = texts.Take(header.content_encoding_bytes);

  properties_.resize(count);
  for (Property& property : properties_) {
    PropertySizes sizes;
    std::memcpy(&sizes, sizes_at, sizeof sizes);
    sizes_at += sizeof sizes;
    property.name = texts.Take(sizes.name);
    property.value = texts.Take(sizes.value);
    property.is_null = sizes.value == kAbsent;
  }
  const std::span<const Property> all(properties_);
  view_.device_properties = all.first(header.device_properties);
  view_.system_properties = all.subspan(header.device_properties, header.system_properties);
  view_.hub_properties = all.last(header.hub_properties);
  view_.body = texts.Take(header.body_bytes);
  return view_;
}

RecordHead RecordReader::HeadAt(const RecordBatch& batch, size_t offset, size_t* next) {
  assert(offset + sizeof(Header) <= batch.size_);
  Header header;
  std::memcpy(&header, batch.data_.get() + offset, sizeof header);
  *next = offset + header.total_bytes;
  RecordHead head{header.time_us, header.priority, std::nullopt};
  if ((header.flags & kHasTicket) != 0) head.ticket = header.ticket;
  return head;
}

}  // namespace sluice::spool
