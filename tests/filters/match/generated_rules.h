// Rules and messages made up from a source of choices: random ones for tests, a fuzzer's bytes.
//
// They draw on few members, topics and values, so that rules match, collide and meet values of the
// wrong type or none at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/compile/compiler.h"
#include "filters/language/expression.h"
#include "filters/language/message_view.h"

namespace sluice::match {

// Numbers below a bound, one after the other. Bytes that have run out are zeros.
class Choices {
 public:
  explicit Choices(uint64_t seed) : state_(seed * 2 + 1) {}
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes), from_bytes_(true) {}

  bool exhausted() const { return from_bytes_ && bytes_.empty(); }

  size_t Below(size_t bound) {
    if (!from_bytes_) {  // splitmix64
      uint64_t z = (state_ += 0x9E3779B97F4A7C15);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
      return static_cast<size_t>((z ^ (z >> 31)) % bound);
    }
    if (bytes_.empty()) return 0;
    const size_t choice = bytes_[0] % bound;
    bytes_ = bytes_.subspan(1);
    return choice;
  }
  bool OneIn(size_t n) { return Below(n) == n - 1; }
  std::string_view Of(std::initializer_list<std::string_view> list) {
    return list.begin()[Below(list.size())];
  }

 private:
  uint64_t state_ = 0;
  std::span<const uint8_t> bytes_;
  bool from_bytes_ = false;
};

class RuleGenerator {
 public:
  RuleGenerator(Choices& choices, language::Profile profile)
      : choices_(choices), edgehub_(profile == language::Profile::kEdgeHub), profile_(profile) {}

  compile::RuleSetSpec RuleSet(size_t rules) {
    compile::RuleSetSpec spec;
    spec.profile = profile_;
    spec.forward_by_default = choices_.OneIn(2);
    spec.assume_json = !choices_.OneIn(4);
    mostly_bounds_ = choices_.OneIn(4);
    for (size_t i = 0; i < rules; ++i) spec.rules.push_back(OneRule(i));
    return spec;
  }

 private:
  static compile::Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

  compile::RuleSpec OneRule(size_t number) {
    compile::RuleSpec rule;
    rule.name = Text("r" + std::to_string(number));
    rule.drop = choices_.OneIn(12);
    rule.final_rule = choices_.OneIn(12);
    if (choices_.OneIn(10)) {
      std::string route = choices_.OneIn(3) ? "FROM /messages/modules/m/*" : "FROM /messages/*";
      named_ = false;
      if (!choices_.OneIn(4)) route += " WHERE " + Sound();
      rule.route = Text(route + " INTO $upstream");
    } else {
      const std::string_view from = choices_.Of({"", "", "a/{line}/t", "a/#", "+/b/t", "#", "a/b/t",
                                                 "a/+/{line}", "$x/#", "a/b/t/#", "{line}/#"});
      named_ = from.find("{line}") != from.npos;
      if (!from.empty()) rule.from = Text(std::string(from));
      if (!choices_.OneIn(12)) rule.where = Text(Sound());
    }
    rule.priority = static_cast<int>(choices_.Below(10));
    if (rule.drop) return rule;
    if (choices_.OneIn(4)) rule.set.push_back({Text("n"), Text("$body.a")});
    if (choices_.OneIn(6)) rule.set.push_back({Text("m"), Text("literal")});
    if (choices_.OneIn(6)) rule.select.push_back(Text("a"));
    if (!rule.route && choices_.OneIn(3)) rule.into.push_back(Text("log"));
    return rule;
  }

  // A condition that compiles.
  std::string Sound() {
    for (int tries = 0; tries < 20; ++tries) {
      std::string text = choices_.OneIn(3) ? Condition(0) : Conjunction();
      language::FieldPaths paths;
      const language::TopicName names[] = {{"line", 0}};
      language::ExpressionOptions options;
      options.profile = profile_;
      options.extensions = !edgehub_;
      options.paths = &paths;
      if (named_) options.topic_names = names;
      language::Diagnostics diagnostics;
      if (language::CompileCondition(text, options, &diagnostics)) return text;
    }
    return "$body.a = 1";
  }

