// What the hub's bill is made of, as families of /metrics.
#pragma once

#include "gateway/operate/metrics_page.h"
#include "gateway/spool/rule_names.h"
#include "gateway/uplink/bill.h"

namespace sluice::commands {

// All rules, and the devices that cost most. `labels` go on each sample.
void AddBillMetrics(const uplink::Bill& bill, const spool::RuleNames& names,
                    const operate::MetricsPage::Labels& labels, operate::MetricsPage* page);

}  // namespace sluice::commands
