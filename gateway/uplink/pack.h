// Gathers records into messages of one block: the hub bills each started 4 KB, however little is in
// it.
//
// Records of one pack share priority and, for IoT Hub, the properties of `set`, which are the
// pack's. A pack closes when the next record would take it over max_bytes, when its first record
// has waited max_delay, and, for the priorities 0 to 2, as soon as the records at hand have been
// added. Order within a stream (priority and properties) is kept. A record larger than max_bytes
// travels alone in a pack; one whose pack the hub would refuse, because base64 or the envelope made
// it too large, travels as it would with `pack: none`; one that is too large even so is refused for
// good.
//
// With gzip a pack is full when it is so compressed. That is not known before it is tried: each
// stream remembers how well its last pack compressed, so that one try is usually enough.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/spool/record.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/bill.h"
#include "gateway/uplink/composer.h"
#include "gateway/uplink/gzip.h"
#include "gateway/uplink/hub_message.h"
#include "gateway/uplink/metering.h"

namespace sluice::uplink {

class Packer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Options {
    std::string topic_prefix{};  // "devices/gw-01/messages/events/", until SetTopicPrefix()
    std::string broker_topic{};  // not empty: for any broker, BrokerComposer's topic
    std::string epoch{};
    bool pack = true;   // false: one record, one message
    bool gzip = false;  // packs are compressed
    uint64_t max_bytes = kBlockBytes;
    std::chrono::nanoseconds max_delay = std::chrono::seconds(1);
  };

  // `bill`: whose messages say what part of them each record is; it outlives the packer.
  explicit Packer(Options options, Bill* bill = nullptr);

  // False if the hub would never take the record: it is then nowhere in here.
  bool Add(const spool::RecordView& record, const spool::Receipt& receipt, TimePoint now);

  void CloseDue(TimePoint now);
  void CloseAll();
  // When CloseDue() will have something to do.
  std::optional<TimePoint> next_due() const;

  // Closed messages, in order.
  bool has_closed() const { return !closed_.empty(); }
  HubMessage TakeClosed();

  // What is in here too is sent as another identity from now on.
  void SetTopicPrefix(const std::string& prefix);
  const std::string& topic_prefix() const { return topic_prefix_; }

  // How often a pack was compressed, to send it or to see whether it is full.
  uint64_t compressions() const { return compressions_; }

  bool empty() const { return closed_.empty() && open_.empty() && urgent_.empty(); }

 private:
  // The pack of one priority and property set; it stays when its contents leave.
  struct Pack {
    std::shared_ptr<const std::string> topic;
    uint64_t fixed_bytes = 0;  // metered of the properties
    uint8_t priority = 0;
    uint64_t serial = 0;         // of its present contents
    std::string body;            // "[{…},{…}" or empty
    std::vector<uint32_t> ends;  // of records in the body
    std::vector<spool::Receipt> receipts;
    std::vector<session::AckTicket> tickets;
    std::vector<Bill::Share> shares;    // if there is a bill
    std::vector<uint32_t> ticket_ends;  // of records in `tickets`; with gzip alone
    uint64_t try_at = 0;                // size of the body at which it may be full, compressed
  };
  struct Opened {
    Pack* pack;
    uint64_t serial;
    TimePoint due;
  };

  // Null if no topic can hold the properties.
  Pack* FindPack(const spool::RecordView& record);
  void Open(Pack* pack, TimePoint now);
  void Close(Pack* pack);
  // The records behind `begin`, one or none, become the next pack's.
  void CloseBefore(Pack* pack, size_t begin);
  // Compressed: tries whether it is full.
  void TryFull(Pack* pack, TimePoint now);
  size_t Compress(Pack* pack);
  void Emit(Pack* pack, std::string payload);
  void EmitCompressed(Pack* pack, size_t count);
  uint64_t limit() const;
  void CloseUrgent();
  void Prune();
  bool AddAlone(const spool::RecordView& record, const spool::Receipt& receipt);

  const Options options_;
  std::string topic_prefix_;
  const std::unique_ptr<Composer> composer_;
  Bill* const bill_;
  const std::unique_ptr<Gzip> gzip_;  // null: packs are not compressed
  std::string compressed_;            // of the last Compress()
  uint64_t compressions_ = 0;
  absl::flat_hash_map<std::string, std::unique_ptr<Pack>> packs_;
  std::string key_;
  std::string last_key_;
  Pack* last_pack_ = nullptr;  // that of last_key_
  // In order of opening, which is that of falling due. Entries of closed packs have an old serial.
  std::deque<Opened> open_;
  std::vector<Pack*> urgent_;
  uint64_t next_serial_ = 1;
  std::string rest_;
  std::deque<HubMessage> closed_;
};

}  // namespace sluice::uplink
