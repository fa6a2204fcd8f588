// Topics of twins and direct methods (IoT Hub, and edgeHub alike): bytes in, views out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cloud {

inline constexpr char kTwinAnswers[] = "$iothub/twin/res/#";
inline constexpr char kDesiredChanges[] = "$iothub/twin/PATCH/properties/desired/#";
inline constexpr char kMethodCalls[] = "$iothub/methods/POST/#";

struct TopicView {
  enum class Kind : uint8_t {
    kTwinAnswer,     // status, request_id
    kDesiredChange,  // version
    kMethodCall,     // method, request_id
  };
  Kind kind = Kind::kTwinAnswer;
  int status = 0;
  std::string_view request_id;  // 1 to 256 bytes that may stand in a topic again
  uint64_t version = 0;
  std::string_view method;
};

// Nothing if it is none of these, or not as the hub writes them.
std::optional<TopicView> ParseTopic(std::string_view topic);

std::string TwinReadTopic(uint64_t request_id);
std::string TwinReportTopic(uint64_t request_id);
std::string MethodAnswerTopic(int status, std::string_view request_id);

}  // namespace sluice::cloud
