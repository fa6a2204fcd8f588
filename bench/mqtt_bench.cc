// What the MQTT codec and the acknowledgement queue cost a message.
//
// A stream of packets as one read brings it; time is a packet's.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/utf8.h"
#include "gateway/mqtt/writer.h"
#include "gateway/session/ack_queue.h"

namespace sluice {
namespace {

using mqtt::Version;

constexpr int kPacketsPerRead = 64;
constexpr std::string_view kTopic = "plant/line1/press-01/telemetry";

std::string StreamOf(Version version, const mqtt::PublishView& publish) {
  std::string stream;
  for (int i = 0; i < kPacketsPerRead; ++i) {
    mqtt::AppendPacket(&stream,
                       [&](std::span<char> out) { return EncodePublish(version, publish, out); });
  }
  return stream;
}

void DecodeStream(benchmark::State& state, Version version, const std::string& stream) {
  for (auto _ : state) {
    std::string_view rest = stream;
    uint64_t sum = 0;
    while (!rest.empty()) {
      const mqtt::Frame frame = mqtt::NextFrame(rest, 1 << 20);
      const auto publish =
          mqtt::DecodePublish(version, mqtt::Sender::kClient, frame.flags, frame.body);
      if (!publish.ok()) return state.SkipWithError("a packet was refused");
      sum += publish->payload.size() + publish->topic.size();
      rest.remove_prefix(frame.size);
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * kPacketsPerRead);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream.size()));
}

// The gateway's commonest packet: QoS 0, a 30-byte topic, one sensor reading of range(0) bytes.
void BM_DecodePublish_Qos0(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  mqtt::PublishView publish;
  publish.topic = kTopic;
  publish.payload = payload;
  DecodeStream(state, Version::k311, StreamOf(Version::k311, publish));
}
BENCHMARK(BM_DecodePublish_Qos0)->Arg(16)->Arg(200)->Arg(1024);

// QoS 1 in MQTT 5, as a careful device sends it: content type, payload format, two user properties.
// range(0) bytes of JSON, which are validated as UTF-8.
void BM_DecodePublish_V5Properties(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  std::string block;
  mqtt::AppendUserProperty(&block, "line", "1");
  mqtt::AppendUserProperty(&block, "schema", "press/v2");
  mqtt::PublishView publish;
  publish.topic = kTopic;
  publish.payload = payload;
  publish.qos = 1;
  publish.packet_id = 7;
  publish.payload_is_utf8 = true;
  publish.content_type = "application/json";
  publish.user_properties = mqtt::UserProperties(block);
  DecodeStream(state, Version::k5, StreamOf(Version::k5, publish));
}
BENCHMARK(BM_DecodePublish_V5Properties)->Arg(16)->Arg(200)->Arg(1024);

// QoS 0 in MQTT 5 without any property.
void BM_DecodePublish_V5Plain(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  mqtt::PublishView publish;
  publish.topic = kTopic;
  publish.payload = payload;
  DecodeStream(state, Version::k5, StreamOf(Version::k5, publish));
}
BENCHMARK(BM_DecodePublish_V5Plain)->Arg(200);

// Cutting alone.
void BM_NextFrame(benchmark::State& state) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  mqtt::PublishView publish;
  publish.topic = kTopic;
  publish.payload = payload;
  const std::string stream = StreamOf(Version::k311, publish);
  for (auto _ : state) {
    std::string_view rest = stream;
    while (!rest.empty()) {
      const mqtt::Frame frame = mqtt::NextFrame(rest, 1 << 20);
      benchmark::DoNotOptimize(frame.body.data());
      rest.remove_prefix(frame.size);
    }
  }
  state.SetItemsProcessed(state.iterations() * kPacketsPerRead);
}
BENCHMARK(BM_NextFrame)->Arg(16)->Arg(200);

void BM_EncodePuback(benchmark::State& state) {
  char out[mqtt::kMaxPlainAck];
  uint16_t id = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(mqtt::EncodePlainAck(mqtt::PacketType::kPuback, Version::k5, ++id,
                                                  mqtt::Reason::kSuccess, out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_EncodePuback);

// A message to one subscriber, 200 bytes.
void BM_EncodePublish_Qos1(benchmark::State& state) {
  const std::string payload(200, 'x');
  mqtt::PublishView publish;
  publish.topic = kTopic;
  publish.payload = payload;
  publish.qos = 1;
  publish.packet_id = 1;
  char out[512];
  for (auto _ : state) {
    benchmark::DoNotOptimize(EncodePublish(Version::k311, publish, out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(BM_EncodePublish_Qos1);

void BM_ValidText_Ascii(benchmark::State& state) {
  const std::string text(static_cast<size_t>(state.range(0)), 'a');
  for (auto _ : state) benchmark::DoNotOptimize(mqtt::ValidText(text));
}
BENCHMARK(BM_ValidText_Ascii)->Arg(8)->Arg(30)->Arg(200);

void BM_TopicMatches_Template(benchmark::State& state) {
  std::string_view filter = "plant/+/press-01/#";
  std::string_view topic = kTopic;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter);
    benchmark::DoNotOptimize(mqtt::TopicMatches(filter, topic));
  }
}
BENCHMARK(BM_TopicMatches_Template);

// A QoS 1 publish's way through the queue with range(0) in flight: receipt, verdict, settlement,
// acknowledgement.
void BM_AckQueue_Qos1(benchmark::State& state) {
  session::AckQueue queue(64);
  queue.Attach(Version::k311);
  const auto in_flight = static_cast<uint32_t>(state.range(0));
  std::vector<uint32_t> sequences(in_flight);
  uint64_t acks = 0;
  for (auto _ : state) {
    for (uint32_t i = 0; i < in_flight; ++i) {
      queue.Receive(static_cast<uint16_t>(i + 1), 1, &sequences[i]);
      queue.Judged(sequences[i], 1);
    }
    for (const uint32_t sequence : sequences) {
      queue.Settle(sequence);
      queue.Drain([&acks](const session::Ack&) { ++acks; });
    }
  }
  if (acks != static_cast<uint64_t>(state.iterations()) * in_flight)
    state.SkipWithError("lost acknowledgements");
  state.SetItemsProcessed(state.iterations() * in_flight);
}
BENCHMARK(BM_AckQueue_Qos1)->Arg(1)->Arg(64);

// The same at QoS 2, PUBREL included.
void BM_AckQueue_Qos2(benchmark::State& state) {
  session::AckQueue queue(64);
  queue.Attach(Version::k311);
  uint16_t id = 0;
  for (auto _ : state) {
    if (++id == 0) ++id;
    uint32_t sequence = 0;
    queue.Receive(id, 2, &sequence);
    queue.Judged(sequence, 1);
    queue.Settle(sequence);
    queue.Drain([](const session::Ack&) {});
    benchmark::DoNotOptimize(queue.OnPubrel(id));
  }
}
BENCHMARK(BM_AckQueue_Qos2);

}  // namespace
}  // namespace sluice
