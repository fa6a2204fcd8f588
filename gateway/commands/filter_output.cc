#include "gateway/commands/filter_output.h"

#include <algorithm>

#include "filters/json/writer.h"
#include "filters/language/utf8.h"
#include "filters/utc/rfc3339.h"

namespace sluice::commands {

using language::PropertyView;
using match::DropReason;
using match::SetProperty;
using match::ShapedDelivery;

namespace {

constexpr size_t kLarge = 256 << 10;

std::string AsJson(std::string_view text) {
  std::string out;
  json::AppendString(text, &out);
  return out;
}

// Properties that stand for something else in the message lines' own terms.
bool IsHidden(std::string_view name) {
  return name.starts_with("$.") || language::StartsWithIgnoringCase(name, "origin-");
}

}  // namespace

FilterOutput::FilterOutput(const compile::Program& program, std::FILE* out) : out_(out) {
  for (const compile::Rule& rule : program.rules()) rules_.push_back(AsJson(rule.name));
  for (const std::string& output : program.outputs()) outputs_.push_back(AsJson(output));
}

void FilterOutput::BeginLine(uint64_t line) {
  text_.append("{\"line\":");
  json::AppendInteger(static_cast<int64_t>(line), &text_);
}

void FilterOutput::WriteVerdict(uint64_t line, const lines::OwnedMessage& message,
                                std::span<const PropertyView> properties,
                                const match::Verdict& verdict,
                                const match::Shaper::Result& shaped) {
  BeginLine(line);
  if (shaped.deliveries.empty()) {
    // A body that could not be shaped: rules took the message, and none could send it.
    const DropReason reason = verdict.forwards() ? DropReason::kRule : verdict.reason;
    text_.append(",\"verdict\":\"drop\",\"reason\":\"").append(DropReasonText(reason)).append("\"");
  } else {
    text_.append(",\"verdict\":\"forward\"");
  }
  WriteNames("rules", verdict.rules, rules_);
  WriteOutputs(shaped.deliveries);
  text_.append(",\"messages\":[");
  for (const ShapedDelivery& delivery : shaped.deliveries) {
    if (&delivery != shaped.deliveries.data()) text_.push_back(',');
    text_.append("{\"output\":").append(outputs_[delivery.delivery->output]);
    if (delivery.changed) {
      WriteJsonBody(delivery.body);
    } else {
      text_.append(message.payload_is_base64() ? ",\"payloadBase64\":" : ",\"payload\":");
      text_.append(message.payload_member());
    }
    WriteProperties(properties, delivery.delivery->set);
    text_.push_back('}');
  }
  text_.append("]}\n");
}

void FilterOutput::WriteWindow(const reduce::ClosedWindow& window,
                               const match::Shaper::Result& shaped) {
  text_.append("{\"window\":").append(rules_[window.rule]).append(",\"device\":");
  json::AppendString(window.message.device, &text_);
  text_.append(",\"topic\":");
  json::AppendString(window.message.topic, &text_);
  text_.append(",\"from\":\"");
  utc::AppendRfc3339(window.from_us, &text_);
  text_.append("\",\"to\":\"");
  utc::AppendRfc3339(window.to_us, &text_);
  text_.append("\",\"messages\":[");
  for (const ShapedDelivery& delivery : shaped.deliveries) {
    if (&delivery != shaped.deliveries.data()) text_.push_back(',');
    text_.append("{\"output\":").append(outputs_[delivery.delivery->output]);
    WriteJsonBody(delivery.body);
    WriteProperties({}, delivery.delivery->set);
    text_.push_back('}');
  }
  text_.append("]}\n");
}

void FilterOutput::WriteBadTopic(uint64_t line) {
  BeginLine(line);
  text_.append(
      ",\"verdict\":\"drop\",\"reason\":\"bad "
      "topic\",\"rules\":[],\"outputs\":[],\"messages\":[]}\n");
}

void FilterOutput::WriteError(uint64_t line, std::string_view error) {
  BeginLine(line);
  text_.append(",\"error\":");
  json::AppendString(error, &text_);
  text_.append("}\n");
}

void FilterOutput::WriteNames(std::string_view key, std::span<const uint16_t> indexes,
                              const std::vector<std::string>& names) {
  text_.append(",\"").append(key).append("\":[");
  for (size_t i = 0; i < indexes.size(); ++i) {
    if (i > 0) text_.push_back(',');
    text_.append(names[indexes[i]]);
  }
  text_.push_back(']');
}

void FilterOutput::WriteOutputs(std::span<const ShapedDelivery> deliveries) {
  distinct_.clear();
  for (const ShapedDelivery& shaped : deliveries) {
    const uint16_t output = shaped.delivery->output;
    if (std::find(distinct_.begin(), distinct_.end(), output) == distinct_.end())
      distinct_.push_back(output);
  }
  WriteNames("outputs", distinct_, outputs_);
}

// White space between values may have been line feeds; a line has none. Strings never hold them
// raw.
void FilterOutput::WriteJsonBody(std::string_view body) {
  text_.append(",\"payload\":");
  const size_t start = text_.size();
  text_.append(body);
  std::replace(text_.begin() + static_cast<ptrdiff_t>(start), text_.end(), '\n', ' ');
}

void FilterOutput::WriteProperties(std::span<const PropertyView> properties,
                                   std::span<const SetProperty> set) {
  text_.append(",\"properties\":{");
  const char* comma = "";
  const auto write_name = [&](std::string_view name) {
    text_.append(comma);
    comma = ",";
    json::AppendString(name, &text_);
    text_.push_back(':');
  };
  const auto is_set = [&](std::string_view name) {
    return std::any_of(set.begin(), set.end(), [&](const SetProperty& other) {
      return language::EqualsIgnoringCase(other.name, name);
    });
  };
  for (const PropertyView& property : survivors_.Find(properties, is_set)) {
    if (IsHidden(property.name)) continue;
    write_name(property.name);
    if (property.is_null) {
      text_.append("null");
    } else {
      json::AppendString(property.value, &text_);
    }
  }
  for (const SetProperty& property : set) {
    write_name(property.name);
    json::AppendString(property.value, &text_);
  }
  text_.push_back('}');
}

void FilterOutput::FlushIfLarge() {
  if (text_.size() >= kLarge) Flush();
}

bool FilterOutput::Flush() {
  std::fwrite(text_.data(), 1, text_.size(), out_);
  text_.clear();
  return std::fflush(out_) == 0 && std::ferror(out_) == 0;
}

}  // namespace sluice::commands
