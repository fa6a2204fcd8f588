#include "tests/e2e/demo_table/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sluice::demo {
namespace {

constexpr double kSecondsADay = 86'400;
constexpr double kS1MessagesADay = 400'000;  // of one unit of IoT Hub's standard tier S1

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}

  std::string Bold(std::string_view text) const { return Wrap("1", text); }
  std::string Dim(std::string_view text) const { return Wrap("2", text); }
  std::string Red(std::string_view text) const { return Wrap("31", text); }
  std::string Green(std::string_view text) const { return Wrap("32", text); }
  std::string Cyan(std::string_view text) const { return Wrap("36", text); }

 private:
  std::string Wrap(const char* code, std::string_view text) const {
    return colour_ ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
  }
  bool colour_;
};

double Rate(uint64_t now, uint64_t before, const Frame& frame) {
  const double seconds = frame.seconds - frame.before_seconds;
  return seconds <= 0 || now < before ? 0 : static_cast<double>(now - before) / seconds;
}

std::string Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? ""
                    : fmt::format("{:.1f} %",
                                  100 * static_cast<double>(part) / static_cast<double>(whole));
}

// "126x fewer", or nothing while there is nothing to compare.
std::string Fewer(uint64_t without, uint64_t with) {
  if (with == 0 || without <= with) return "";
  return fmt::format("{:.0f}x fewer", static_cast<double>(without) / static_cast<double>(with));
}

uint64_t MatchesBefore(const Frame& frame, const std::string& rule) {
  for (const auto& [name, matches] : frame.before.rules) {
    if (name == rule) return matches;
  }
  return 0;
}

}  // namespace

std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ' ');
  return digits;
}

std::string Table(const Frame& frame, bool colour) {
  const Painter paint(colour);
  const Figures& now = frame.now;
  const Figures& before = frame.before;
  std::string out;
  const auto line = [&out](const std::string& text) { out.append(text).append("\n"); };
  const auto count = [&](const std::string& name, uint64_t value, uint64_t value_before) {
    return fmt::format("  {:<30}{:>12}{:>13.1f}{:>12}", name, Grouped(value),
                       Rate(value, value_before, frame), Share(value, now.in));
  };

  line(paint.Dim(fmt::format("  {:<30}{:>12}{:>13}{:>12}",
                             fmt::format("after {:.0f} s", frame.seconds), "messages", "a second",
                             "share")));
  line(paint.Bold(count(fmt::format("in, from {} devices", now.devices), now.in, before.in)));
  line(paint.Dim(
      count("dropped: no rule wants it", now.dropped_by_default, before.dropped_by_default)));
  line(paint.Dim(count("dropped by a rule", now.dropped_by_rule, before.dropped_by_rule)));
  if (now.dropped_otherwise > 0) {
    line(paint.Red(count("dropped otherwise", now.dropped_otherwise, before.dropped_otherwise)));
  }
  line(paint.Green(count("forwarded to the hub", now.forwarded, before.forwarded)));
  line("");
  line(paint.Dim(fmt::format("  {:<30}{:>12}{:>13}", "rule", "matched", "a second")));
  for (const auto& [name, matches] : now.rules) {
    line(paint.Cyan(fmt::format("  {:<30}{:>12}{:>13.1f}", name.substr(0, 29), Grouped(matches),
                                Rate(matches, MatchesBefore(frame, name), frame))));
  }
  line("");
  line(paint.Dim(
      fmt::format("  {:<30}{:>12}{:>13}", "what the hub bills", "without", "with sluice")));
  // Every reading of the demo is smaller than a block of 4 KB: sent alone, each costs one of both.
  line(fmt::format("  {:<30}{:>12}{:>13}{}", "send operations", Grouped(now.in),
                   Grouped(now.hub_operations),
                   paint.Green(fmt::format("{:>14}", Fewer(now.in, now.hub_operations)))));
  line(fmt::format("  {:<30}{:>12}{:>13}{}", "blocks of 4 KB", Grouped(now.in),
                   Grouped(now.hub_blocks),
                   paint.Green(fmt::format("{:>14}", Fewer(now.in, now.hub_blocks)))));
  return out;
}

std::string PlainLine(const Frame& frame) {
  const Figures& now = frame.now;
  return fmt::format(
      "{:5.1f} s  {} devices  in {}  dropped {} by rule, {} by default  forwarded {}  hub "
      "operations {} (without: {})  "
      "blocks {} (without: {})\n",
      frame.seconds, now.devices, now.in, now.dropped_by_rule, now.dropped_by_default,
      now.forwarded, now.hub_operations, now.in, now.hub_blocks, now.in);
}

bool Balanced(const Figures& figures, uint64_t in_hub) {
  return figures.in > 0 && figures.in == figures.dropped() + figures.forwarded &&
         in_hub == figures.forwarded;
}

std::string Summary(const Figures& figures, double seconds, uint64_t in_hub, bool colour) {
  const Painter paint(colour);
  std::string out = paint.Bold("Summary") + "\n";
  const auto line = [&out](const std::string& name, const std::string& value) {
    out += fmt::format("  {:<30}{:>12}\n", name, value);
  };
  line("messages in", Grouped(figures.in));
  line("dropped by a rule", Grouped(figures.dropped_by_rule));
  line("dropped, no rule wanted it", Grouped(figures.dropped_by_default));
  if (figures.dropped_otherwise > 0) line("dropped otherwise", Grouped(figures.dropped_otherwise));
  line("forwarded", Grouped(figures.forwarded));
  line("found in the hub, unpacked", Grouped(in_hub));
  line("hub operations",
       fmt::format("{}, without sluice {}", Grouped(figures.hub_operations), Grouped(figures.in)));
  line("hub blocks",
       fmt::format("{}, without sluice {}", Grouped(figures.hub_blocks), Grouped(figures.in)));
  line("connections refused", Grouped(figures.refused));
  out += "\n";
  if (Balanced(figures, in_hub)) {
    out +=
        paint.Green(
            "  Every message is accounted for, and all that was forwarded is in the hub, once.") +
        "\n";
  } else {
    out += paint.Red(
               "  The figures do not add up: in = dropped + forwarded, forwarded = in the hub.") +
           "\n";
  }
  if (figures.hub_operations > 0 && seconds > 0) {
    const auto a_day = [seconds](uint64_t count) {
      return static_cast<double>(count) / seconds * kSecondsADay;
    };
    const auto units = [&](uint64_t count) { return std::ceil(a_day(count) / kS1MessagesADay); };
    out += fmt::format(
        "  A whole day like this is {:.1f} million messages for the hub without sluice, {:.2f} "
        "million with\n"
        "  it: {:.0f} units of tier S1, or {:.0f}.\n",
        a_day(figures.in) / 1e6, a_day(figures.hub_blocks) / 1e6, units(figures.in),
        units(figures.hub_blocks));
  }
  return out;
}

}  // namespace sluice::demo
