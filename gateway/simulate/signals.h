// What simulated machines say: drift, noise, the day's course and planted anomalies, in the shapes
// of tests/data/corpus/plant.jsonl.
//
// Seed, index and the times asked for determine every byte. A view that Read() returns lives until
// the next Read().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/simulate/random.h"

namespace sluice::simulate {

struct Reading {
  std::string_view topic;
  std::string_view payload;
  std::string_view content_type;  // empty where the machine declares none, as most firmware
  bool is_debug = false;          // a conveyor's debug text, which nobody wants in the cloud
};

enum class MachineKind : uint8_t { kPress, kVibration, kConveyor, kOven };

// A quantity that wanders about its base, with noise, a share of the day's course, and bounds.
class Signal {
 public:
  struct Shape {
    double base = 0;
    double wander = 0;     // deviation of the slow wandering
    double noise = 0;      // deviation of one sample
    double day_swing = 0;  // added at 15:00 UTC, taken off at 03:00
  };
  Signal() = default;
  Signal(const Shape& shape, Random& random);
  double At(int64_t time_us, Random& random);

 private:
  Shape shape_;
  double wander_ = 0;
  int64_t last_us_ = 0;
};

// When a machine is faulty, and how badly: episodes at regular intervals, counted from its first
// reading.
struct Anomaly {
  double first_s = 0;
  double every_s = 0;  // 0: this machine is healthy
  double lasts_s = 0;

  // 0 outside episodes; within one it rises to 1, stays, and falls again.
  double Severity(double elapsed_s) const;
};

// One machine. Index i is the (i / 4 + 1)th of kind i % 4; two of a kind share a line of the plant;
// every third of a kind is faulty (press-03 overheats, vib-03 has a failing bearing, conv-03 jams,
// oven-03 reports spikes).
class Machine {
 public:
  // `payload_bytes`: shorter payloads are filled up to it; 0 leaves them as they are.
  Machine(uint64_t seed, uint32_t index, uint32_t payload_bytes = 0);

  const std::string& name() const { return name_; }
  MachineKind kind() const { return kind_; }
  const Anomaly& anomaly() const { return anomaly_; }

  // The next reading. Times must not go backwards.
  Reading Read(int64_t time_us);

 private:
  double Severity(int64_t time_us) const;
  void WritePress(int64_t time_us);
  void WriteVibration(int64_t time_us);
  void WriteConveyor(int64_t time_us);
  void WriteOven(int64_t time_us);
  void WriteDebugText(int64_t time_us);
  void Fill();

  Random random_;
  MachineKind kind_;
  uint32_t payload_bytes_;
  std::string name_;
  std::string topic_;
  std::string debug_topic_;
  Signal temperature_;
  Signal level_;  // what the kind is about: pressure, vibration, speed, duty
  Anomaly anomaly_;
  int64_t first_us_ = -1;
  uint64_t sequence_ = 0;
  uint64_t counter_ = 0;  // strokes of a press, items of a conveyor
  bool was_faulty_ = false;
  std::string payload_;
};

// The name of machine `index`, as its certificate has it: press-01, vib-01, conv-01, oven-01,
// press-02, …
std::string MachineName(uint32_t index);

}  // namespace sluice::simulate
