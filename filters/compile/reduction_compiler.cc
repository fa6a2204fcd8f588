#include "filters/compile/reduction_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::compile {

using language::Diagnostics;
using language::Expression;
using language::ExpressionOptions;

namespace {

constexpr std::string_view kFunctions[] = {"COUNT", "SUM",   "AVG",  "MIN",
                                           "MAX",   "FIRST", "LAST", "STDDEV"};  // as enumerated
constexpr char kFunctionList[] = "COUNT SUM AVG MIN MAX FIRST LAST STDDEV";

int64_t Microseconds(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

// A decimal, all of `text`.
template <typename T>
bool ParseAll(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size();
}

// "s", "m", "h", or "10s", "250ms": microseconds, 0 where it is none.
int64_t ParsePeriod(std::string_view text) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}};
  for (const auto& [unit, microseconds] : kUnits) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    int64_t count = 1;
    if (!text.empty() && !ParseAll(text, &count)) return 0;
    return count > 0 && count <= kMaxRatePeriodUs / microseconds ? count * microseconds : 0;
  }
  return 0;
}

class ReductionCompiler {
 public:
  ReductionCompiler(const RuleSpec& rule, const ExpressionOptions& options, ProblemSink& sink)
      : rule_(rule), options_(options), sink_(sink) {}

  Reduction Run() {
    for (const Located& text : rule_.per) {
      if (auto value = Value(text, text.text, 0)) reduction_.per.push_back(*std::move(value));
    }
    reduction_.dedup_us = Microseconds(rule_.dedup);
    if (rule_.on_change) CompileOnChange(*rule_.on_change);
    reduction_.sample = rule_.sample;
    if (rule_.rate) CompileRate(*rule_.rate);
    if (rule_.window) CompileWindow(*rule_.window);
    return std::move(reduction_);
  }

 private:
  // `text` is what stands `skipped` bytes into `at`.
  std::optional<Expression> Value(const Located& at, std::string_view text, size_t skipped) {
    Diagnostics diagnostics;
    std::optional<Expression> value = language::CompileValue(text, options_, &diagnostics);
    sink_.Take(at, diagnostics, skipped);
    if (value && value->reads_body()) reduction_.reads_body = true;
    return value;
  }

  void CompileOnChange(const OnChangeSpec& spec) {
    std::optional<Expression> of = Value(spec.of, spec.of.text, 0);
    if (!of) return;
    OnChange on_change{.of = *std::move(of), .max_silence_us = Microseconds(spec.max_silence)};
    if (spec.by) {
      std::string_view text = spec.by->text;
      on_change.by_percent = text.ends_with('%');
      if (on_change.by_percent) text.remove_suffix(1);
      if (!ParseAll(text, &on_change.by) || !std::isfinite(on_change.by) || on_change.by < 0)
        sink_.Error(
            *spec.by, fmt::format("'{}' is no amount", spec.by->text),
            "write a number of at least 0, such as 0.5, or a share of the last value passed, "
            "such as 5%");
    }
    reduction_.on_change = std::move(on_change);
  }

  void CompileRate(const Located& at) {
    const std::string_view text = at.text;
    const size_t slash = text.find('/');
    Rate rate;
    const bool is_rate = slash != text.npos && ParseAll(text.substr(0, slash), &rate.messages);
    if (is_rate) rate.period_us = ParsePeriod(text.substr(slash + 1));
    if (rate.messages < 1 || rate.messages > kMaxRateMessages || rate.period_us == 0) {
      sink_.Error(at, fmt::format("'{}' is no rate", at.text),
                  "write messages for a time of at most 24h, such as 5/s, 100/m or 1/10s");
    }
    reduction_.rate = rate;
  }

  void CompileWindow(const WindowSpec& spec) {
    Window window;
    window.every_us = Microseconds(spec.every);
    std::set<std::string_view> names = {"from", "to"};
    for (const SetSpec& field : spec.select) {
      if (!names.insert(field.name.text).second) {
        sink_.Error(field.name,
                    fmt::format("'{}' stands in a window's message already", field.name.text));
      }
      CompileAggregate(field, &window);
    }
    reduction_.window = std::move(window);
  }

