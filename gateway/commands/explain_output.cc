#include "gateway/commands/explain_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "filters/match/value_text.h"

namespace sluice::commands {

using match::ExplainedPredicate;
using match::ExplainedRule;
using match::ExplainedValue;
using match::Printable;
using Outcome = match::ExplainedRule::Outcome;

namespace {

// Members of one JSON object after the other.
class JsonMembers {
 public:
  explicit JsonMembers(std::string* out) : out_(*out) { out_ += '{'; }

  void Text(std::string_view name, std::string_view value) {
    Name(name);
    json::AppendString(json::IsUtf8(value) ? std::string(value) : Printable(value), &out_);
  }
  void TextOrNull(std::string_view name, std::string_view value) {
    if (!value.empty()) return Text(name, value);
    Raw(name, "null");
  }
  void Flag(std::string_view name, bool value) { Raw(name, value ? "true" : "false"); }
  void Number(std::string_view name, uint64_t value) { Raw(name, std::to_string(value)); }
  void Json(std::string_view name, std::string_view value) { Raw(name, value); }
  template <typename Items, typename Write>
  void Array(std::string_view name, const Items& items, Write write) {
    Name(name);
    out_ += '[';
    const char* comma = "";
    for (const auto& item : items) {
      out_ += comma;
      comma = ",";
      write(item);
    }
    out_ += ']';
  }
  void End() { out_ += '}'; }

 private:
  void Raw(std::string_view name, std::string_view value) {
    Name(name);
    out_ += value;
  }
  void Name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    json::AppendString(name, &out_);
    out_ += ':';
  }

  std::string& out_;
};

void AppendValue(const ExplainedValue& value, std::string_view name, std::string* out) {
  JsonMembers members(out);
  members.Text(name, value.text);
  members.Text("value", value.value);
  members.TextOrNull("reason", value.reason);
  members.End();
}

void AppendPredicate(const ExplainedPredicate& predicate, std::string* out) {
  JsonMembers members(out);
  members.Text("text", predicate.text);
  members.Text("value", match::TruthText(predicate.value));
  members.TextOrNull("reason", predicate.reason);
  members.Flag("decided", predicate.decided);
  members.Array("operands", predicate.operands,
                [&](const ExplainedValue& value) { AppendValue(value, "text", out); });
  members.End();
}

void AppendReducer(const reduce::ExplainedReducer& reducer, std::string* out) {
  JsonMembers members(out);
  members.Text("name", reducer.name);
  members.Flag("passes", reducer.passes);
  members.Text("reason", reducer.reason);
  std::string state;
  JsonMembers values(&state);
  for (const auto& [name, value] : reducer.state) values.Json(name, value);
  values.End();
  members.Json("state", state);
  members.End();
}

// "where" is null where there is no condition, or it was not judged.
void AppendRule(const std::string& name, const ExplainedRule& rule, std::string_view held,
                const reduce::ExplainedReduction& reduction, std::string* out) {
  JsonMembers members(out);
  members.Text("name", name);
  members.Flag("matched", rule.matched());
  members.TextOrNull("held", held);
  members.Flag("judged", rule.outcome != Outcome::kNotReached);
  members.Flag("error", rule.outcome == Outcome::kBodyError);
  members.TextOrNull("reason", rule.reason);
  members.TextOrNull("from", rule.from);
  members.TextOrNull("condition", rule.condition);
  members.TextOrNull("where", rule.where ? match::TruthText(*rule.where) : "");
  members.Array("predicates", rule.predicates,
                [&](const ExplainedPredicate& predicate) { AppendPredicate(predicate, out); });
  members.Array("set", rule.set,
                [&](const ExplainedValue& value) { AppendValue(value, "name", out); });
  members.Array("per", reduction.per,
                [&](const std::string& value) { json::AppendString(value, out); });
  members.Array("reducers", reduction.reducers,
                [&](const reduce::ExplainedReducer& reducer) { AppendReducer(reducer, out); });
  members.End();
}

constexpr char kBold[] = "\x1b[1m", kGreen[] = "\x1b[32m", kYellow[] = "\x1b[33m",
               kDim[] = "\x1b[2m", kPlain[] = "\x1b[0m";

// Code points: near enough to columns for what conditions are written in.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Padded(std::string_view text, size_t width) {
  return std::string(text) + std::string(width - std::min(width, Width(text)), ' ');
}

