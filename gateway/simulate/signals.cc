#include "gateway/simulate/signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iterator>
#include <numbers>

namespace sluice::simulate {
namespace {

constexpr double kWanderSeconds = 120;  // how long a quantity takes to wander off and come back
constexpr int64_t kDaySeconds = 86400;

struct KindTraits {
  const char* name;
  Signal::Shape temperature;
  Signal::Shape level;
  Anomaly anomaly;  // of the faulty ones; the start is moved by up to `first_s` more
};

// In the order of MachineKind.
constexpr KindTraits kKinds[] = {
    {"press", {58.5, 1.2, 0.3, 1.5}, {180, 4, 1.5, 0}, {5, 60, 20}},
    {"vib", {45, 0.8, 0.2, 1.5}, {1.55, 0.08, 0.05, 0}, {5, 60, 25}},
    {"conv", {34.5, 0.7, 0.2, 1.0}, {0.8, 0.002, 0.002, 0}, {7, 45, 6}},
    {"oven", {181.5, 0.6, 0.3, 0}, {40, 1.5, 0.5, -2}, {9, 50, 2}},
};
constexpr uint32_t kKindCount = std::size(kKinds);

const KindTraits& TraitsOf(MachineKind kind) { return kKinds[static_cast<size_t>(kind)]; }

// Appends 2026-03-10T09:45:00.191Z.
void AppendTimestamp(int64_t time_us, std::string& out) {
  const time_t seconds = time_us / 1'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, time_us / 1000 % 1000);
}

}  // namespace

Signal::Signal(const Shape& shape, Random& random)
    : shape_(shape), wander_(shape.wander * random.Noise()) {}

double Signal::At(int64_t time_us, Random& random) {
  // An Ornstein-Uhlenbeck process: pulled back to its base, pushed about by noise.
  const double elapsed = last_us_ == 0 ? 0 : static_cast<double>(time_us - last_us_) * 1e-6;
  const double keep = std::exp(-elapsed / kWanderSeconds);
  wander_ = wander_ * keep + shape_.wander * std::sqrt(1 - keep * keep) * random.Noise();
  wander_ = std::clamp(wander_, -4 * shape_.wander, 4 * shape_.wander);
  last_us_ = time_us;
  const double hour = static_cast<double>(time_us / 1'000'000 % kDaySeconds) / 3600;
  const double day = std::sin((hour - 9) / 12 * std::numbers::pi);
  return shape_.base + wander_ + shape_.noise * random.Noise() + shape_.day_swing * day;
}

double Anomaly::Severity(double elapsed_s) const {
  if (every_s <= 0 || elapsed_s < first_s) return 0;
  const double within = std::fmod(elapsed_s - first_s, every_s);
  if (within >= lasts_s) return 0;
  const double ramp_s = lasts_s * 0.3;
  return std::min({1.0, within / ramp_s, (lasts_s - within) / ramp_s});
}

std::string MachineName(uint32_t index) {
  return fmt::format("{}-{:02}", kKinds[index % kKindCount].name, index / kKindCount + 1);
}

Machine::Machine(uint64_t seed, uint32_t index, uint32_t payload_bytes)
    : random_(seed ^ (uint64_t{index} << 32)),
      kind_(static_cast<MachineKind>(index % kKindCount)),
      payload_bytes_(payload_bytes),
      name_(MachineName(index)) {
  const KindTraits& traits = TraitsOf(kind_);
  const uint32_t number = index / kKindCount + 1;
  topic_ = fmt::format("plant/line{}/{}/telemetry", (number + 1) / 2, name_);
  debug_topic_ = fmt::format("plant/{}/debug/plc", name_);
  temperature_ = Signal(traits.temperature, random_);
  level_ = Signal(traits.level, random_);
  counter_ = uint64_t{number} * 10'000;
  if (number % 3 == 0) {
    anomaly_ = traits.anomaly;
    anomaly_.first_s += random_.Uniform(0, traits.anomaly.first_s);
  }
}

Reading Machine::Read(int64_t time_us) {
  if (first_us_ < 0) first_us_ = time_us;
  ++sequence_;
  payload_.clear();
  switch (kind_) {
    case MachineKind::kPress:
      WritePress(time_us);
      break;
    case MachineKind::kVibration:
      WriteVibration(time_us);
      break;
    case MachineKind::kConveyor:
      if (sequence_ % 2 == 0) {
        WriteDebugText(time_us);
        return {debug_topic_, payload_, "", true};
      }
      WriteConveyor(time_us);
      break;
    case MachineKind::kOven:
      WriteOven(time_us);
      break;
  }
  Fill();
  return {topic_, payload_, kind_ == MachineKind::kPress ? "application/json" : "", false};
}

double Machine::Severity(int64_t time_us) const {
  return anomaly_.Severity(static_cast<double>(time_us - first_us_) * 1e-6);
}

void Machine::WritePress(int64_t time_us) {
  const double temperature = temperature_.At(time_us, random_) + 43 * Severity(time_us);
  const double pressure = level_.At(time_us, random_);
  const char* state = temperature > 95 ? "fault" : temperature > 80 ? "warning" : "running";
  payload_ += R"({"ts":")";
  AppendTimestamp(time_us, payload_);
  fmt::format_to(
      std::back_inserter(payload_),
      R"(","seq":{},"temperature":{:.1f},"unit":"C","pressure":{:.1f},"force":{:.0f},"cycle":{},"state":"{}"}})",
      sequence_, temperature, pressure, pressure * 6.7, ++counter_, state);
}

