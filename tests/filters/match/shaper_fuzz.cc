// Whatever a body is, shaping it ends in a refusal or in JSON, and an independent parser agrees:
// what was redacted is gone, and what was selected has the values that it had.
//
// The first byte of the input chooses the shape.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "filters/match/shaper.h"

namespace {

using Json = nlohmann::json;

void Check(bool holds) {
  if (!holds) std::abort();
}

sluice::compile::PathTree Tree(const std::vector<std::vector<std::string>>& paths) {
  sluice::compile::PathTree tree;
  for (const auto& path : paths) {
    std::vector<sluice::language::PathStep> steps;
    for (const std::string& key : path) steps.push_back({key, std::nullopt});
    tree.Add(steps);
  }
  return tree;
}

// Every member called `name` of the objects that `path` leads to is gone; duplicates count as they
// stand in the text.
struct KeyHunter : nlohmann::json_sax<Json> {
  std::vector<std::string> keys;  // of the open objects; empty for arrays
  bool found = false;

  bool key(string_t& name) override {
    if (keys.empty()) return true;
    keys.back() = name;
    found = found || (keys.size() == 1 && name == "x") ||
            (keys.size() == 2 && keys[0] == "a" && name == "b");
    return true;
  }
  bool start_object(size_t) override { return keys.emplace_back(), true; }
  bool end_object() override { return keys.pop_back(), true; }
  bool start_array(size_t) override { return keys.emplace_back(), true; }
  bool end_array() override { return keys.pop_back(), true; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const std::vector<sluice::compile::Shape> shapes = [] {
    std::vector<sluice::compile::Shape> all(3);
    all[0].redact = Tree({{"x"}, {"a", "b"}});
    all[1].select = Tree({{"x"}, {"a", "b"}});
    all[2].select = Tree({{"x"}, {"a"}});
    all[2].redact = Tree({{"x"}, {"a", "b"}});
    return all;
  }();
  const uint16_t index = data[0] % 3;
  const uint16_t rules[] = {0};
  sluice::match::Delivery delivery;
  delivery.shape = index;
  delivery.rules = rules;
  sluice::match::Verdict verdict;
  verdict.deliveries = {&delivery, 1};
  static sluice::match::Shaper shaper;
  const auto& result = shaper.Apply(shapes, verdict, body);
  Check(result.deliveries.size() + result.errors.size() == 1);
  if (result.deliveries.empty()) return 0;

  const std::string_view shaped = result.deliveries[0].body;
  const Json before = Json::parse(body, nullptr, false);
  const Json after = Json::parse(shaped, nullptr, false);
  // It refuses what the shaper's reader takes: numbers beyond a double, half surrogate pairs.
  if (before.is_discarded()) return 0;
  Check(after.is_object());
  if (index != 1) {
    KeyHunter hunter;
    Check(Json::sax_parse(shaped, &hunter));
    Check(!hunter.found);
  }
  if (index == 1) {
    Check(after.contains("x") == before.contains("x"));
    if (before.contains("x")) Check(after["x"] == before["x"]);
    const bool has_b = before.contains("a") && before["a"].is_object() && before["a"].contains("b");
    Check(after.contains("a") == has_b);
    if (has_b) Check(after["a"]["b"] == before["a"]["b"]);
  }
  return 0;
}
