#include "gateway/uplink/bill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::uplink {
namespace {

Bill::Share ShareOf(Bill* bill, const std::string& device, uint16_t rule, uint64_t bytes) {
  spool::RecordView record;
  record.device = device;
  record.rule = rule;
  return bill->ShareOf(record, bytes);
}

uint64_t BlocksOfDevices(const Bill& bill) {
  uint64_t sum = 0;
  for (const auto& each : bill.TopDevices(1'000'000, Bill::Order::kTotal)) sum += each.total.blocks;
  return sum;
}

TEST(BillTest, SharesAMessageOutByBytes) {
  Bill bill;
  const Bill::Share shares[] = {ShareOf(&bill, "a", 3, 100), ShareOf(&bill, "b", 3, 200),
                                ShareOf(&bill, "a", spool::kNoRule, 100)};
  bill.Charge(shares, 2);
  const auto devices = bill.TopDevices(10, Bill::Order::kTotal);
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].device, "a");
  EXPECT_EQ(devices[0].total.blocks, 1'000'000u);
  EXPECT_EQ(devices[0].total.operations, 500'000u);
  EXPECT_EQ(devices[1].device, "b");
  EXPECT_EQ(devices[1].total.blocks, 1'000'000u);
  const auto rules = bill.Rules();
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].rule, spool::kNoRule);
  EXPECT_EQ(rules[0].total.blocks, 500'000u);
  EXPECT_EQ(rules[1].rule, 3);
  EXPECT_EQ(rules[1].total.blocks, 1'500'000u);
}

TEST(BillTest, SharesAddUpToTheWhole) {
  Bill bill;
  uint64_t blocks = 0;
  for (uint64_t message = 1; message <= 500; ++message) {
    std::vector<Bill::Share> shares;
    for (uint64_t i = 0; i < 1 + message % 13; ++i) {
      shares.push_back(ShareOf(&bill, std::to_string(i * message % 31),
                               static_cast<uint16_t>(i % 3), 1 + i * message % 97));
    }
    bill.Charge(shares, 1 + message % 3);
    blocks += 1 + message % 3;
  }
  EXPECT_EQ(BlocksOfDevices(bill), blocks * 1'000'000);
  uint64_t by_rule = 0;
  uint64_t operations = 0;
  for (const Bill::RuleCost& rule : bill.Rules()) {
    by_rule += rule.total.blocks;
    operations += rule.total.operations;
  }
  EXPECT_EQ(by_rule, blocks * 1'000'000);
  EXPECT_EQ(operations, 500u * 1'000'000);
}

TEST(BillTest, WhoCostsMuchKeepsItsPlaceHoweverManyComeAndGo) {
  Bill bill(64);
  for (int i = 0; i < 20'000; ++i) {
    const std::string device = i % 10 == 0 ? "heavy" : "passer-by-" + std::to_string(i);
    const Bill::Share share = ShareOf(&bill, device, 0, 100);
    bill.Charge({&share, 1}, 1);
  }
  EXPECT_EQ(bill.TopDevices(1'000'000, Bill::Order::kTotal).size(), 64u);
  const auto top = bill.TopDevices(1, Bill::Order::kTotal);
  ASSERT_EQ(top.size(), 1u);
  EXPECT_EQ(top[0].device, "heavy");
  EXPECT_GE(top[0].total.blocks, 1'900u * 1'000'000);
}

// A share that is charged late does not go to whoever has the place by then.
TEST(BillTest, APlaceThatChangedHandsIsNotCharged) {
  Bill bill(1);
  const Bill::Share old = ShareOf(&bill, "old", 0, 100);
  const Bill::Share young = ShareOf(&bill, "young", 0, 100);
  bill.Charge({&old, 1}, 5);
  EXPECT_TRUE(bill.TopDevices(10, Bill::Order::kTotal).empty());
  bill.Charge({&young, 1}, 1);
  ASSERT_EQ(bill.TopDevices(10, Bill::Order::kTotal).size(), 1u);
  EXPECT_EQ(bill.TopDevices(10, Bill::Order::kTotal)[0].total.blocks, 1'000'000u);
}

TEST(BillTest, TodayBeginsAnew) {
  Bill bill;
  const Bill::Share a = ShareOf(&bill, "a", 1, 100);
  const Bill::Share b = ShareOf(&bill, "b", 1, 100);
  bill.Charge({&a, 1}, 5);
  bill.BeginDay();
  bill.Charge({&b, 1}, 1);
  EXPECT_EQ(bill.TopDevices(1, Bill::Order::kTotal)[0].device, "a");
  ASSERT_EQ(bill.TopDevices(10, Bill::Order::kToday).size(), 1u);
  EXPECT_EQ(bill.TopDevices(1, Bill::Order::kToday)[0].device, "b");
  EXPECT_EQ(bill.Rules()[0].today, 1'000'000u);
  EXPECT_EQ(bill.Rules()[0].total.blocks, 6'000'000u);
}

}  // namespace
}  // namespace sluice::uplink
