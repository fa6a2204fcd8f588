// A device connected to the Device Provisioning Service (dps-mqtt.md, section 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/devhub/dps.h"
#include "tests/devhub/role.h"

namespace sluice::devhub {

class DpsClient : public Role {
 public:
  // Dps and output must outlive it.
  DpsClient(Dps& dps, DpsAdmission admission, std::string* output)
      : dps_(dps), admission_(std::move(admission)), output_(*output) {}

  std::optional<Failure> OnPublish(const mqtt::PublishView& publish) override;
  void OnPuback(uint16_t) override {}  // answers are not kept
  bool MaySubscribe(std::string_view filter) const override;
  Subscriptions& subscriptions() override { return subscriptions_; }
  void AfterSubscribe() override {}
  std::optional<Failure> Tick() override { return std::nullopt; }
  int64_t NextDeadline() const override { return INT64_MAX; }
  bool wants_input() const override { return true; }
  void OnEnd(bool) override {}

 private:
  void Answer(std::string_view rid, const DpsAnswer& answer);

  Dps& dps_;
  const DpsAdmission admission_;
  std::string& output_;
  Subscriptions subscriptions_;
  uint16_t last_packet_id_ = 0;
};

}  // namespace sluice::devhub
