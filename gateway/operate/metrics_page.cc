#include "gateway/operate/metrics_page.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace sluice::operate {
namespace {

std::vector<prometheus::ClientMetric::Label> ToLabels(const MetricsPage::Labels& labels) {
  std::vector<prometheus::ClientMetric::Label> result;
  for (const auto& [name, value] : labels) result.push_back({name, value});
  return result;
}

constexpr std::string_view kPrefix = "sluice_";

std::string JoinValues(const MetricsPage::Labels& labels) {
  std::string joined;
  for (const auto& [name, value] : labels) joined += (joined.empty() ? "" : "/") + value;
  return joined;
}

nlohmann::ordered_json JsonNumber(double value) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (std::trunc(value) == value && std::abs(value) < kExact) return static_cast<int64_t>(value);
  return value;
}

}  // namespace

MetricsPage::Family& MetricsPage::FamilyOf(std::string_view name, std::string_view help,
                                           Type type) {
  const std::string full = std::string(kPrefix) + std::string(name);
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

std::string MetricsPage::Json(std::string_view without) const {
  nlohmann::ordered_json page = nlohmann::ordered_json::object();
  for (const Family& family : families_) {
    const auto is_left_out = [&](const Sample& sample) {
      return std::any_of(sample.labels.begin(), sample.labels.end(),
                         [&](const auto& label) { return label.first == without; });
    };
    if (std::any_of(family.samples.begin(), family.samples.end(), is_left_out)) continue;
    nlohmann::ordered_json& out = page[family.name.substr(kPrefix.size())];
    for (const Sample& sample : family.samples) {
      nlohmann::ordered_json value = JsonNumber(sample.value);
      if (family.type == Type::kHistogram) {
        const uint64_t count = sample.cumulative.empty() ? 0 : sample.cumulative.back().second;
        value = {{"count", count}, {"sum", sample.value}};
      }
      (sample.labels.empty() ? out : out[JoinValues(sample.labels)]) = std::move(value);
    }
  }
  return page.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace sluice::operate
