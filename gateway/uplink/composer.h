// How records become messages for one kind of receiver: topics, what else travels with a body, and
// members of packs. The packer decides which records share a message and when it leaves.
//
// One thread's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/spool/record.h"
#include "gateway/uplink/envelope.h"
#include "gateway/uplink/metering.h"
#include "gateway/uplink/property_bag.h"

namespace sluice::uplink {

class Composer {
 public:
  // What a message is besides its body.
  struct Head {
    std::string topic;
    uint64_t metered_bytes = 0;  // what the receiver counts of it
  };

  virtual ~Composer() = default;

  // Larger ones, counted as metered, are refused for good; a body has one byte less.
  virtual uint64_t max_message_bytes() const = 0;
  // Appends what records of one pack must have in common, priority apart.
  virtual void AppendPackKey(const spool::RecordView& record, std::string* key) const = 0;
  // Of the pack that `record` may join. Nothing if no topic can hold it.
  virtual std::optional<Head> HeadOfPack(const spool::RecordView& record) = 0;
  virtual void AppendMember(const spool::RecordView& record, std::string* out) = 0;
  // Of a message that is the record's body alone. Nothing if no topic can hold it.
  virtual std::optional<Head> HeadAlone(const spool::RecordView& record) = 0;
  // Topics begin so from now on, where they do not depend on the configuration alone.
  virtual void SetTopicPrefix(const std::string&) {}
};

// IoT Hub: properties stand in the topic; those of `set` are the pack's.
class HubComposer final : public Composer {
 public:
  // `topic_prefix`: "devices/gw-01/messages/events/". `epoch`: of this process's message ids.
  // `gzip`: packs say that they are compressed.
  HubComposer(std::string topic_prefix, std::string epoch, bool gzip = false)
      : topic_prefix_(std::move(topic_prefix)), gzip_(gzip), envelopes_(std::move(epoch)) {}

  uint64_t max_message_bytes() const override { return kMaxMessageBytes; }
  void AppendPackKey(const spool::RecordView& record, std::string* key) const override;
  std::optional<Head> HeadOfPack(const spool::RecordView& record) override;
  void AppendMember(const spool::RecordView& record, std::string* out) override {
    envelopes_.AppendMember(record, out);
  }
  std::optional<Head> HeadAlone(const spool::RecordView& record) override;
  void SetTopicPrefix(const std::string& prefix) override { topic_prefix_ = prefix; }

 private:
  std::optional<Head> HeadOfBag() const;

  std::string topic_prefix_;
  const bool gzip_;
  EnvelopeWriter envelopes_;
  PropertyBag bag_;
};

// Any MQTT 3.1.1 broker: messages have no properties, so those of `set` go into each member of a
// pack, and a record alone is its body.
class BrokerComposer final : public Composer {
 public:
  // In `topic` stand {device} and {topic} for the record's, in messages of one record; of packs it
  // has neither.
  BrokerComposer(std::string topic, std::string epoch)
      : topic_(std::move(topic)), envelopes_(std::move(epoch), EnvelopeWriter::Set::kInMember) {}

  uint64_t max_message_bytes() const override { return uint64_t{255} << 20; }  // MQTT's, about
  void AppendPackKey(const spool::RecordView&, std::string*) const override {}
  std::optional<Head> HeadOfPack(const spool::RecordView&) override { return Head{topic_, 0}; }
  void AppendMember(const spool::RecordView& record, std::string* out) override {
    envelopes_.AppendMember(record, out);
  }
  std::optional<Head> HeadAlone(const spool::RecordView& record) override;

 private:
  const std::string topic_;
  EnvelopeWriter envelopes_;
};

}  // namespace sluice::uplink
