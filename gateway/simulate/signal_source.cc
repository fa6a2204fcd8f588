#include "gateway/simulate/signal_source.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::simulate {
namespace {

constexpr int64_t kRingStepUs = 100'000;  // between the readings of a ring

void EncodeReading(const Reading& reading, uint8_t qos, EncodedPublish* publish) {
  Outgoing outgoing;
  outgoing.topic = reading.topic;
  outgoing.payload = reading.payload;
  if (!reading.content_type.empty()) outgoing.content_type = reading.content_type;
  outgoing.is_utf8 = !reading.content_type.empty();
  outgoing.qos = qos;
  [[maybe_unused]] const bool encoded = Encode(outgoing, publish);
  assert(encoded);  // a machine's topics and payloads are short
}

}  // namespace

int64_t SteadySource::DueOf(uint64_t number) const {
  // From the number, not by adding up intervals: a rate of 3 a second must not drift.
  return options_.phase_us +
         static_cast<int64_t>(static_cast<double>(number) * 1e6 / options_.rate);
}

std::optional<int64_t> SteadySource::NextDue(int64_t) {
  const int64_t due = DueOf(taken_);
  if (due >= options_.until_us) return std::nullopt;
  return due;
}

uint64_t SteadySource::Left(int64_t now_us) const {
  uint64_t left = 0;
  const int64_t end_us = std::min(now_us + 1, options_.until_us);
  while (DueOf(taken_ + left) < end_us) ++left;
  return left;
}

const EncodedPublish& SteadySource::Take() {
  const int64_t due = DueOf(taken_++);
  EncodeReading(machine_.Read(options_.epoch_us + due), options_.qos, &publish_);
  return publish_;
}

BackToBackSource::BackToBackSource(Machine machine, uint8_t qos, int64_t epoch_us, int64_t until_us,
                                   size_t ring_size)
    : ring_(ring_size), until_us_(until_us) {
  assert(ring_size > 0);
  for (EncodedPublish& publish : ring_) {
    EncodeReading(machine.Read(epoch_us), qos, &publish);
    epoch_us += kRingStepUs;
  }
}

std::optional<int64_t> BackToBackSource::NextDue(int64_t now_us) {
  if (now_us >= until_us_) return std::nullopt;
  return 0;
}

const EncodedPublish& BackToBackSource::Take() {
  const EncodedPublish& publish = ring_[next_];
  next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
  return publish;
}

}  // namespace sluice::simulate