void Machine::WriteVibration(int64_t time_us) {
  const double severity = Severity(time_us);
  const double x = level_.At(time_us, random_);
  const double z = (x + 0.2) * (1 + 5.5 * severity);
  payload_ += R"({"ts":")";
  AppendTimestamp(time_us, payload_);
  fmt::format_to(
      std::back_inserter(payload_),
      R"(","seq":{},"v_rms":{{"x":{:.2f},"y":{:.2f},"z":{:.2f},"unit":"mm/s"}},"a_peak":{:.2f},)"
      R"("kurtosis":{:.2f},"crest":{:.2f},"rpm":{},"temperature":{:.1f},"unit":"C"}})",
      sequence_, x, x * 1.15, z, z * 0.42, 3 + 5 * severity + 0.05 * random_.Noise(),
      3.1 + severity, 1476 + static_cast<int>(3 * random_.Noise()),
      temperature_.At(time_us, random_) + 24 * severity);
}

void Machine::WriteConveyor(int64_t time_us) {
  const bool jam = Severity(time_us) > 0;
  const double speed = jam ? 0 : level_.At(time_us, random_);
  if (!jam) ++counter_;
  fmt::format_to(
      std::back_inserter(payload_),
      R"({{"ts":{},"speed":{:.3f},"setpoint":0.8,"current":{:.2f},"items":{},"jam":{},"temperature":{:.1f},"unit":"C"}})",
      time_us / 1000, speed, (jam ? 8.9 : 3.5) + 0.1 * random_.Noise(), counter_, jam,
      temperature_.At(time_us, random_));
}

void Machine::WriteOven(int64_t time_us) {
  // A spike is one sample: good before and after.
  const bool faulty = Severity(time_us) > 0;
  const bool spike = faulty && !was_faulty_;
  was_faulty_ = faulty;
  const double first = temperature_.At(time_us, random_);
  const double second = spike ? 999.9 : first + 0.6 + 0.2 * random_.Noise();
  payload_ += R"({"ts":")";
  AppendTimestamp(time_us, payload_);
  fmt::format_to(
      std::back_inserter(payload_),
      R"(","temperature":{:.1f},"unit":"C","zones":[{{"id":1,"temperature":{:.1f},"setpoint":182}},)"
      R"({{"id":2,"temperature":{:.1f},"setpoint":182}}],"duty":{:.1f},"door":"closed"}})",
      spike ? 999.9 : (first + second) / 2, first, second, level_.At(time_us, random_));
}

void Machine::WriteDebugText(int64_t time_us) {
  const double uptime_s = static_cast<double>(time_us - first_us_) * 1e-6 + 81'234;
  fmt::format_to(std::back_inserter(payload_), "[{:10.3f}] D plc: scan {:.2f}ms max {:.2f}ms q={}",
                 uptime_s, random_.Uniform(6, 9), random_.Uniform(9, 13), random_.Next() % 4);
  if (payload_.size() < payload_bytes_) payload_.resize(payload_bytes_, '.');
}

void Machine::Fill() {
  if (payload_.size() >= payload_bytes_) return;
  constexpr std::string_view kBefore = R"(,"pad":")";
  constexpr size_t kAround = kBefore.size() + 1;  // and the closing quote
  const size_t gap = payload_bytes_ - payload_.size();
  payload_.pop_back();
  if (gap >= kAround) {
    payload_.append(kBefore).append(gap - kAround, 'x').push_back('"');
  } else {
    payload_.append(gap, ' ');
  }
  payload_.push_back('}');
}

}  // namespace sluice::simulate
