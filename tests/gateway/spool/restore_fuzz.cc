// Whatever the bytes are, restoring ends in nothing or in a batch whose every record can be read
// and lies inside them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "gateway/spool/record_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::spool::RecordBatch;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::optional<RecordBatch> batch = RecordBatch::Restore(bytes, data[0]);
  if (!batch) return 0;
  sluice::spool::RecordReader reader;
  size_t offset = 0;
  uint64_t sum = 0;
  for (size_t i = 0; i < batch->count(); ++i) {
    const sluice::spool::RecordView& view = reader.Read(*batch, offset, &offset);
    for (const std::string_view text :
         {view.device, view.topic, view.body, view.content_type, view.content_encoding}) {
      for (const char c : text) sum += static_cast<uint8_t>(c);
    }
    for (const auto& property : view.device_properties) sum += property.name.size();
  }
  if (offset != bytes.size()) std::abort();
  volatile uint64_t used = sum;
  static_cast<void>(used);
  return 0;
}
