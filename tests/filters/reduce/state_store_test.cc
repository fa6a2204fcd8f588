// The store against a model: what is found, in which order states go, what lists hold.
#include "filters/reduce/state_store.h"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <random>

namespace sluice::reduce {
namespace {

constexpr HashKey kKey{1, 2};

TEST(StateStoreTest, DoesWhatAMapAndAListWouldDo) {
  std::mt19937_64 random(7);
  StateStore store(kKey, UINT64_MAX);
  const uint32_t slots[] = {store.SlotOf("a"), store.SlotOf("b")};
  EXPECT_EQ(store.SlotOf("a"), slots[0]);
  using Name = std::pair<uint32_t, std::string>;
  std::map<Name, uint32_t> model;
  std::list<Name> used;  // least recently first
  for (int i = 0; i < 50'000; ++i) {
    const Name name{slots[random() % 2], std::to_string(random() % 300)};
    const Digest digest = DigestOf(kKey, name.second);
    const uint32_t found = store.Find(name.first, digest);
    const auto known = model.find(name);
    ASSERT_EQ(found == kNoIndex, known == model.end());
    if (known == model.end()) {
      model[name] = store.Insert(name.first, name.second, digest);
      used.push_back(name);
    } else {
      ASSERT_EQ(found, known->second);
      ASSERT_EQ(store.key(found), name.second);
      if (random() % 3 == 0) {
        store.Erase(found);
        model.erase(known);
        used.remove(name);
      } else {
        store.Touch(found);
        used.remove(name);
        used.push_back(name);
      }
    }
    ASSERT_EQ(store.states(), model.size());
    if (i % 97 != 0) continue;
    uint32_t at = store.First();
    for (const Name& each : used) {
      ASSERT_EQ(at, model[each]);
      at = store.Next(at);
    }
    ASSERT_EQ(at, kNoIndex);
  }
}

TEST(StateStoreTest, CountsTheBytesItHolds) {
  StateStore store(kKey, 1000);
  const uint32_t slot = store.SlotOf("a");
  const uint32_t state = store.Insert(slot, "key", DigestOf(kKey, "key"));
  const uint64_t bare = store.bytes();
  EXPECT_GT(bare, sizeof(State));
  store.Open(state, 3, 0, 10);
  const uint64_t with_window = store.bytes();
  EXPECT_GE(with_window, bare + 3 * sizeof(Accumulator));
  store.SetTextBytes(store.state(state).window, 500);
  store.SetTextBytes(store.state(state).window, 400);
  EXPECT_EQ(store.bytes(), with_window + 400);
  EXPECT_EQ(store.slot(slot).open.first, state);
  store.Close(state);
  EXPECT_EQ(store.slot(slot).open.first, kNoIndex);
  EXPECT_EQ(store.bytes(), bare);
  store.Open(state, 3, 0, 10);
  store.Erase(state);
  EXPECT_EQ(store.bytes(), 0U);
  EXPECT_EQ(store.slot(slot).open.first, kNoIndex);
}

TEST(StateStoreTest, RetainsSlotsAndTheirStates) {
  StateStore store(kKey, UINT64_MAX);
  const uint32_t a = store.SlotOf("a"), b = store.SlotOf("b");
  store.Insert(a, "k", DigestOf(kKey, "k"));
  store.AppendDuplicate(store.Insert(b, "k", DigestOf(kKey, "k")));
  store.Retain({b});
  EXPECT_EQ(store.states(), 1U);
  EXPECT_NE(store.Find(b, DigestOf(kKey, "k")), kNoIndex);
  const uint32_t c = store.SlotOf("c");
  EXPECT_EQ(c, a) << "a slot's place is used again";
  EXPECT_EQ(store.Find(c, DigestOf(kKey, "k")), kNoIndex);
}

}  // namespace
}  // namespace sluice::reduce
