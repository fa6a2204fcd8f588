#include "filters/match/shaper.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::match {
namespace {

struct Step {
  const char* key;
  int index = -1;
};

compile::PathTree Tree(const std::vector<std::vector<Step>>& paths) {
  compile::PathTree tree;
  for (const std::vector<Step>& path : paths) {
    std::vector<language::PathStep> steps;
    for (const Step& step : path) {
      language::PathStep& added = steps.emplace_back();
      added.key = step.key;
      if (step.index >= 0) added.index = static_cast<uint32_t>(step.index);
    }
    tree.Add(steps);
  }
  return tree;
}

std::string Selected(const std::vector<std::vector<Step>>& paths, std::string_view body) {
  std::string out = "before";
  std::vector<std::string_view> scratch;
  Select(Tree(paths), body, &scratch, &out);
  EXPECT_TRUE(scratch.empty());
  return out;
}

std::string Redacted(const std::vector<std::vector<Step>>& paths, std::string_view body) {
  std::string out = "before";
  Redact(Tree(paths), body, &out);
  return out;
}

TEST(SelectTest, KeepsWhatPathsName) {
  struct {
    std::vector<std::vector<Step>> paths;
    std::string_view body;
    std::string_view result;
  } const kCases[] = {
      {{{{"temperature"}}, {{"v_rms"}, {"z"}}},
       R"({"v_rms":{"x":1,"z":4.50},"temperature":8.10e1,"unit":"C"})",
       R"({"temperature":8.10e1,"v_rms":{"z":4.50}})"},
      {{{{"a"}}}, R"({"b":1})", "{}"},
      {{{{"a"}}}, "{}", "{}"},
      {{{{"a"}, {"b"}}}, R"({"a":{"c":1}})", "{}"},  // nothing of a is wanted, so no a
      {{{{"a"}, {"b"}}}, R"({"a":5})", "{}"},        // leads nowhere
      {{{{"a"}, {"b"}}, {{"c"}}}, R"({"c":null,"a":{"b":[]}})", R"({"a":{"b":[]},"c":null})"},
      {{{{"a"}}}, R"({"a":1,"a":2})", R"({"a":2})"},  // the last of equal names
      {{{{"a"}}}, R"({"\u0061":"\u0041"})", R"({"a":"\u0041"})"},
      {{{{"a"}}, {{"a"}, {"b"}}}, R"({"a":{"b":1,"c":2}})", R"({"a":{"b":1,"c":2}})"},
      {{{{"r", 2}}}, R"({"r":[1,2,3,4]})", R"({"r":[null,null,3]})"},
      {{{{"r", 0}, {"t"}}, {{"r", 2}, {"t"}}},
       R"({"r":[{"t":1,"u":2},{"t":3},{"t":5}]})",
       R"({"r":[{"t":1},null,{"t":5}]})"},
      {{{{"r", 9}}}, R"({"r":[1]})", "{}"},
      {{{{"r", 0}}}, R"({"r":{"0":1}})", "{}"},
      {{{{"ä"}}}, R"({"\u00e4":1})", R"({"ä":1})"},
      {{{{"a"}}}, " \n{ \"a\" : [ 1 , 2 ] } ", R"({"a":[ 1 , 2 ]})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Selected(c.paths, c.body), c.result) << c.body;
}

TEST(RedactTest, RemovesEveryOccurrence) {
  struct {
    std::vector<std::vector<Step>> paths;
    std::string_view body;
    std::string_view result;
  } const kCases[] = {
      {{{{"secret"}}}, R"({"a":1.0,"secret":{"x":[1]},"b":2})", R"({"a":1.0,"b":2})"},
      {{{{"secret"}}}, R"({"secret":1,"a":1,"secret":2,"s\u0065cret":3})", R"({"a":1})"},
      {{{{"secret"}}}, R"({"secret":1})", "{}"},
      {{{{"secret"}}}, R"({"a":{"secret":1}})", R"({"a":{"secret":1}})"},  // another path
      {{{{"secret"}}}, R"({"Secret":1})", R"({"Secret":1})"},              // keys keep case
      {{{{"a"}, {"s"}}},
       R"({"a":{"s":1,"t":2},"a":{"s":3},"s":4})",
       R"({"a":{"t":2},"a":{},"s":4})"},
      {{{{"a"}, {"s"}}}, R"({"a":[{"s":1}]})", R"({"a":[{"s":1}]})"},
      {{{{"a", 1}}}, R"({"a":[1,2,3]})", R"({"a":[1,null,3]})"},
      {{{{"a", 1}, {"s"}}}, R"({"a":[{"s":1},{"s":1,"t":2}]})", R"({"a":[{"s":1},{"t":2}]})"},
      {{{{"a"}}, {{"a"}, {"b"}}}, R"({"a":{"b":1,"c":2},"d":3})", R"({"d":3})"},
      {{{{"x"}}}, " { \"y\" : [ 1 ] , \"x\" : 2 } ", R"({"y":[ 1 ]})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Redacted(c.paths, c.body), c.result) << c.body;
}

// A verdict of one delivery for each shape given, all of rule 0.
class ShaperTest : public testing::Test {
 protected:
  void Deliver(std::vector<uint16_t> shapes) {
    for (const uint16_t shape : shapes) {
      Delivery& delivery = deliveries_.emplace_back();
      delivery.shape = shape;
      delivery.rules = rules_;
    }
    verdict_.deliveries = deliveries_;
  }

  std::vector<compile::Shape> Shapes() {
    std::vector<compile::Shape> shapes(2);
    shapes[0].select = Tree({{{"a"}}, {{"b"}}});
    shapes[0].redact = Tree({{{"b"}}});
    shapes[1].redact = Tree({{{"x"}}});
    return shapes;
  }

  const uint16_t rules_[1] = {0};
  std::vector<Delivery> deliveries_;
  Verdict verdict_;
  Shaper shaper_;
};

TEST_F(ShaperTest, RedactsBeforeItSelects) {
  Deliver({0});
  const Shaper::Result& result = shaper_.Apply(Shapes(), verdict_, R"({"a":1,"b":2})");
  ASSERT_EQ(result.deliveries.size(), 1U);
  EXPECT_EQ(result.deliveries[0].body, R"({"a":1})");
  EXPECT_TRUE(result.deliveries[0].changed);
}

TEST_F(ShaperTest, LeavesABodyAsItCameIfNothingHadToGo) {
  Deliver({1, compile::kUnchanged});
  const std::string_view payload = " { \"a\" : 1 } ";
  const Shaper::Result& result = shaper_.Apply(Shapes(), verdict_, payload);
  ASSERT_EQ(result.deliveries.size(), 2U);
  for (const ShapedDelivery& delivery : result.deliveries) {
    EXPECT_FALSE(delivery.changed);
    EXPECT_EQ(delivery.body.data(), payload.data());
    EXPECT_EQ(delivery.body.size(), payload.size());
  }
}

TEST_F(ShaperTest, SendsNothingButTheUnchangedOfWhatIsNoObject) {
  using namespace std::string_view_literals;
  const std::string deep = "{\"a\":" + std::string(2000, '[') + std::string(2000, ']') + "}";
  const std::string_view bodies[] = {"",
                                     "21.5",
                                     "[1]",
                                     "{\"a\":1",
                                     "{\"a\":1}x",
                                     "{a:1}",
                                     "{\"a\":\"\xff\"}",
                                     "{\"\0\":1}"sv,
                                     "\xef\xbb\xbf{\"a\":1}",
                                     "null",
                                     "{\"a\":01}",
                                     deep};
  for (const std::string_view body : bodies) {
    SCOPED_TRACE(body.substr(0, 20));
    deliveries_.clear();
    Deliver({0, 1, compile::kUnchanged});
    const Shaper::Result& result = shaper_.Apply(Shapes(), verdict_, body);
    ASSERT_EQ(result.deliveries.size(), 1U);
    EXPECT_EQ(result.deliveries[0].delivery->shape, compile::kUnchanged);
    ASSERT_EQ(result.errors.size(), 1U);  // once, though two of its shapes failed
    EXPECT_EQ(result.errors[0], 0);
  }
}

TEST_F(ShaperTest, IsLinearInHostileBodies) {
  // 200,000 duplicates of a selected and of a redacted name: a square of them would not end.
  std::string body = "{\"a\":0";
  for (int i = 0; i < 200'000; ++i) body += R"(,"a":{"a":1},"\u0062":2)";
  body += "}";
  Deliver({0});
  const Shaper::Result& result = shaper_.Apply(Shapes(), verdict_, body);
  ASSERT_EQ(result.deliveries.size(), 1U);
  EXPECT_EQ(result.deliveries[0].body, R"({"a":{"a":1}})");
}

}  // namespace
}  // namespace sluice::match
