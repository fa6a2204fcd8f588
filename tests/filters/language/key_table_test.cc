#include "filters/language/key_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::language {
namespace {

uint32_t Find(const KeyTable& table, uint32_t parent, std::string_view key) {
  const std::vector<char> exact(key.begin(), key.end());  // nothing behind it may be read
  const uint32_t found =
      table.Find(parent, {exact.data(), exact.size()}, exact.data() + exact.size());
  const std::string roomy = std::string(key) + "followed by more";
  EXPECT_EQ(table.Find(parent, std::string_view(roomy).substr(0, key.size()),
                       roomy.data() + roomy.size()),
            found)
      << key;
  return found;
}

TEST(KeyTableTest, TellsKeysOfEverySizeApart) {
  KeyTable table;
  std::vector<std::string> keys;
  for (size_t size = 0; size <= 40; ++size) {
    keys.emplace_back(size, 'k');
    for (size_t at = 0; at < size; ++at) {
      keys.emplace_back(size, 'k');
      keys.back()[at] = 'x';
    }
  }
  for (uint32_t i = 0; i < keys.size(); i += 2) {
    table.Add(3, keys[i], i);
    table.Add(4, keys[i], i + 1);
  }
  for (uint32_t i = 0; i < keys.size(); ++i) {
    const bool entered = i % 2 == 0;
    EXPECT_EQ(Find(table, 3, keys[i]), entered ? i : KeyTable::kNone) << keys[i];
    EXPECT_EQ(Find(table, 4, keys[i]), entered ? i + 1 : KeyTable::kNone) << keys[i];
    EXPECT_EQ(Find(table, 5, keys[i]), KeyTable::kNone) << keys[i];
  }
}

TEST(KeyTableTest, ZerosArePartOfAKey) {
  using std::string_view_literals::operator""sv;
  KeyTable table;
  table.Add(0, "a"sv, 1);
  table.Add(0, "a\0"sv, 2);
  EXPECT_EQ(Find(table, 0, "a"sv), 1u);
  EXPECT_EQ(Find(table, 0, "a\0"sv), 2u);
  EXPECT_EQ(Find(table, 0, "a\0\0"sv), KeyTable::kNone);
  EXPECT_EQ(Find(table, 0, ""sv), KeyTable::kNone);
}

}  // namespace
}  // namespace sluice::language
