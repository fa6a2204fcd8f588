#include "gateway/spool/rule_names.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/spool/record.h"

namespace sluice::spool {
namespace {

TEST(RuleNamesTest, ANameKeepsItsNumberOverReloadsAndRestarts) {
  RuleNames names;
  EXPECT_EQ(names.NumberOf("a"), 0);
  EXPECT_EQ(names.NumberOf("b"), 1);
  EXPECT_EQ(names.NumberOf("a"), 0);
  RuleNames later(names.names());
  EXPECT_EQ(later.NumberOf("new"), 2);
  EXPECT_EQ(later.NumberOf("b"), 1);
  EXPECT_EQ(later.NameOf(0), "a");
}

TEST(RuleNamesTest, WhatIsUnknownSaysSo) {
  const RuleNames names({"a"});
  EXPECT_EQ(names.NameOf(kNoRule), "");
  EXPECT_EQ(names.NameOf(1), "?");
  EXPECT_EQ(names.NameOf(RuleNames::kOther), "?");
}

TEST(RuleNamesTest, WhenNumbersRunOutTheRestShareOne) {
  RuleNames names;
  for (uint32_t i = 0; i < RuleNames::kOther; ++i) {
    ASSERT_EQ(names.NumberOf("rule-" + std::to_string(i)), i);
  }
  EXPECT_EQ(names.NumberOf("one too many"), RuleNames::kOther);
  EXPECT_EQ(names.NumberOf("rule-7"), 7);
  EXPECT_EQ(names.size(), size_t{RuleNames::kOther});
}

}  // namespace
}  // namespace sluice::spool
