// spool: how messages of outputs with `ack: stored` are kept on the disk.
#include "config/sections.h"
#include "config/types.h"
#include "config/value.h"

namespace sluice::config {
namespace {

constexpr Row<SpoolOptions> kSpoolRows[] = {
    {{"max_bytes", Size(kMiB, kGiB * 1024 * 1024), "1GiB",
      "Most bytes on the disk, of each output; the last tenth is for priorities 0 to 2"},
     Set<&SpoolOptions::max_bytes>},
    {{"min_free", Size(0, kGiB * 1024 * 1024), "64MiB",
      "Where the disk has less room than this left, the spool does not grow"},
     Set<&SpoolOptions::min_free>},
    {{"overflow", Choice(kOverflows), "block",
      "What gives way when it is full: devices wait (block), or messages are dropped and counted"},
     Set<&SpoolOptions::overflow>},
    {{"ttl", Duration(0, kHour * 24 * 366), "0s",
      "Messages that have waited longer are dropped and counted; 0s: none"},
     Set<&SpoolOptions::ttl>},
    {{"backlog_share", Integer(1, 99), "25",
      "After an outage, percent of what is sent that is backlog while newer messages wait too"},
     Set<&SpoolOptions::backlog_share>},
    {{"discard", kBool, "false",
      "Throw away what is spooled for outputs that this file no longer has"},
     Set<&SpoolOptions::discard>},
};

}  // namespace

void SetSpool(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
              Config& into) {
  ReadSection<SpoolOptions>(reader, node, key, kSpoolRows, into.spool);
}

const SectionInfo& SpoolSection() {
  static const SectionInfo section = Describe<SpoolOptions>(
      "spool", "Messages on the disk, for outputs with ack: stored", kSpoolRows);
  return section;
}

}  // namespace sluice::config
