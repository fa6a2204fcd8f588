// Whatever a device sent, its envelope is one JSON value and its property bag decodes to what went
// in.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "filters/json/reader.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "gateway/credentials/connection_string.h"
#include "gateway/uplink/envelope.h"

namespace sluice::uplink {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Takes a text of up to 255 bytes off the front, its length first.
std::string_view Take(std::string_view* input) {
  if (input->empty()) return "";
  const size_t size = static_cast<uint8_t>(input->front());
  input->remove_prefix(1);
  const std::string_view text = input->substr(0, size);
  input->remove_prefix(text.size());
  return text;
}

void CheckMember(const spool::RecordView& record) {
  EnvelopeWriter writer("e");
  std::string member;
  writer.AppendMember(record, &member);
  Require(json::IsUtf8(member));
  json::Reader reader(member);
  std::string_view raw;
  Require(reader.ReadValue(&raw) && reader.AtEnd());
}

void CheckBag(const spool::RecordView& record) {
  EnvelopeWriter writer("e");
  PropertyBag bag;
  writer.FillBag(record, &bag);
  const auto entries = DecodePropertyBag(bag.text());
  Require(entries.has_value());
  size_t metered = 0;
  for (const BagEntry& entry : *entries) {
    const bool is_system = entry.name.starts_with("$.");
    metered += (is_system ? 0 : entry.name.size()) + entry.value.size();
  }
  Require(metered == bag.metered_bytes());
}

}  // namespace
}  // namespace sluice::uplink

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(credentials::ParseConnectionString(input));

  spool::RecordView record;
  record.device = uplink::Take(&input);
  record.topic = uplink::Take(&input);
  record.content_type = uplink::Take(&input);
  record.content_encoding = uplink::Take(&input);
  spool::Property properties[3];
  for (spool::Property& p : properties) {
    p.name = uplink::Take(&input);
    p.value = uplink::Take(&input);
    p.is_null = p.value == "null";
    // Admission lets none of these through.
    if (p.name.empty() || p.name.starts_with("$.")) p.name = "n";
    if (p.is_null) p.value = {};
  }
  record.device_properties = std::span<const spool::Property>(properties).first(2);
  record.hub_properties = std::span<const spool::Property>(properties).last(1);
  record.body = input;
  uplink::CheckMember(record);
  uplink::CheckBag(record);
  return 0;
}
