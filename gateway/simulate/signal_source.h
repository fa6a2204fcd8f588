// The messages of one simulated machine: at a steady rate, or back to back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/simulate/message_source.h"
#include "gateway/simulate/signals.h"

namespace sluice::simulate {

// A reading every 1/rate seconds.
class SteadySource : public MessageSource {
 public:
  struct Options {
    double rate = 1;       // messages a second
    int64_t phase_us = 0;  // when the first is due; spreads a fleet over the interval
    int64_t until_us = 0;  // none is due from then on
    int64_t epoch_us = 0;  // wall clock at the traffic's beginning, microseconds since 1970
    uint8_t qos = 0;
  };
  SteadySource(Machine machine, const Options& options)
      : machine_(std::move(machine)), options_(options) {}

  std::optional<int64_t> NextDue(int64_t now_us) override;
  uint8_t NextQos() const override { return options_.qos; }
  const EncodedPublish& Take() override;
  bool paced() const override { return true; }
  uint64_t Left(int64_t now_us) const override;

 private:
  int64_t DueOf(uint64_t number) const;

  Machine machine_;
  Options options_;
  uint64_t taken_ = 0;
  EncodedPublish publish_;
};

// A ring of readings made beforehand, over and over as fast as they are taken: making one costs
// more than sending it, and a load generator must not be what is measured.
class BackToBackSource : public MessageSource {
 public:
  BackToBackSource(Machine machine, uint8_t qos, int64_t epoch_us, int64_t until_us,
                   size_t ring_size);

  std::optional<int64_t> NextDue(int64_t now_us) override;
  uint8_t NextQos() const override { return ring_[next_].qos; }
  const EncodedPublish& Take() override;
  bool paced() const override { return false; }
  uint64_t Left(int64_t) const override { return 0; }

 private:
  std::vector<EncodedPublish> ring_;
  size_t next_ = 0;
  int64_t until_us_;
};

}  // namespace sluice::simulate