class Paragraphs {
 public:
  explicit Paragraphs(bool colours) : colours_(colours) {}

  void Verdict(const ExplainedMessage& explained);
  void Rule(const std::string& name, size_t name_width, const ExplainedRule& rule,
            std::string_view held, const reduce::ExplainedReduction& reduction);
  const std::string& text() const { return text_; }

 private:
  std::string Coloured(const char* colour, std::string_view text) const {
    return colours_ ? colour + std::string(text) + kPlain : std::string(text);
  }
  void Source(std::string_view label, std::string_view source,
              const std::vector<language::SourceSpan>& spans);
  void Predicates(const std::vector<ExplainedPredicate>& predicates);
  void Set(const std::vector<ExplainedValue>& set);
  void Reducers(const reduce::ExplainedReduction& reduction);

  const bool colours_;
  std::string text_;
};

void Paragraphs::Verdict(const ExplainedMessage& explained) {
  const language::MessageView& message = *explained.message;
  text_ +=
      fmt::format("line {}: {}", explained.line,
                  Coloured(kBold, message.topic.empty() ? "(no topic)" : Printable(message.topic)));
  if (!message.device.empty()) text_ += fmt::format(" from {}", Printable(message.device));
  text_ += '\n';
  if (explained.forwards) {
    text_ +=
        fmt::format("{} to {}\n", Coloured(kGreen, "forward"), fmt::join(explained.outputs, ", "));
    return;
  }
  const std::string_view why =
      explained.reason == "bad topic" ? "MQTT lets nobody publish to this topic: no rule is asked"
      : explained.reason == "default" ? "no rule took it"
      : explained.reason == "rule"    ? "rules took it, and none sends it anywhere"
                                      : "rules took it, and a reducer held it";
  text_ += fmt::format("{}: {} ({})\n", Coloured(kYellow, "drop"), explained.reason, why);
}

void Paragraphs::Rule(const std::string& name, size_t name_width, const ExplainedRule& rule,
                      std::string_view held, const reduce::ExplainedReduction& reduction) {
  const auto verdict = [&] {
    switch (rule.outcome) {
      case Outcome::kMatched:
        return held.empty() ? Coloured(kGreen, "matched")
                            : Coloured(kYellow, fmt::format("matched, held by {}", held));
      case Outcome::kBodyError:
        return Coloured(kYellow, "error");
      case Outcome::kNotReached:
        return Coloured(kDim, "not judged");
      case Outcome::kNotMatched:
        break;
    }
    return std::string("no match");
  }();
  text_ += fmt::format("\n{}  {}", Coloured(kBold, Padded(Printable(name), name_width)), verdict);
  if (!rule.reason.empty()) text_ += fmt::format(": {}", rule.reason);
  text_ += '\n';
  if (rule.outcome == Outcome::kNotReached) return;
  if (!rule.from.empty()) {
    Source("from", rule.from,
           rule.from_matches ? std::vector<language::SourceSpan>() : std::vector{rule.from_span});
  }
  if (rule.where) {
    std::vector<language::SourceSpan> decided;
    for (const ExplainedPredicate& predicate : rule.predicates) {
      if (predicate.decided) decided.push_back(predicate.span);
    }
    Source("where", rule.condition, decided);
    Predicates(rule.predicates);
  }
  Set(rule.set);
  Reducers(reduction);
}

// Each with what it knew before the message came.
void Paragraphs::Reducers(const reduce::ExplainedReduction& reduction) {
  if (!reduction.per.empty())
    text_ += fmt::format("  per   {}\n", fmt::join(reduction.per, ", "));
  for (const reduce::ExplainedReducer& reducer : reduction.reducers) {
    text_ += fmt::format("  {} {}: {}\n", reducer.name,
                         reducer.passes ? "lets it pass" : Coloured(kYellow, "holds it"),
                         reducer.reason);
  }
}

