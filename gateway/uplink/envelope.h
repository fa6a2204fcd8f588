// One record as the hub sees it: a member of a pack's array, or a message of its own.
//
// In a pack: {"id","device","topic","time","contentType","encoding","body","properties"}, absent
// members left out. `body` is the record's own bytes where they are JSON; else "encoding" says how
// it was made a string: "text" or "base64". What a device sets of the system properties, and a
// content encoding that is not utf-8, stands among the properties under its name in conditions
// ("messageId").
//
// Alone: the body as it came; origin and id become properties.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/spool/record.h"
#include "gateway/uplink/property_bag.h"
#include "gateway/uplink/time_text.h"

namespace sluice::uplink {

class EnvelopeWriter {
 public:
  enum class Set : uint8_t { kOutside, kInMember };  // where properties of `set` go

  // `epoch` names this process: with a record's number it is the message's id. A record that an
  // earlier one took has that one's.
  explicit EnvelopeWriter(std::string epoch, Set set = Set::kOutside)
      : epoch_(std::move(epoch)), set_(set) {}

  void AppendMember(const spool::RecordView& record, std::string* out);
  // The properties with which the record travels alone.
  void FillBag(const spool::RecordView& record, PropertyBag* bag);

 private:
  std::string_view EpochOf(const spool::RecordView& record) const {
    return record.epoch.empty() ? epoch_ : record.epoch;
  }
  void FindSurvivors(const spool::RecordView& record);
  void FindSurvivorsOfMany(const spool::RecordView& record);
  void AppendProperties(const spool::RecordView& record, std::string* out);

  const std::string epoch_;
  const Set set_;
  TimeText time_text_;
  std::string id_;
  // Indices of the device's properties that no later one, no `set` and no system property replaces.
  std::vector<size_t> survivors_;
};

}  // namespace sluice::uplink
