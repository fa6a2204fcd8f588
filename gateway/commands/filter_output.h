// What `sluice filter` prints: a line of JSON for each message, written in large pieces.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/match/shaper.h"
#include "filters/match/verdict.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/lines/message_line.h"
#include "gateway/pipeline/device_properties.h"

namespace sluice::commands {

class FilterOutput {
 public:
  // `program` outlives it; `out` stays the caller's to close.
  FilterOutput(const compile::Program& program, std::FILE* out);

  void WriteVerdict(uint64_t line, const lines::OwnedMessage& message,
                    std::span<const language::PropertyView> properties,
                    const match::Verdict& verdict, const match::Shaper::Result& shaped);
  void WriteWindow(const reduce::ClosedWindow& window, const match::Shaper::Result& shaped);
  void WriteBadTopic(uint64_t line);
  void WriteError(uint64_t line, std::string_view error);
  void WriteText(std::string_view text) { text_.append(text); }

  void FlushIfLarge();
  // False if something could not be written.
  bool Flush();

 private:
  void BeginLine(uint64_t line);
  void WriteNames(std::string_view key, std::span<const uint16_t> indexes,
                  const std::vector<std::string>& names);
  void WriteOutputs(std::span<const match::ShapedDelivery> deliveries);
  void WriteJsonBody(std::string_view body);
  void WriteProperties(std::span<const language::PropertyView> properties,
                       std::span<const match::SetProperty> set);

  std::FILE* out_;
  std::string text_;
  std::vector<std::string> rules_;  // names as JSON
  std::vector<std::string> outputs_;
  std::vector<uint16_t> distinct_;
  pipeline::SurvivingProperties survivors_;
};

}  // namespace sluice::commands