// The text line by line, what the spans cover underlined.
void Paragraphs::Source(std::string_view label, std::string_view source,
                        const std::vector<language::SourceSpan>& spans) {
  for (size_t start = 0; start <= source.size();) {
    const size_t end = std::min(source.find('\n', start), source.size());
    std::string line(source.substr(start, end - start));
    std::replace(line.begin(), line.end(), '\t', ' ');
    if (!line.empty() || end != source.size())
      text_ += fmt::format("  {:<5} {}\n", start == 0 ? label : "", Printable(line));
    std::string marks(Width(line), ' ');
    for (const language::SourceSpan& span : spans) {
      const size_t from = std::max(span.offset, start),
                   to = std::min(span.offset + span.length, end);
      if (from >= to) continue;
      const size_t column = Width(std::string_view(line).substr(0, from - start));
      const size_t width = Width(std::string_view(line).substr(from - start, to - from));
      std::fill_n(marks.begin() + static_cast<ptrdiff_t>(column), width, '~');
      if (from == span.offset) marks[column] = '^';
    }
    marks.erase(marks.find_last_not_of(' ') + 1);
    if (!marks.empty()) text_ += fmt::format("        {}\n", Coloured(kGreen, marks));
    start = end + 1;
  }
}

void Paragraphs::Predicates(const std::vector<ExplainedPredicate>& predicates) {
  constexpr size_t kWidest = 48;  // what is longer pushes its own operands alone
  size_t width = 0;
  for (const ExplainedPredicate& predicate : predicates)
    width = std::max(width, std::min(kWidest, Width(predicate.text)));
  for (const ExplainedPredicate& predicate : predicates) {
    std::string values;
    for (const ExplainedValue& operand : predicate.operands) {
      if (!values.empty()) values += ", ";
      values += fmt::format("{} is {}", operand.text, operand.value);
      if (!operand.reason.empty() && operand.reason != predicate.reason)
        values += fmt::format(" ({})", operand.reason);
    }
    if (!predicate.reason.empty()) values = predicate.reason;
    std::string line = fmt::format("        {:<9}  {}  {}", match::TruthText(predicate.value),
                                   Padded(predicate.text, width), values);
    line.erase(line.find_last_not_of(' ') + 1);
    text_ += line + '\n';
  }
}

void Paragraphs::Set(const std::vector<ExplainedValue>& set) {
  for (const ExplainedValue& property : set) {
    text_ += fmt::format("  set   {}: {}", Printable(property.text), property.value);
    if (!property.reason.empty()) text_ += fmt::format(" ({})", property.reason);
    text_ += '\n';
  }
}

std::vector<size_t> ShownRules(const compile::Program& program, const ExplainedMessage& explained) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < explained.rules.size(); ++i) {
    if (explained.only_rule.empty() || program.rules()[i].name == explained.only_rule)
      shown.push_back(i);
  }
  return shown;
}

}  // namespace

std::string ExplanationAsJson(const compile::Program& program, const ExplainedMessage& explained) {
  std::string out;
  JsonMembers members(&out);
  members.Number("line", explained.line);
  members.Text("verdict", explained.forwards ? "forward" : "drop");
  members.TextOrNull("reason", explained.reason);
  members.Array("outputs", explained.outputs,
                [&](const std::string& output) { json::AppendString(output, &out); });
  members.Array("rules", ShownRules(program, explained), [&](size_t rule) {
    AppendRule(program.rules()[rule].name, explained.rules[rule], explained.held[rule],
               explained.reductions[rule], &out);
  });
  members.End();
  return out + '\n';
}

std::string ExplainedErrorAsJson(uint64_t line, const std::string& error) {
  std::string out;
  JsonMembers members(&out);
  members.Number("line", line);
  members.Text("error", error);
  members.End();
  return out + '\n';
}

std::string ExplanationForPeople(const compile::Program& program, const ExplainedMessage& explained,
                                 bool colours) {
  Paragraphs paragraphs(colours);
  paragraphs.Verdict(explained);
  const std::vector<size_t> shown = ShownRules(program, explained);
  size_t width = 0;
  for (const size_t rule : shown) width = std::max(width, Width(program.rules()[rule].name));
  for (const size_t rule : shown) {
    paragraphs.Rule(program.rules()[rule].name, width, explained.rules[rule], explained.held[rule],
                    explained.reductions[rule]);
  }
  return paragraphs.text();
}

}  // namespace sluice::commands
