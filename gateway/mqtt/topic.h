// Topic names and topic filters (section 4.7): what is one, and what matches what.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::mqtt {

// A name to publish to: text of 1 to 65,535 bytes [MQTT-4.7.3-1] without + and # [MQTT-3.3.2-2].
bool ValidTopicName(std::string_view topic);

// The same if the caller already knows that `topic` is valid text.
bool ValidTopicNameText(std::string_view topic);

// A filter to subscribe to: + and # fill a whole level, # the last one [MQTT-4.7.1-1]
// [MQTT-4.7.1-2]; a shared subscription is $share/NAME/FILTER with a name of at least one
// character, none of them / + # [MQTT-4.8.2-1] [MQTT-4.8.2-2].
bool ValidTopicFilter(std::string_view filter);

// The share name and the filter proper of a valid filter; the name is empty if it is not shared.
struct SharedFilter {
  std::string_view share_name;
  std::string_view filter;
};
SharedFilter SplitShared(std::string_view filter);

// Whether `filter` (valid, not shared) selects `topic` (valid). A wildcard at the front selects no
// topic that begins with $ [MQTT-4.7.2-1].
bool TopicMatches(std::string_view filter, std::string_view topic);

// Whether every topic that `filter` selects is selected by `outer` as well: how a subscription is
// granted, which must lie wholly inside a template. Both valid, neither shared.
bool FilterInside(std::string_view filter, std::string_view outer);

// The number of levels: 1 more than there are slashes.
size_t LevelCount(std::string_view topic);

}  // namespace sluice::mqtt