  // AVG($body.temperature): a function around any expression.
  void CompileAggregate(const SetSpec& field, Window* window) {
    const Located& at = field.value;
    const std::string_view text = at.text;
    const size_t open = text.find('(');
    std::string name(text.substr(0, open));
    while (!name.empty() && name.back() == ' ') name.pop_back();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    const auto* const function = std::find(std::begin(kFunctions), std::end(kFunctions), name);
    if (open == text.npos || text.back() != ')' || function == std::end(kFunctions)) {
      sink_.Error(at, fmt::format("'{}' is no aggregate", at.text),
                  fmt::format("write one of {} with an expression in brackets: AVG($body.t)",
                              kFunctionList));
      return;
    }
    Aggregate aggregate;
    aggregate.name = field.name.text;
    aggregate.function = static_cast<AggregateFunction>(function - std::begin(kFunctions));
    const std::string_view argument = text.substr(open + 1, text.size() - open - 2);
    if (argument.find_first_not_of(' ') != argument.npos) {
      aggregate.argument = Value(at, argument, open + 1);
    } else if (aggregate.function != AggregateFunction::kCount) {
      sink_.Error(at, fmt::format("{} of nothing", name),
                  "only COUNT() does without an expression");
    }
    window->aggregates.push_back(std::move(aggregate));
  }

  const RuleSpec& rule_;
  const ExpressionOptions& options_;
  ProblemSink& sink_;
  Reduction reduction_;
};

// Each part with its length, so that no two definitions read alike.
std::string DefinitionOf(const RuleSetSpec& rules, const RuleSpec& rule) {
  std::string definition;
  const auto add = [&](std::string_view part) {
    definition += fmt::format("{}:", part.size());
    definition += part;
  };
  const auto add_optional = [&](const std::optional<Located>& part) {
    add(part ? "=" + part->text : std::string());
  };
  add(rule.name.text);
  add_optional(rule.from);
  add_optional(rule.where);
  add_optional(rule.route);
  add(fmt::format("{} {} {} {}", static_cast<int>(rules.profile), rules.assume_json,
                  rule.dedup.count(), rule.sample));
  for (const Located& value : rule.per) add(value.text);
  if (rule.on_change) {
    add("on_change");
    add(rule.on_change->of.text);
    add_optional(rule.on_change->by);
    add(fmt::format("{}", rule.on_change->max_silence.count()));
  }
  add_optional(rule.rate);
  if (rule.window) {
    add(fmt::format("window {}", rule.window->every.count()));
    for (const SetSpec& field : rule.window->select) {
      add(field.name.text);
      add(field.value.text);
    }
  }
  return definition;
}

bool HasReducer(const RuleSpec& rule) {
  return rule.dedup.count() > 0 || rule.on_change || rule.sample > 0 || rule.rate || rule.window;
}

}  // namespace

const Located* FindReducer(const RuleSpec& rule) {
  if (rule.on_change) return &rule.on_change->of;
  if (rule.rate) return &*rule.rate;
  if (!rule.per.empty()) return &rule.per[0];
  return HasReducer(rule) ? &rule.name : nullptr;
}

std::unique_ptr<const Reduction> CompileReduction(const RuleSetSpec& rules, const RuleSpec& rule,
                                                  const ExpressionOptions& options,
                                                  ProblemSink& sink) {
  if (!HasReducer(rule)) {
    if (!rule.per.empty())
      sink.Error(rule.per[0], "'per' divides the state of reducers, and this rule has none",
                 "reducers are dedup, on_change, sample, rate and window");
    return nullptr;
  }
  auto reduction = std::make_unique<Reduction>(ReductionCompiler(rule, options, sink).Run());
  reduction->definition = DefinitionOf(rules, rule);
  return reduction;
}

}  // namespace sluice::compile
