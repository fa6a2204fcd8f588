// What the uplink costs a reading: packing alone, and the way through store, packs, Paho and TLS to
// a broker.
//
// BM_Forward needs a broker: SLUICE_BENCH_BROKER=HOST:PORT, with SLUICE_BENCH_CA naming the CA of
// its certificate (bench/uplink_broker.sh starts a mosquitto). Without, it is skipped.
#include <benchmark/benchmark.h>
#include <time.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "filters/language/json_reader.h"
#include "gateway/lines/message_line.h"
#include "gateway/spool/memory_queue.h"
#include "gateway/spool/record_batch.h"
#include "gateway/uplink/iothub_output.h"
#include "gateway/uplink/pack.h"

namespace sluice::uplink {
namespace {

// A press's telemetry as the plant corpus has it, padded to `bytes`.
std::string Reading(size_t bytes) {
  std::string body =
      R"({"temperature":71.25,"v_rms":{"x":0.812,"y":0.794,"z":1.033},"unit":"C","note":")";
  if (body.size() + 2 < bytes) body.append(bytes - body.size() - 2, 'n');
  return body + "\"}";
}

spool::RecordView MakeRecord(uint64_t id, std::string_view body) {
  spool::RecordView record;
  record.id = id;
  record.time_us = 1'800'000'000'000'000 + static_cast<int64_t>(id) * 1000;
  record.device = "press-0123";
  record.topic = "plant/line-2/press-0123/telemetry";
  record.body = body;
  record.body_is_json = true;
  record.ticket = session::AckTicket{0, 1, 1, static_cast<uint32_t>(id)};
  return record;
}

// The worker's side: one reading of range(0) bytes copied into the turn's batch.
void BM_RecordBatchAppend(benchmark::State& state) {
  const std::string body = Reading(static_cast<size_t>(state.range(0)));
  spool::RecordBatch batch;
  uint64_t id = 0;
  for (auto _ : state) {
    if (batch.count() == 64) batch.Clear();
    benchmark::DoNotOptimize(batch.Append(MakeRecord(++id, body)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecordBatchAppend)->Arg(200);

// The output's side: one reading of range(0) bytes into packs of one block.
void BM_Pack(benchmark::State& state) {
  const std::string body = Reading(static_cast<size_t>(state.range(0)));
  Packer packer({.topic_prefix = "devices/gw/messages/events/", .epoch = "1h2k3j4l5m6"});
  uint64_t id = 0;
  uint64_t messages = 0;
  const Packer::TimePoint now{};
  for (auto _ : state) {
    packer.Add(MakeRecord(++id, body), {id, 300}, now);
    while (packer.has_closed()) {
      benchmark::DoNotOptimize(packer.TakeClosed());
      ++messages;
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["readings_per_pack"] = static_cast<double>(id) / static_cast<double>(messages + 1);
}
BENCHMARK(BM_Pack)->Arg(50)->Arg(200)->Arg(1000);

// The same with two `set` properties, which the pack has in common.
void BM_Pack_HubProperties(benchmark::State& state) {
  const std::string body = Reading(200);
  const spool::Property hub[] = {{"alert", "overheating"}, {"line", "line-2"}};
  Packer packer({.topic_prefix = "devices/gw/messages/events/", .epoch = "1h2k3j4l5m6"});
  uint64_t id = 0;
  const Packer::TimePoint now{};
  for (auto _ : state) {
    spool::RecordView record = MakeRecord(++id, body);
    record.hub_properties = hub;
    packer.Add(record, {id, 300}, now);
    while (packer.has_closed()) benchmark::DoNotOptimize(packer.TakeClosed());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Pack_HubProperties);

// One to one: a message with its property bag a reading.
void BM_PackNone(benchmark::State& state) {
  const std::string body = Reading(200);
  Packer packer(
      {.topic_prefix = "devices/gw/messages/events/", .epoch = "1h2k3j4l5m6", .pack = false});
  uint64_t id = 0;
  for (auto _ : state) {
    packer.Add(MakeRecord(++id, body), {id, 300}, {});
    benchmark::DoNotOptimize(packer.TakeClosed());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PackNone);

// The corpus's plant, as records.
struct Plant {
  Plant() {
    std::ifstream file(SLUICE_TEST_DATA "/corpus/plant.jsonl");
    for (std::string line; std::getline(file, line);) {
      if (!lines::ParseMessageLine(line, &messages.emplace_back()).ok()) std::abort();
    }
    language::JsonPaths no_paths;
    language::JsonReader reader(no_paths);
    for (const lines::OwnedMessage& message : messages) {
      const language::MessageView& view = message.View();
      spool::RecordView& record = records.emplace_back();
      record.id = records.size();
      record.time_us = view.time_us;
      record.device = view.device;
      record.topic = view.topic;
      record.content_type = view.content_type;
      record.body = view.payload;
      const auto verdict = reader.Read(view.payload);
      record.body_is_json = verdict == language::JsonReader::Verdict::kObject ||
                            verdict == language::JsonReader::Verdict::kNotObject;
    }
  }
  std::vector<lines::OwnedMessage> messages;
  std::vector<spool::RecordView> records;
};

// All that the plant says, in packs of one block; range(0) is gzip or not. What a pack holds, and
// what of a block is filled.
void BM_Pack_Plant(benchmark::State& state) {
  static const Plant plant;
  if (plant.records.empty()) {
    state.SkipWithError("no tests/data/corpus/plant.jsonl");
    return;
  }
  Bill bill;
  Packer packer({.topic_prefix = "devices/gw/messages/events/",
                 .epoch = "1h2k3j4l5m6",
                 .gzip = state.range(0) == 1},
                &bill);
  uint64_t packs = 0;
  uint64_t blocks = 0;
  uint64_t metered = 0;
  const auto take = [&] {
    while (packer.has_closed()) {
      const HubMessage message = packer.TakeClosed();
      bill.Charge(message.shares, BlocksOf(message.metered_bytes));
      ++packs;
      blocks += BlocksOf(message.metered_bytes);
      metered += message.metered_bytes;
    }
  };
  size_t readings = 0;
  for (auto _ : state) {
    const spool::RecordView& record = plant.records[readings % plant.records.size()];
    packer.Add(record, {record.id, 300}, {});
    ++readings;
    take();
  }
  packer.CloseAll();
  take();
  state.SetItemsProcessed(state.iterations());
  state.counters["readings_per_block"] =
      static_cast<double>(readings) / static_cast<double>(blocks);
  state.counters["block_filled"] =
      static_cast<double>(metered) / static_cast<double>(blocks * kBlockBytes);
  state.counters["tries_per_pack"] =
      static_cast<double>(packer.compressions()) / static_cast<double>(packs);
}
BENCHMARK(BM_Pack_Plant)->Arg(0)->Arg(1)->Iterations(100'000);

double CpuSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Store, packs, Paho, TLS, PUBACKs and settling for readings of 200 bytes; range(0) is pack or not.
// readings_per_cpu_s counts the CPU of this whole process, all threads.
void BM_Forward(benchmark::State& state) {
  const char* const broker = std::getenv("SLUICE_BENCH_BROKER");
  const char* const ca = std::getenv("SLUICE_BENCH_CA");
  if (broker == nullptr || ca == nullptr) {
    state.SkipWithError("set SLUICE_BENCH_BROKER and SLUICE_BENCH_CA");
    return;
  }
  constexpr size_t kRoom = 4096;  // readings under way at most
  constexpr size_t kTurn = 64;    // readings of one batch
  std::mutex mutex;
  std::condition_variable settled_some;
  uint64_t settled = 0;

  IotHubOptions options;
  options.connection = *credentials::ParseConnectionString(
      "HostName=" + std::string(broker) + ";DeviceId=gw;SharedAccessKey=AAECAwQFBgc=");
  options.ca_file = ca;
  options.epoch = "1h2k3j4l5m6";
  options.pack = state.range(0) == 1;
  RealClock clock;
  spool::Doorbell bell;
  spool::MemoryQueue queue({}, bell);
  IotHubOutput output(
      options, queue, bell,
      [&](std::span<const session::AckTicket> tickets) {
        std::lock_guard lock(mutex);
        settled += tickets.size();
        settled_some.notify_one();
      },
      clock, [] { return 0.5; });
  output.Start();

  const std::string body = Reading(200);
  spool::RecordBatch batch;
  uint64_t id = 0;
  const auto wait_until_settled = [&](uint64_t count) {
    std::unique_lock lock(mutex);
    return settled_some.wait_for(lock, std::chrono::seconds(30), [&] { return settled >= count; });
  };
  const double cpu_before = CpuSeconds();
  for (auto _ : state) {
    batch.Append(MakeRecord(++id, body));
    if (batch.count() == kTurn) batch = queue.Append(std::move(batch));
    if (id % 1024 == 0 && id >= kRoom && !wait_until_settled(id - kRoom + kTurn)) {
      state.SkipWithError("the broker does not acknowledge");
      break;
    }
  }
  const double cpu = CpuSeconds() - cpu_before;
  state.SetItemsProcessed(state.iterations());
  state.counters["readings_per_cpu_s"] = static_cast<double>(id) / cpu;
  state.counters["messages"] = static_cast<double>(output.counters().sent.Get());
  output.Stop(std::chrono::seconds(5));
}
BENCHMARK(BM_Forward)->Arg(1)->Arg(0)->UseRealTime()->MinTime(4);

}  // namespace
}  // namespace sluice::uplink

BENCHMARK_MAIN();
