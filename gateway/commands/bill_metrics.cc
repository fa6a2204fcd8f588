#include "gateway/commands/bill_metrics.h"

#include <string>

namespace sluice::commands {
namespace {

constexpr size_t kTopDevices = 20;

operate::MetricsPage::Labels With(operate::MetricsPage::Labels labels, std::string name,
                                  std::string value) {
  labels.emplace_back(std::move(name), std::move(value));
  return labels;
}

}  // namespace

void AddBillMetrics(const uplink::Bill& bill, const spool::RuleNames& names,
                    const operate::MetricsPage::Labels& labels, operate::MetricsPage* page) {
  for (const uplink::Bill::RuleCost& rule : bill.Rules()) {
    const operate::MetricsPage::Labels each = With(labels, "rule", names.NameOf(rule.rule));
    page->AddFractionalCounter("uplink_rule_operations_total",
                               "The hub's operations, shared out among rules by bytes",
                               rule.total.operations_value(), each);
    page->AddFractionalCounter("uplink_rule_blocks_total",
                               "The hub's blocks, shared out among rules by bytes",
                               rule.total.blocks_value(), each);
  }
  for (const uplink::Bill::DeviceCost& device :
       bill.TopDevices(kTopDevices, uplink::Bill::Order::kTotal)) {
    const operate::MetricsPage::Labels each = With(labels, "device", device.device);
    page->AddFractionalCounter("uplink_device_operations_total",
                               "The same by device, of the 20 that cost most",
                               device.total.operations_value(), each);
    page->AddFractionalCounter("uplink_device_blocks_total",
                               "The same by device, of the 20 that cost most",
                               device.total.blocks_value(), each);
  }
}

}  // namespace sluice::commands
