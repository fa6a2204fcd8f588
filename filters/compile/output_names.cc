#include "filters/compile/output_names.h"

namespace sluice::compile {

std::optional<uint16_t> OutputNames::Find(std::string_view name) const {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].name == name) return static_cast<uint16_t>(i);
  }
  return std::nullopt;
}

std::optional<uint16_t> OutputNames::Default() const {
  if (const std::optional<uint16_t> hub = Find("hub")) return hub;
  std::optional<uint16_t> only;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].is_iothub) continue;
    if (only) return std::nullopt;
    only = static_cast<uint16_t>(i);
  }
  return only;
}

std::string OutputNames::List() const {
  std::string list;
  for (const OutputSpec& output : outputs_) list += (list.empty() ? "" : ", ") + output.name;
  return list.empty() ? "none" : list;
}

}  // namespace sluice::compile
