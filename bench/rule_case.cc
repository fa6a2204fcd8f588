#include "bench/rule_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "filters/json/writer.h"

namespace sluice::bench {
namespace {

using Random = std::mt19937_64;
using Members = std::vector<std::string>;

// What makes a kind: its i-th rule of n, and the members (or topic and properties) of a message
// that this rule takes, or that fails only its last test.
struct KindRow {
  Kind kind;
  std::string_view name;
  RuleText (*rule)(size_t i, size_t n);
  void (*fill)(size_t i, size_t n, bool taken, Random& random, MessageText* message,
               Members* members);
};

std::string Text(std::string_view name, std::string_view value) {
  return fmt::format(R"("{}":"{}")", name, value);
}
std::string Number(std::string_view name, double value) {
  return fmt::format(R"("{}":{:.4f})", name, value);
}

RuleText EqualityRule(size_t i, size_t /*n*/) {
  return {"", fmt::format("$body.site = 'site-{:05}' AND $body.unit = 'u{}'", i / 4, i % 4)};
}
void FillEquality(size_t i, size_t /*n*/, bool taken, Random& /*random*/, MessageText* /*message*/,
                  Members* members) {
  members->push_back(Text("site", fmt::format("site-{:05}", i / 4)));
  members->push_back(Text("unit", taken ? fmt::format("u{}", i % 4) : "u9"));
}

// Bands side by side, with gaps between them as wide as they are.
RuleText RangeRule(size_t i, size_t n) {
  const double width = 10'000.0 / static_cast<double>(n);
  const double low = width * static_cast<double>(i);
  return {"", fmt::format("$body.level >= {:.4f} AND $body.level < {:.4f}", low, low + width / 2)};
}
void FillRange(size_t i, size_t n, bool taken, Random& random, MessageText* /*message*/,
               Members* members) {
  const double width = 10'000.0 / static_cast<double>(n);
  const double inside = std::uniform_real_distribution(0.01, 0.49)(random);
  members->push_back(
      Number("level", width * (static_cast<double>(i) + inside + (taken ? 0 : 0.5))));
}

// 50 sites; of one site's rules, the higher the least temperature, the higher the greatest
// pressure: either bound alone lets half of them pass, both together one.
constexpr size_t kSites = 50;
double RankOf(size_t i) {
  const size_t rank = i / kSites;  // whole: rules of one rank have a site each
  return static_cast<double>(rank);
}
double Step(size_t n) { return 50 / (RankOf(n - 1) + 1); }

RuleText MixedRule(size_t i, size_t n) {
  const auto rank = RankOf(i);
  return {"", fmt::format("$body.site = 'site-{:02}' AND $body.temperature > {:.4f} AND "
                          "$body.pressure < {:.4f}",
                          i % kSites, 50 + Step(n) * rank, Step(n) * (rank + 1))};
}
void FillMixed(size_t i, size_t n, bool taken, Random& random, MessageText* /*message*/,
               Members* members) {
  const auto rank = RankOf(i);
  const double off = std::uniform_real_distribution(0.1, 0.9)(random);
  members->push_back(Text("site", fmt::format("site-{:02}", i % kSites)));
  members->push_back(Number("temperature", 50 + Step(n) * (rank + off)));
  members->push_back(Number("pressure", Step(n) * (rank + 1 + (taken ? -off : off))));
}

RuleText RegexRule(size_t i, size_t /*n*/) {
  return {"", fmt::format("REGEX_MATCH($body.serial, '^PX{:05}-[0-9]+$')", i)};
}
void FillRegex(size_t i, size_t /*n*/, bool taken, Random& random, MessageText* /*message*/,
               Members* members) {
  members->push_back(
      Text("serial", fmt::format("PX{:05}-{:04}{}", i, random() % 10'000, taken ? "" : "x")));
}

RuleText OrRule(size_t i, size_t n) {
  return {"", fmt::format("$body.site = 'site-{0:05}' OR $body.state = 'fault-{0:05}' OR "
                          "$body.level > {1}",
                          i, 1000 + n + i)};
}
void FillOr(size_t i, size_t /*n*/, bool taken, Random& random, MessageText* /*message*/,
            Members* members) {
  const bool by_site = taken && random() % 2 == 0;
  const bool by_state = taken && !by_site;
  members->push_back(Text("site", fmt::format("{}-{:05}", by_site ? "site" : "none", i)));
  members->push_back(Text("state", fmt::format("{}-{:05}", by_state ? "fault" : "sound", i)));
  members->push_back(Number("level", static_cast<double>(random() % 1000)));
}

RuleText NotRule(size_t i, size_t /*n*/) {
  return {"", fmt::format("NOT ($body.site <> 'site-{:05}') AND "
                          "NOT ($body.state = 'running' OR $body.state = 'idle')",
                          i)};
}
void FillNot(size_t i, size_t /*n*/, bool taken, Random& random, MessageText* /*message*/,
             Members* members) {
  members->push_back(Text("site", fmt::format("site-{:05}", i)));
  members->push_back(Text("state", taken ? "fault" : random() % 2 == 0 ? "running" : "idle"));
}

RuleText BodyFreeRule(size_t i, size_t /*n*/) {
  return {fmt::format("plant/line-{:05}/+/telemetry", i), "severity = 'alert'"};
}
void FillBodyFree(size_t i, size_t /*n*/, bool taken, Random& /*random*/, MessageText* message,
                  Members* /*members*/) {
  message->topic = fmt::format("plant/line-{:05}/press/telemetry", i);
  message->properties = {{"severity", taken ? "alert" : "info"}};
}

constexpr KindRow kRows[] = {
    {Kind::kEquality, "equality", EqualityRule, FillEquality},
    {Kind::kRange, "range", RangeRule, FillRange},
    {Kind::kMixed, "mixed", MixedRule, FillMixed},
    {Kind::kRegex, "regex", RegexRule, FillRegex},
    {Kind::kOr, "or", OrRule, FillOr},
    {Kind::kNot, "not", NotRule, FillNot},
    {Kind::kBodyFree, "body-free", BodyFreeRule, FillBodyFree},
};

const KindRow& RowOf(Kind kind) {
  return *std::find_if(std::begin(kRows), std::end(kRows),
                       [kind](const KindRow& row) { return row.kind == kind; });
}

// A member that no rule reads, as devices send them.
std::string Filler(Random& random) {
  const unsigned name = random() % 1000;
  const double reading = static_cast<double>(random() % 100'000) / 1000;
  switch (random() % 8) {
    case 0:
      return fmt::format(R"("count_{}":{})", name, random() % 100'000);
    case 1:
      return fmt::format(R"("ok_{}":{})", name, random() % 2 == 0);
    case 2:
      return fmt::format(R"("name_{}":"{:x}")", name, random());
    case 3:
      return fmt::format(R"("v_{}":{{"x":{:.2f},"y":{:.2f},"z":{:.2f}}})", name, reading,
                         reading / 2, reading / 3);
    case 4:
      return fmt::format(R"("wave_{}":[{:.1f},{:.1f},{:.1f},{:.1f}])", name, reading, reading / 2,
                         reading / 3, reading / 4);
    default:
      return fmt::format(R"("t_{}":{:.3f})", name, reading);
  }
}

// An object of about so many bytes, exactly so many if there is room for one pad.
std::string Body(Members members, size_t bytes, Random& random) {
  size_t size = 1;
  for (const std::string& member : members) size += member.size() + 1;
  while (true) {
    std::string filler = Filler(random);
    if (size + filler.size() + 1 > bytes) break;
    size += filler.size() + 1;
    members.push_back(std::move(filler));
  }
  std::shuffle(members.begin(), members.end(), random);
  constexpr std::string_view kEmptyPad = R"(,"pad":"")";
  std::string body = fmt::format("{{{}", fmt::join(members, ","));
  if (body.size() + kEmptyPad.size() < bytes && !members.empty())
    body += fmt::format(R"(,"pad":"{:x>{}}")", "", bytes - body.size() - kEmptyPad.size() - 1);
  return body + '}';
}

}  // namespace

std::string_view KindName(Kind kind) { return RowOf(kind).name; }

std::optional<Kind> FindKind(std::string_view name) {
  for (const KindRow& row : kRows) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

RuleCase MakeCase(const CaseSpec& spec) {
  const KindRow& row = RowOf(spec.kind);
  Random random(spec.rules * 31 + spec.matched_percent * uint64_t{7} + spec.body_bytes);
  RuleCase made;
  for (size_t i = 0; i < spec.rules; ++i) made.rules.push_back(row.rule(i, spec.rules));
  for (size_t i = 0; i < spec.messages; ++i) {
    // Spread evenly, then shuffled below.
    const bool taken = (i + 1) * spec.matched_percent / 100 > i * spec.matched_percent / 100;
    MessageText message;
    message.topic = "plant/line-1/press/telemetry";
    Members members;
    row.fill(random() % spec.rules, spec.rules, taken, random, &message, &members);
    message.payload = Body(std::move(members), spec.body_bytes, random);
    made.messages.push_back(std::move(message));
  }
  std::shuffle(made.messages.begin(), made.messages.end(), random);
  return made;
}

std::string RulesAsYaml(const RuleCase& made) {
  std::string out = "rules:\n  default: drop\n  list:\n";
  for (const RuleText& rule : made.rules) {
    out += "    - {";
    if (!rule.from.empty()) out += fmt::format("from: \"{}\", ", rule.from);
    out += fmt::format("where: \"{}\"}}\n", rule.where);
  }
  return out;
}

std::string MessagesAsLines(const RuleCase& made) {
  std::string out;
  for (const MessageText& message : made.messages) {
    out += fmt::format(R"({{"device":"press-17","topic":"{}","properties":{{)", message.topic);
    for (const auto& [name, value] : message.properties)
      out += fmt::format("{}{}", &message.properties.front().first == &name ? "" : ",",
                         Text(name, value));
    out += R"(},"payload":)";
    json::AppendString(message.payload, &out);
    out += "}\n";
  }
  return out;
}

}  // namespace sluice::bench
