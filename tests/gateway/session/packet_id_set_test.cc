#include "gateway/session/packet_id_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice::session {
namespace {

TEST(PacketIdSetTest, AgreesWithASetOverRandomOperations) {
  std::mt19937 random(1);
  for (const uint32_t ids : {8u, 200u, 65'535u}) {
    PacketIdSet set(100);
    std::set<uint16_t> model;
    for (int i = 0; i < 20'000; ++i) {
      const auto id = static_cast<uint16_t>(1 + random() % ids);
      PacketIdSet::Entry* entry = set.Find(id);
      ASSERT_EQ(entry != nullptr, model.contains(id));
      if (entry != nullptr) {
        ASSERT_EQ(entry->packet_id, id);
        set.Erase(entry);
        model.erase(id);
      } else if (!set.full()) {
        set.Insert(id, 1);
        model.insert(id);
      }
      ASSERT_EQ(set.size(), model.size());
    }
    for (const uint16_t id : model) EXPECT_NE(set.Find(id), nullptr);
  }
}

TEST(PacketIdSetTest, HoldsEveryIdThereIs) {
  PacketIdSet set(65'535);
  for (uint32_t id = 1; id <= 65'535; ++id) set.Insert(static_cast<uint16_t>(id), id);
  EXPECT_TRUE(set.full());
  for (uint32_t id = 1; id <= 65'535; ++id)
    ASSERT_EQ(set.Find(static_cast<uint16_t>(id))->epoch, id);
  set.Clear();
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(set.Find(1), nullptr);
}

}  // namespace
}  // namespace sluice::session
