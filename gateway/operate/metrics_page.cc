#include "gateway/operate/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace sluice::operate {
namespace {

std::vector<prometheus::ClientMetric::Label> ToLabels(const MetricsPage::Labels& labels) {
  std::vector<prometheus::ClientMetric::Label> result;
  for (const auto& [name, value] : labels) result.push_back({name, value});
  return result;
}

}  // namespace

MetricsPage::Family& MetricsPage::FamilyOf(std::string_view name, std::string_view help,
                                           Type type) {
  const std::string full = "sluice_" + std::string(name);
  const auto found = std::find_if(families_.begin(), families_.end(),
                                  [&](const Family& family) { return family.name == full; });
  if (found != families_.end()) return *found;
  return families_.emplace_back(Family{full, std::string(help), type, {}});
}

void MetricsPage::AddCounter(std::string_view name, std::string_view help, uint64_t value,
                             Labels labels) {
  FamilyOf(name, help, Type::kCounter)
      .samples.push_back({std::move(labels), static_cast<double>(value), {}});
}

void MetricsPage::AddFractionalCounter(std::string_view name, std::string_view help, double value,
                                       Labels labels) {
  FamilyOf(name, help, Type::kCounter).samples.push_back({std::move(labels), value, {}});
}

void MetricsPage::AddGauge(std::string_view name, std::string_view help, double value,
                           Labels labels) {
  FamilyOf(name, help, Type::kGauge).samples.push_back({std::move(labels), value, {}});
}

void MetricsPage::AddHistogram(std::string_view name, std::string_view help,
                               const std::vector<const Histogram*>& parts, Labels labels) {
  Sample sample{std::move(labels), 0, {}};
  uint64_t count = 0;
  for (size_t i = 0; i <= Histogram::kBounds; ++i) {
    for (const Histogram* part : parts) count += part->bucket(i);
    const double bound = i < Histogram::kBounds ? static_cast<double>(Histogram::kBoundsUs[i]) / 1e6
                                                : std::numeric_limits<double>::infinity();
    sample.cumulative.emplace_back(bound, count);
  }
  for (const Histogram* part : parts) sample.value += static_cast<double>(part->sum_us()) / 1e6;
  FamilyOf(name, help, Type::kHistogram).samples.push_back(std::move(sample));
}

std::string MetricsPage::Text() const {
  std::vector<prometheus::MetricFamily> result;
  for (const Family& family : families_) {
    prometheus::MetricFamily& out = result.emplace_back();
    out.name = family.name;
    out.help = family.help;
    out.type = family.type == Type::kCounter ? prometheus::MetricType::Counter
               : family.type == Type::kGauge ? prometheus::MetricType::Gauge
                                             : prometheus::MetricType::Histogram;
    for (const Sample& sample : family.samples) {
      prometheus::ClientMetric& metric = out.metric.emplace_back();
      metric.label = ToLabels(sample.labels);
      metric.counter.value = sample.value;
      metric.gauge.value = sample.value;
      metric.histogram.sample_sum = sample.value;
      for (const auto& [bound, count] : sample.cumulative) {
        metric.histogram.bucket.push_back({count, bound});
        metric.histogram.sample_count = count;
      }
    }
  }
  return prometheus::TextSerializer().Serialize(result);
}

}  // namespace sluice::operate
