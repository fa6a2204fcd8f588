// Which outputs a rule's `into` means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "filters/compile/rule_spec.h"

namespace sluice::compile {

class OutputNames {
 public:
  explicit OutputNames(std::span<const OutputSpec> outputs) : outputs_(outputs) {}

  std::optional<uint16_t> Find(std::string_view name) const;
  // The output `hub`, else the only one of type iothub: where rules without `into`, `$upstream` and
  // `default: forward` send. None if that says nothing.
  std::optional<uint16_t> Default() const;

  // "hub, local", for messages.
  std::string List() const;

 private:
  std::span<const OutputSpec> outputs_;
};

}  // namespace sluice::compile
