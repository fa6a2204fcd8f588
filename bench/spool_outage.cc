// Plays an outage on a real spool and prints what came of it as JSON: bench/outage.py runs it.
//
//   spool_outage FOLDER SECONDS MAX_BYTES
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "gateway/operate/log.h"
#include "tests/gateway/spool/outage.h"

namespace {

// The most that was resident at a time. Not getrusage's: that counts who started this program, too.
uint64_t MostResidentBytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: spool_outage FOLDER SECONDS MAX_BYTES\n", stderr);
    return 2;
  }
  sluice::operate::SetUpLog({.level = sluice::operate::LogLevel::kError});
  sluice::spool::OutagePlan plan;
  plan.folder = argv[1];
  plan.away = std::chrono::seconds(std::atoll(argv[2]));
  plan.max_bytes = std::strtoull(argv[3], nullptr, 10);
  const auto began = std::chrono::steady_clock::now();
  const auto result = sluice::spool::PlayOutage(plan);
  if (!result.ok()) {
    fmt::print(stderr, "spool_outage: {}\n", result.status().ToString());
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  struct rusage used {};
  ::getrusage(RUSAGE_SELF, &used);
  const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
  // The ledger of what was delivered is this program's own: a bit a record.
  fmt::print(
      "{{\"accepted\":{},\"delivered\":{},\"dropped\":{},\"again\":{},\"backlog\":{},"
      "\"max_used\":{},\"max_disk\":{},\"max_resident\":{},\"ledger_bytes\":{},"
      "\"drained_in_s\":{:.2f},\"oldest_live_ms\":{},\"rate\":{},\"drain_factor\":{},"
      "\"took_s\":{:.1f},\"cpu_s\":{:.1f}}}\n",
      result->accepted, result->delivered, result->dropped, result->again, result->backlog,
      result->max_used, result->max_disk, MostResidentBytes(), result->accepted / 8,
      static_cast<double>(result->drained_in.count()) / 1000, result->oldest_live.count(),
      plan.rate, plan.drain_factor, took.count(), cpu);
  return 0;
}
