// Judging allocates nothing once a reader and an evaluator have seen a message of its size.
#include <gtest/gtest.h>

#include <cstddef>

#include "tests/allocations.h"
#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

TEST(AllocationTest, JudgingAllocatesNothing) {
  TestMessage message;
  message.properties = {{"level", "Alert"}, {"count", "12"}};
  message.system_properties = {{"messageId", "m-1"}};
  message.twin = R"({"tags":{"site":"n\u00f6rd"}})";
  message.body =
      R"({"temperature":81.5,"unit":"C","list":[1,2,3],"note":"a \"quoted\" w\u00f6rd","o":{"x":[{"y":null}]}})";
  FieldPaths paths;
  Diagnostics diagnostics;
  std::vector<Expression> conditions;
  for (std::string_view query :
       {"$body.temperature > 80 AND $body.unit = 'C'",
        "$body.note = 'x' OR contains($body.note, 'wörd')",
        "$body.list[2] * 2 = 6 AND is_null($body.o.x[0].y)",
        "upper(level) = 'ALERT' AND lower($body.unit) = 'c'",
        "concat(level, '-', count, '-', $topic.line) = 'Alert-12-line2'",
        "'a' || level || $device = 'x'", "as_number(count) >= 9 AND length(level) = 5",
        "substring(level, 1, 2) = 'le' AND index_of(level, 'rt') = 3",
        "$messageId = 'm-1' AND $enqueuedTime > '2020' AND $connectionDeviceId = $device",
        "$twin.tags.site = 'nörd' AND NOT ($body.ghost != 'x')",
        "regex_match($body.note, 'w.rd$') AND $now > 5",
        "($body.ghost ?? $body.unit) = 'C' AND starts_with($topic, 'plant/')"}) {
    auto condition = TryCompile(query, kDefault, &paths, &diagnostics);
    ASSERT_TRUE(condition) << query;
    conditions.push_back(std::move(*condition));
  }
  const MessageView view = message.View();
  TestMessage wide = message;
  wide.content_encoding = "utf-16";
  wide.body.clear();
  for (char c : std::string_view(R"({"temperature":81.5,"unit":"C"})")) wide.body.append({c, '\0'});
  const MessageView wide_view = wide.View();
  BodyReader body(paths.body, {});
  Evaluator evaluator(paths);
  std::vector<Truth> first;
  for (int round = 0; round < 4; ++round) {
    const size_t before = Allocations();
    for (const MessageView* next : {&view, &wide_view}) {
      body.Read(*next);
      evaluator.Start({next, &body});
      for (size_t i = 0; i < conditions.size(); ++i) {
        const Truth truth = evaluator.Judge(conditions[i]);
        if (round == 0 && next == &view) {
          first.push_back(truth);
        } else if (next == &view) {
          EXPECT_EQ(truth, first[i]);
        }
      }
    }
    if (round > 0) {
      EXPECT_EQ(Allocations() - before, 0u) << "round " << round;
    }
  }
  EXPECT_EQ(first[0], Truth::kTrue);
  EXPECT_EQ(first[1], Truth::kTrue);
}

TEST(AllocationTest, ChangingTheCaseOfALongerTextAllocatesOnce) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const auto condition = TryCompile("lower(level) = 'x'", kDefault, &paths, &diagnostics);
  ASSERT_TRUE(condition);
  Evaluator evaluator(paths);
  TestMessage message;
  for (const size_t size : {10u, 3'000u}) {
    const std::string level(size, 'A');
    message.properties = {{"level", level}};
    const MessageView view = message.View();
    size_t before = 0;
    for (int round = 0; round < 4; ++round) {
      if (round == 2)
        before = Allocations();  // in the first it grew, at the second's start it gathered
      evaluator.Start({&view, nullptr});
      EXPECT_EQ(evaluator.Judge(*condition), Truth::kFalse);
    }
    EXPECT_EQ(Allocations() - before, 0u) << size << " bytes";
  }
}

}  // namespace
}  // namespace sluice::language
