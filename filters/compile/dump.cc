#include "filters/compile/dump.h"

#include <fmt/format.h>

#include <map>
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
    out_.append(2 * static_cast<size_t>(depth), ' ');
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
    for (const RuleIndex::TextColumn& column : index_.text_columns(group)) DumpTexts(column);
    if (group.root.segment_count > 0) Line(1, "always");
    DumpBucket(group.root);
  }

  void DumpColumn(const RuleIndex::Column& column) {
    std::map<std::string, uint32_t> buckets;  // in another order than the hash table's
    for (const RuleIndex::Entry& entry : index_.entries(column)) {
      if (entry.bucket != RuleIndex::kNone)
        buckets.emplace(language::LiteralText(entry.value), entry.bucket);
    }
    for (const auto& [value, bucket] : buckets) {
      Line(1, FieldText(column.field) + " = " + value);
      DumpBucket(index_.bucket(bucket));
    }
  }

  void DumpTexts(const RuleIndex::TextColumn& column) {
    const TextIndex& index = index_.text(column);
    const std::string field = FieldText(column.field);
    uint32_t bucket = column.buckets;
    for (const TextIndex::Entry& entry : index.entries()) {
      const Needle& needle = entry.needle;
      const std::string_view verb = needle.at_start && needle.at_end ? "is"
                                    : needle.at_start                ? "starts with"
                                    : needle.at_end                  ? "ends with"
                                                                     : "contains";
      Line(1, fmt::format("{} {} {}{} by {}", field, verb, Quoted(needle.text),
                          needle.any_case ? " in any case" : "",
                          Quoted(needle.text.substr(entry.gram_at, entry.gram_size))));
      DumpBucket(index_.bucket(bucket++));
    }
    for (const std::string& pattern : index.patterns()) {
      Line(1, fmt::format("{} matches {} in one set", field, Quoted(pattern)));
      DumpBucket(index_.bucket(bucket++));
    }
  }

  static std::string Quoted(std::string_view text) {
    return language::LiteralText(language::Value::String(text));
  }

  void DumpBucket(const RuleIndex::Bucket& bucket) {
    for (const RuleIndex::Segment& segment : index_.segments(bucket)) {
      for (const RuleIndex::Dimension& dimension : index_.dimensions(segment)) {
        std::string line =
            FieldText(dimension.field) + (dimension.is_negated ? " below" : " above");
        for (const double bound : index_.bounds(dimension)) {
          line += " " + language::LiteralText(
                            language::Value::Number(dimension.is_negated ? -bound : bound));
        }
        Line(2, line);
      }
      for (const uint32_t clause : index_.clauses(segment)) DumpClause(index_.clauses()[clause]);
    }
  }

  void DumpClause(const RuleIndex::Clause& clause) {
    std::string line = "rule " + program_.rules()[clause.rule].name;
    std::string_view separator = ": ";
    const auto add = [&](const std::string& text) {
      line += separator;
      line += text;
      separator = " AND ";
    };
    for (const RuleIndex::Test& test : index_.tests(clause)) {
      add(fmt::format("{} {} {}", FieldText(test.field),
                      std::string(language::OperatorText(test.op)),
                      language::LiteralText(test.literal)));
    }
    for (const RuleIndex::Conjunct& conjunct : index_.conjuncts(clause)) {
      add((conjunct.is_negated ? "NOT (" : "(") + TextOf(index_.conjunct_places()[conjunct.place]) +
          ")");
    }
    Line(2, line);
  }

  const Program& program_;
  const RuleIndex& index_;
  std::string out_;
};

}  // namespace

std::string Dump(const Program& program) { return Dumper(program).Run(); }

}  // namespace sluice::compile