  std::string Conjunction() {
    if (mostly_bounds_ && choices_.OneIn(2)) return Test();
    std::string text = Test();
    for (size_t more = choices_.Below(4); more > 0; --more) {
      text += " AND " + (choices_.OneIn(6) ? "(" + Condition(1) + ")" : Test());
    }
    return text;
  }

  // What an index may reach rules by: a field against a literal, or one of several.
  std::string Test() {
    if (mostly_bounds_ && !choices_.OneIn(4)) {
      return std::string(choices_.Of({"$body.a ", "$body.b "})) +
             std::string(choices_.Of({"<", "<=", ">", ">="})) +
             std::string(choices_.Of({" 1", " 2", " 1.5", " -1", " 0", " 1e999", " -1e999"}));
    }
    if (choices_.OneIn(8)) return Combination();
    const std::string field = choices_.OneIn(8) ? NumberField() : Field();
    if (choices_.OneIn(4)) return TextTest(field);
    if (choices_.OneIn(5)) {
      std::string text = "(" + field + " = " + Literal();
      for (size_t more = 1 + choices_.Below(3); more > 0; --more) {
        text += " OR " + (choices_.OneIn(8) ? Field() : field) + " = " + Literal();
      }
      return text + ")";
    }
    if (choices_.OneIn(5)) return Literal() + " " + Comparison() + " " + field;
    return field + " " + (choices_.OneIn(2) ? "=" : Comparison()) + " " + Literal();
  }

  // Tests under OR and NOT.
  std::string Combination() {
    if (combinations_ > 3) return "$body.a = 1";
    ++combinations_;
    std::string text = std::string(choices_.OneIn(3) ? "NOT " : "") + "(" + Test();
    for (size_t more = 1 + choices_.Below(2); more > 0; --more)
      text += std::string(choices_.Of({" OR ", " OR ", " AND "})) + Test();
    --combinations_;
    return text + ")";
  }

  std::string NumberField() {
    return std::string(
        choices_.Of({"as_number(p)", "length($body.a)", "as_number($body.b)", "($body.a + $body.b)",
                     "(-$body.a)", "as_number($twin.tags.t)", "as_number($messageId)"}));
  }

  // A text in a field, or an expression that it matches, as often as not.
  std::string TextTest(const std::string& field) {
    const std::string negation = choices_.OneIn(5) ? "NOT " : "";
    if (edgehub_ || choices_.OneIn(2)) {
      return negation + std::string(choices_.Of({"starts_with(", "ends_with(", "contains("})) +
             field + ", " +
             std::string(
                 choices_.Of({"'line-17'", "'unit-4'", "'line-17/unit-4'", "'aaa'", "'aaaa'", "'a'",
                              "'x'", "''", "'/b/'", "'ev'", "'/t'", "'b'", "'é'"})) +
             ")";
    }
    if (choices_.OneIn(3)) return negation + "REGEX_MATCH(" + field + ", '" + Pattern() + "')";
    return negation + "REGEX_MATCH(" + field + ", " +
           std::string(choices_.Of({"'^line-[0-9]+/unit-4$'",
                                    "'unit-[0-9]'",
                                    "'^line-17.*unit'",
                                    "'^LINE'",
                                    "'(?i)line-17'",
                                    "'(?i)^LINE-17/unit'",
                                    "'(?i)unit|task'",
                                    "'a{3}'",
                                    "'^a+$'",
                                    "'aaab?a'",
                                    "'^a/[^/]+/t$'",
                                    "'^a/b/t'",
                                    "'b/t$'",
                                    "'^(a|b)/'",
                                    "'^[a-z]/b'",
                                    "'x|y'",
                                    "'^x$|^y$'",
                                    "'line-1[0-9]|aaaa'",
                                    "'^dev$'",
                                    "'[.]y'",
                                    "'x\\.y'",
                                    "'ab*c?'",
                                    "'^aa{2,}$'",
                                    "'^x?'",
                                    "'é+'",
                                    "'^$'"})) +
           ")";
  }

