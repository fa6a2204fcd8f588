// What the hub's bill is made of: operations and blocks, by device and by rule.
//
// A message is shared out among its records by their bytes, in millionths, so that shares add up to
// the whole. Devices can be any number: those that cost least lose their place to new ones, and
// what they cost is then nobody's in particular. One thread charges, any thread reads.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/spool/record.h"

namespace sluice::uplink {

// In millionths, of one device or one rule.
struct Cost {
  uint64_t operations = 0;
  uint64_t blocks = 0;

  double operations_value() const { return static_cast<double>(operations) / 1e6; }
  double blocks_value() const { return static_cast<double>(blocks) / 1e6; }
};

class Bill {
 public:
  // A record's part of a message, until that is charged.
  struct Share {
    uint32_t bytes = 0;
    uint32_t device = 0;      // its place
    uint32_t generation = 0;  // of that place: whether it is the device's still
    uint16_t rule = spool::kNoRule;
  };
  struct DeviceCost {
    std::string device;
    Cost total;
    uint64_t today = 0;  // millionths of blocks since BeginDay()
  };
  struct RuleCost {
    uint16_t rule = spool::kNoRule;
    Cost total;
    uint64_t today = 0;
  };

  explicit Bill(size_t max_devices = 4096);

  Share ShareOf(const spool::RecordView& record, uint64_t bytes);
  // A message of one operation that the hub took.
  void Charge(std::span<const Share> shares, uint64_t blocks);
  // What counts as today's begins anew.
  void BeginDay();

  // Any thread. The `count` that cost most, by blocks since the beginning or today.
  enum class Order : uint8_t { kTotal, kToday };
  std::vector<DeviceCost> TopDevices(size_t count, Order order) const;
  // All that cost anything.
  std::vector<RuleCost> Rules() const;

 private:
  struct Place {
    DeviceCost cost;
    uint32_t generation = 0;
  };
  uint32_t PlaceOf(std::string_view device);
  uint32_t MakePlace();

  const size_t max_devices_;
  absl::flat_hash_map<std::string, uint32_t> index_;  // the charging thread's
  std::string key_;
  uint32_t last_ = 0;  // place of key_
  size_t hand_ = 0;

  mutable std::mutex mutex_;
  std::vector<Place> places_;    // written under mutex_, read by the charging thread without
  std::vector<RuleCost> rules_;  // guarded by mutex_; by rule, kNoRule's first
};

}  // namespace sluice::uplink
