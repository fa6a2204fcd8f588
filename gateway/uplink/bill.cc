#include "gateway/uplink/bill.h"

#include <algorithm>
#include <utility>

namespace sluice::uplink {
namespace {

constexpr uint64_t kWhole = 1'000'000;
constexpr size_t kCandidates = 16;

}  // namespace

Bill::Bill(size_t max_devices) : max_devices_(max_devices) {}

Bill::Share Bill::ShareOf(const spool::RecordView& record, uint64_t bytes) {
  const uint32_t place = PlaceOf(record.device);
  return {static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX)), place,
          places_[place].generation, record.rule};
}

uint32_t Bill::PlaceOf(std::string_view device) {
  if (!places_.empty() && key_ == device) return last_;
  key_.assign(device);
  const auto found = index_.find(key_);
  if (found != index_.end()) return last_ = found->second;
  const std::lock_guard lock(mutex_);
  last_ = MakePlace();
  places_[last_].cost.device = key_;
  index_.emplace(key_, last_);
  return last_;
}

// A free one, or that of the cheapest of the next few: who costs much keeps its own however many
// others come and go.
uint32_t Bill::MakePlace() {
  if (places_.size() < max_devices_) {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size() - 1);
  }
  size_t cheapest = hand_;
  for (size_t i = 0; i < kCandidates; ++i, hand_ = (hand_ + 1) % places_.size()) {
    if (places_[hand_].cost.total.blocks < places_[cheapest].cost.total.blocks) cheapest = hand_;
  }
  Place& place = places_[cheapest];
  index_.erase(place.cost.device);
  place.cost = {};
  ++place.generation;
  return static_cast<uint32_t>(cheapest);
}

void Bill::Charge(std::span<const Share> shares, uint64_t blocks) {
  uint64_t bytes = 0;
  for (const Share& share : shares) bytes += share.bytes;
  if (bytes == 0) return;
  const std::lock_guard lock(mutex_);
  // What is shared out up to each record, so that rounding loses nothing.
  uint64_t before = 0;
  Cost charged;
  for (const Share& share : shares) {
    before += share.bytes;
    const auto up_to = static_cast<double>(before) / static_cast<double>(bytes);
    const Cost next = {static_cast<uint64_t>(up_to * kWhole),
                       static_cast<uint64_t>(up_to * static_cast<double>(blocks * kWhole))};
    const Cost cost = {next.operations - charged.operations, next.blocks - charged.blocks};
    charged = next;
    const auto add = [&cost](Cost* total, uint64_t* today) {
      total->operations += cost.operations;
      total->blocks += cost.blocks;
      *today += cost.blocks;
    };
    Place& place = places_[share.device];
    if (place.generation == share.generation) add(&place.cost.total, &place.cost.today);
    const size_t rule = share.rule == spool::kNoRule ? 0 : size_t{share.rule} + 1;
    while (rules_.size() <= rule) {
      const size_t id = rules_.size();
      rules_.emplace_back().rule = id == 0 ? spool::kNoRule : static_cast<uint16_t>(id - 1);
    }
    add(&rules_[rule].total, &rules_[rule].today);
  }
}

void Bill::BeginDay() {
  const std::lock_guard lock(mutex_);
  for (Place& place : places_) place.cost.today = 0;
  for (RuleCost& rule : rules_) rule.today = 0;
}

std::vector<Bill::DeviceCost> Bill::TopDevices(size_t count, Order order) const {
  const auto key = [order](const DeviceCost& cost) {
    return order == Order::kToday ? cost.today : cost.total.blocks;
  };
  std::vector<DeviceCost> all;
  {
    const std::lock_guard lock(mutex_);
    for (const Place& place : places_) {
      if (key(place.cost) != 0) all.push_back(place.cost);
    }
  }
  const size_t top = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<long>(top), all.end(),
                    [&key](const DeviceCost& a, const DeviceCost& b) {
                      return std::pair(key(b), a.device) < std::pair(key(a), b.device);
                    });
  all.resize(top);
  return all;
}

std::vector<Bill::RuleCost> Bill::Rules() const {
  const std::lock_guard lock(mutex_);
  std::vector<RuleCost> all;
  for (const RuleCost& rule : rules_) {
    if (rule.total.operations != 0) all.push_back(rule);
  }
  return all;
}

}  // namespace sluice::uplink
