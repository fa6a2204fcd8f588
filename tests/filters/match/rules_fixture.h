// Rules and messages in one line each, for tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filters/compile/compiler.h"
#include "filters/match/judge.h"

namespace sluice::match {

inline compile::Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

// A rule put together by chained calls: Rule("a").From("x/+").Where("$body.t > 1").Into({"log"}).
class Rule {
 public:
  explicit Rule(std::string name = "r") { spec_.name = Text(std::move(name)); }

  Rule& From(std::string from) { return spec_.from = Text(std::move(from)), *this; }
  Rule& Where(std::string where) { return spec_.where = Text(std::move(where)), *this; }
  Rule& Route(std::string route) { return spec_.route = Text(std::move(route)), *this; }
  Rule& Set(std::string name, std::string value) {
    return spec_.set.push_back({Text(std::move(name)), Text(std::move(value))}), *this;
  }
  Rule& Select(std::string path) { return spec_.select.push_back(Text(std::move(path))), *this; }
  Rule& Redact(std::string path) { return spec_.redact.push_back(Text(std::move(path))), *this; }
  Rule& Into(std::string output) { return spec_.into.push_back(Text(std::move(output))), *this; }
  Rule& Priority(int priority) { return spec_.priority = priority, *this; }
  Rule& Drop() { return spec_.drop = true, *this; }
  Rule& Final() { return spec_.final_rule = true, *this; }

  Rule& Dedup(int64_t ms) { return spec_.dedup = std::chrono::milliseconds(ms), *this; }
  Rule& OnChange(std::string of, std::string by = "", int64_t max_silence_ms = 0) {
    spec_.on_change = compile::OnChangeSpec{.of = Text(std::move(of)), .by = {}, .max_silence = {}};
    if (!by.empty()) spec_.on_change->by = Text(std::move(by));
    spec_.on_change->max_silence = std::chrono::milliseconds(max_silence_ms);
    return *this;
  }
  Rule& Sample(uint32_t n) { return spec_.sample = n, *this; }
  Rule& Rate(std::string rate) { return spec_.rate = Text(std::move(rate)), *this; }
  Rule& Window(int64_t every_ms, std::vector<std::pair<std::string, std::string>> select) {
    compile::WindowSpec& window = spec_.window.emplace();
    window.every = std::chrono::milliseconds(every_ms);
    for (auto& [name, value] : select)
      window.select.push_back({Text(std::move(name)), Text(std::move(value))});
    return *this;
  }
  Rule& Per(std::string value) { return spec_.per.push_back(Text(std::move(value))), *this; }

  const compile::RuleSpec& spec() const { return spec_; }

 private:
  compile::RuleSpec spec_;
};

// Outputs hub (iothub) and log.
inline std::shared_ptr<const compile::Program> Compiled(const std::vector<Rule>& rules,
                                                        compile::RuleSetSpec spec = {}) {
  for (const Rule& rule : rules) spec.rules.push_back(rule.spec());
  const compile::OutputSpec outputs[] = {{"hub", true, false}, {"log", false, false}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(spec, outputs, &problems);
  for (const compile::Problem& problem : problems) {
    if (problem.severity == compile::Problem::Severity::kError)
      ADD_FAILURE() << problem.rule << ": " << problem.message;
  }
  return program;
}

// A message that owns its bytes, slack included.
class Message {
 public:
  Message(std::string topic, const std::string& payload)
      : topic_(std::move(topic)), size_(payload.size()) {
    payload_ = payload + std::string(language::kPayloadSlack, ' ');
  }
  Message& Type(std::string type) { return type_ = std::move(type), *this; }
  Message& Property(std::string name, std::string value) {
    return properties_.emplace_back(std::move(name), std::move(value)), *this;
  }

  language::MessageView View() const {
    language::MessageView view;
    view.device = "dev-1";
    view.topic = topic_;
    view.payload = {payload_.data(), size_};
    if (!type_.empty()) {
      view.content_type = type_;
      view.content_encoding = "utf-8";
    }
    view.format = language::ParseBodyFormat(view.content_type, view.content_encoding);
    views_.clear();
    for (const auto& [name, value] : properties_) views_.push_back({name, value, false});
    view.properties = views_;
    return view;
  }

 private:
  std::string topic_;
  std::string payload_;
  size_t size_;
  std::string type_;
  std::vector<std::pair<std::string, std::string>> properties_;
  mutable std::vector<language::PropertyView>
      views_;  // made anew by View(): a message may have moved
};

}  // namespace sluice::match
