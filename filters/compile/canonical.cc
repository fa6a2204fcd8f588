#include "filters/compile/canonical.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <vector>

namespace sluice::compile {
namespace {

// Every value is written with its length or an end of its own, so that two different ones after the
// other never look alike. The bindings name all members: one that is added stops the compiler here.
class Writer {
 public:
  void Put(const std::string& text) {
    fmt::format_to(std::back_inserter(out_), "{}:{}", text.size(), text);
  }
  void Put(const Located& text) { Put(text.text); }
  void Put(uint64_t number) { fmt::format_to(std::back_inserter(out_), "{};", number); }
  void Put(std::chrono::milliseconds span) { Put(static_cast<uint64_t>(span.count())); }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(uint64_t{value.has_value()});
    if (value) Put(*value);
  }
  template <typename T>
  void Put(const std::vector<T>& values) {
    Put(uint64_t{values.size()});
    for (const T& value : values) Put(value);
  }
  template <typename... T>
  void PutAll(const T&... values) {
    (Put(values), ...);
  }

  void Put(const SetSpec& set) {
    const auto& [name, value] = set;
    PutAll(name, value);
  }
  void Put(const OnChangeSpec& spec) {
    const auto& [of, by, max_silence] = spec;
    PutAll(of, by, max_silence);
  }
  void Put(const WindowSpec& spec) {
    const auto& [every, select] = spec;
    PutAll(every, select);
  }
  void Put(const RuleSpec& rule) {
    const auto& [name, from, where, route, drop, final_rule, priority, set, select, redact, into,
                 dedup, on_change, sample, rate, window, per] = rule;
    PutAll(name, from, where, route, uint64_t{drop}, uint64_t{final_rule},
           static_cast<uint64_t>(priority), set, select, redact, into, dedup, on_change,
           uint64_t{sample}, rate, window, per);
  }
  void Put(const RuleSetSpec& set) {
    const auto& [forward_by_default, default_action, assume_json, profile, max_state, rules] = set;
    PutAll(uint64_t{forward_by_default}, default_action, uint64_t{assume_json},
           static_cast<uint64_t>(profile), max_state, rules);
  }

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string CanonicalText(const RuleSetSpec& rules) {
  Writer writer;
  writer.Put(rules);
  return writer.Take();
}

}  // namespace sluice::compile