  // A pattern put together at random; it may be unsound, or match any text.
  std::string Pattern() {
    std::string pattern = choices_.OneIn(6) ? "(?i)" : "";
    if (choices_.OneIn(3)) pattern += "^";
    for (size_t more = 1 + choices_.Below(5); more > 0; --more) {
      pattern += choices_.Of({"line",        "-",
                              "17",          "/",
                              "unit",        "4",
                              "a",           "aa",
                              "aaa",         "x",
                              "y",           "b",
                              "k",           "S",
                              "[0-9]",       "[a-z]",
                              "[^/]",        "[]a]",
                              "[[:alpha:]]", ".",
                              "(a|x)",       "(?:line|unit)",
                              "(a+)",        "\\d",
                              "\\w",         "\\.",
                              "\\x61",       "é",
                              "|",           "(?P<n>t)",
                              "^",           "$"});
      if (choices_.OneIn(4))
        pattern += choices_.Of({"*", "+", "?", "{2}", "{0,1}", "{1,}", "{,2}", "*?", "+?"});
    }
    if (choices_.OneIn(3)) pattern += "$";
    return pattern;
  }

  std::string Comparison() {
    return std::string(choices_.Of({"=", "!=", "<", "<=", ">", ">=", "<>"}));
  }

  std::string Field() {
    if (!edgehub_ && choices_.OneIn(3)) {
      if (named_ && choices_.OneIn(2)) return "$topic.line";
      return std::string(choices_.Of({"$topic", "$topic[1]", "$device", "$twin.tags.t", "$topic[3]",
                                      "$now", "{$messageId}", "$messageId"}));
    }
    return std::string(
        choices_.Of({"$body.a", "$body.b", "$body.c.d", "$body.l[0]", "$body.l", "$body.missing",
                     "p", "q", "$messageId", "$contentType", "$connectionDeviceId"}));
  }

  std::string Literal() {
    return std::string(choices_.Of({"1",
                                    "2",
                                    "1.5",
                                    "-1",
                                    "0",
                                    "1e999",
                                    "'x'",
                                    "'y'",
                                    "''",
                                    "'1'",
                                    "'b'",
                                    "true",
                                    "'line-17/unit-4'",
                                    "'aaaaaa'",
                                    "false",
                                    "null",
                                    "undefined",
                                    "'a/b/t'",
                                    "'dev'",
                                    "0x2"}));
  }

  std::string Operand(int depth) {
    if (depth > 3 || choices_.OneIn(2)) return choices_.OneIn(3) ? Literal() : Field();
    switch (choices_.Below(6)) {
      case 0:
        return "(" + Operand(depth + 1) +
               std::string(choices_.Of({" + ", " - ", " * ", " / ", " % "})) + Operand(depth + 1) +
               ")";
      case 1:
        return "(" + Operand(depth + 1) + " ?? " + Operand(depth + 1) + ")";
      case 2:
        return "(" + Operand(depth + 1) + " || " + Operand(depth + 1) + ")";
      case 3:
        return std::string(choices_.Of({"lower", "upper", "length", "as_number", "abs", "floor"})) +
               "(" + Operand(depth + 1) + ")";
      case 4:
        return "-" + Operand(depth + 1);
      default:
        return "concat(" + Operand(depth + 1) + ", " + Operand(depth + 1) + ")";
    }
  }

  std::string Condition(int depth) {
    if (depth > 3) return Test();
    switch (choices_.Below(9)) {
      case 0:
        return "(" + Condition(depth + 1) + " AND " + Condition(depth + 1) + ")";
      case 1:
        return "(" + Condition(depth + 1) + " OR " + Condition(depth + 1) + ")";
      case 2:
        return "NOT (" + Condition(depth + 1) + ")";
      case 3:
        return std::string(choices_.Of({"is_defined", "is_null", "is_string", "is_number",
                                        "is_bool", "is_array", "is_object", "is_primitive"})) +
               "(" + Operand(depth + 1) + ")";
      case 4:
        return std::string(choices_.Of({"starts_with", "ends_with", "contains"})) + "(" +
               Operand(depth + 1) + ", " + Operand(depth + 1) + ")";
      case 5:
        return edgehub_ ? Test() : "REGEX_MATCH(" + Operand(depth + 1) + ", '^(x|a)')";
      case 6:
        return choices_.OneIn(3) ? Literal() : Field();
      default:
        return Operand(depth + 1) + " " + Comparison() + " " + Operand(depth + 1);
    }
  }

