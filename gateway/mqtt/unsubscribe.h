// UNSUBSCRIBE and UNSUBACK (sections 3.10 and 3.11). Views point into the bytes they were decoded
// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/mqtt/property.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"
#include "gateway/mqtt/subscribe.h"

namespace sluice::mqtt {

// The filters of an UNSUBSCRIBE, decoded as they are iterated: `for (std::string_view filter :
// list)`.
class FilterList {
 public:
  class Iterator {
   public:
    explicit Iterator(std::string_view bytes) : reader_(bytes) { ++*this; }
    std::string_view operator*() const { return filter_; }
    Iterator& operator++() {
      at_end_ = !reader_.Binary(&filter_);
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    Reader reader_;
    std::string_view filter_;
    bool at_end_ = false;
  };

  FilterList() = default;
  explicit FilterList(std::string_view checked) : bytes_(checked) {}
  Iterator begin() const { return Iterator(bytes_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view bytes_;
};

struct UnsubscribeView {
  uint16_t packet_id = 0;
  FilterList filters;
  size_t count = 0;  // of filters, at least 1
  UserProperties user_properties;
};

Result<UnsubscribeView> DecodeUnsubscribe(Version version, std::string_view body);

// Contract of EncodePacket() in writer.h.
size_t EncodeUnsubscribe(Version version, uint16_t packet_id,
                         std::span<const std::string_view> filters, std::span<char> out,
                         UserProperties user_properties = {});

// MQTT 3.1.1's UNSUBACK has no reasons.
Result<SubackView> DecodeUnsuback(Version version, std::string_view body);

// Contract of EncodePacket(). For MQTT 3.1.1 all but the packet id is left out.
size_t EncodeUnsuback(Version version, uint16_t packet_id, std::span<const Reason> reasons,
                      std::span<char> out,
                      std::optional<std::string_view> reason_string = std::nullopt);

}  // namespace sluice::mqtt
