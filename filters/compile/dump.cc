#include "filters/compile/dump.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "filters/language/condition_text.h"

namespace sluice::compile {
namespace {

std::string PatternText(const TopicPattern& pattern) {
  std::string text;
  for (const TopicPattern::Level& level : pattern.levels()) {
    if (&level != &pattern.levels().front()) text += '/';
    text += level.any ? "+" : level.text;
  }
  if (pattern.and_below()) text += pattern.levels().empty() ? "#" : "/#";
  return text;
}

class Dumper {
 public:
  explicit Dumper(const Program& program) : program_(program), index_(program.index()) {}

  std::string Run() {
    for (const RuleIndex::Group& group : index_.groups()) DumpGroup(group);
    return std::move(out_);
  }

 private:
  void Line(int depth, std::string_view text) {
    out_.append(static_cast<size_t>(2 * depth), ' ');
    out_ += text;
    out_ += '\n';
  }

  std::string TextOf(const RuleIndex::Place& place) const {
    return language::ConditionText(program_.rules()[place.rule].where->tree(), place.node);
  }
  std::string FieldText(uint32_t field) const { return TextOf(index_.fields()[field]); }

  void DumpGroup(const RuleIndex::Group& group) {
    if (group.rule == RuleIndex::kNone) return;
    const Rule& rule = program_.rules()[group.rule];
    Line(0, rule.from ? "from " + PatternText(*rule.from) : "from every topic");
    for (const RuleIndex::Column& column : index_.columns(group)) DumpColumn(column);
    if (group.root.segment_count > 0) Line(1, "always");
    DumpBucket(group.root, 2);
  }

  void DumpColumn(const RuleIndex::Column& column) {
    for (const RuleIndex::Entry& entry : index_.entries(column)) {
      if (entry.bucket == RuleIndex::kNone) continue;
      Line(1, FieldText(column.field) + " = " + language::LiteralText(entry.value));
      DumpBucket(index_.bucket(entry.bucket), 2);
    }
  }

  void DumpBucket(const RuleIndex::Bucket& bucket, int depth) {
    for (const RuleIndex::Segment& segment : index_.segments(bucket)) DumpSegment(segment, depth);
  }

  void DumpSegment(const RuleIndex::Segment& segment, int depth) {
    uint32_t rules = segment.rules;
    for (const RuleIndex::Dimension& dimension : index_.dimensions(segment)) {
      std::string line = FieldText(dimension.field) + (dimension.negated ? " below" : " above");
      for (const double bound : index_.bounds(segment, dimension))
        line += " " +
                language::LiteralText(language::Value::Number(dimension.negated ? -bound : bound));
      Line(depth, line);
      rules = dimension.rules;
    }
    for (const uint16_t rule : index_.rules(rules, segment.rule_count)) DumpRule(rule, depth);
  }

  void DumpRule(uint16_t rule, int depth) {
    std::string line = "rule " + program_.rules()[rule].name;
    std::string_view separator = ": ";
    const auto add = [&](const std::string& text) {
      line += separator;
      line += text;
      separator = " AND ";
    };
    for (const RuleIndex::Test& test : index_.tests(rule)) {
      add(fmt::format("{} {} {}", FieldText(test.field),
                      std::string(language::OperatorText(test.op)),
                      language::LiteralText(test.literal)));
    }
    for (const uint32_t conjunct : index_.conjuncts_of(rule))
      add("(" + TextOf(index_.conjuncts()[conjunct]) + ")");
    Line(depth, line);
  }

  const Program& program_;
  const RuleIndex& index_;
  std::string out_;
};

}  // namespace

std::string Dump(const Program& program) { return Dumper(program).Run(); }

}  // namespace sluice::compile