  Choices& choices_;
  const bool edgehub_;
  const language::Profile profile_;
  bool named_ = false;          // whether the rule's topic has a level called line
  size_t combinations_ = 0;     // inside one another
  bool mostly_bounds_ = false;  // many rules bound the same few members
};

// A message that owns its bytes.
class GeneratedMessage {
 public:
  explicit GeneratedMessage(Choices& choices) {
    topic_ = choices.Of({"a/b/t", "a/x/t", "a", "b/b/t", "$x/b/t", "a/b/t/u/v", "a//t", "", "x",
                         "a/line-17/t", "line-17/unit-4"});
    payload_ = Body(choices);
    size_ = payload_.size();
    payload_.append(language::kPayloadSlack, ' ');
    view_.topic = topic_;
    view_.payload = {payload_.data(), size_};
    view_.device = choices.Of({"dev", "x", "1"});
    if (!choices.OneIn(3)) {
      view_.content_type = choices.Of({"application/json", "application/json", "text/plain"});
      view_.content_encoding = choices.Of({"utf-8", "utf-8", "gzip"});
    }
    view_.format = language::ParseBodyFormat(view_.content_type, view_.content_encoding);
    for (size_t i = choices.Below(3); i > 0; --i) {
      properties_.push_back({choices.Of({"p", "q", "P", "$messageId"}),
                             choices.Of({"x", "y", "", "1", "b", "line-17/unit-4", "aaaa", "-17"}),
                             choices.OneIn(5)});
    }
    if (choices.OneIn(3))
      system_.push_back({"messageId", choices.Of({"x", "1"}), choices.OneIn(5)});
    view_.properties = properties_;
    view_.system_properties = system_;
    view_.twin = choices.Of({"", R"({"tags":{"t":"x"}})", R"({"tags":{"t":1}})", "{"});
    view_.time_us = static_cast<int64_t>(choices.Below(3)) * 1'000'000;
  }
  GeneratedMessage(const GeneratedMessage&) = delete;
  GeneratedMessage& operator=(const GeneratedMessage&) = delete;

  const language::MessageView& view() const { return view_; }
  std::string Describe() const { return topic_ + " " + payload_.substr(0, size_); }

 private:
  static std::string Body(Choices& choices) {
    if (choices.OneIn(8))
      return std::string(choices.Of({"{", "", "[1]", "1", "{\"a\":01}", "text"}));
    const auto value = [&] {
      return std::string(choices.Of({"1",
                                     "2",
                                     "1.5",
                                     "-1",
                                     "0",
                                     "-0.0",
                                     "1e999",
                                     "\"x\"",
                                     "\"y\"",
                                     "\"\"",
                                     "\"1\"",
                                     "\"b\"",
                                     "true",
                                     "false",
                                     "null",
                                     "{}",
                                     "[]",
                                     "\"2020-01-02T03:04:05Z\"",
                                     "\"\\u0078\"",
                                     "[\"x\"]",
                                     "\"line-17/unit-4\"",
                                     "\"Line-17/UNIT-4\"",
                                     "\"aaaaaa\"",
                                     "\"aaa\"",
                                     "\"x.y\"",
                                     "\"line-18\"",
                                     "\"é\"",
                                     "\"tas\\u212a\"",
                                     "\"lin\\u017f\""}));
    };
    std::string body = "{\"s\":1";
    for (const char* const key : {"a", "b"}) {
      if (!choices.OneIn(5)) body += ",\"" + std::string(key) + "\":" + value();
    }
    if (!choices.OneIn(3)) body += ",\"c\":{\"d\":" + value() + "}";
    if (!choices.OneIn(3)) body += ",\"l\":[" + value() + "]";
    if (choices.OneIn(4)) body += ",\"p\":" + value();
    return body + "}";
  }

  std::string topic_;
  std::string payload_;
  size_t size_ = 0;
  std::vector<language::PropertyView> properties_;
  std::vector<language::PropertyView> system_;
  language::MessageView view_;
};

}  // namespace sluice::match
