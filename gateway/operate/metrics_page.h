// The text of /metrics: families of samples, written in Prometheus's exposition format.
//
// Built anew for each request from the counters of all threads; nothing here is shared.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/operate/counter.h"

namespace sluice::operate {

class MetricsPage {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // Names without the prefix sluice_. Samples of one name come together, whatever the order of
  // calls.
  void AddCounter(std::string_view name, std::string_view help, uint64_t value, Labels labels = {});
  // Of what is counted in fractions.
  void AddFractionalCounter(std::string_view name, std::string_view help, double value,
                            Labels labels = {});
  void AddGauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  // Sums several threads' histograms; in seconds.
  void AddHistogram(std::string_view name, std::string_view help,
                    const std::vector<const Histogram*>& parts, Labels labels = {});

  std::string Text() const;
  // The same as one JSON object, names without the prefix: a number, or one for each sample by the
  // values of its labels ({"rule":3,"no_room":0}), of a histogram {"count","sum"}. Families of
  // samples that carry the label `without` are left out.
  std::string Json(std::string_view without = {}) const;

 private:
  enum class Type : uint8_t { kCounter, kGauge, kHistogram };
  struct Sample {
    Labels labels;
    double value = 0;  // of a histogram: the sum
    std::vector<std::pair<double, uint64_t>> cumulative;
  };
  struct Family {
    std::string name;
    std::string help;
    Type type;
    std::vector<Sample> samples;
  };
  Family& FamilyOf(std::string_view name, std::string_view help, Type type);

  std::vector<Family> families_;
};

}  // namespace sluice::operate
