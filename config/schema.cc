#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/sections.h"
#include "config/value.h"

namespace sluice::config {
namespace {

using Json = nlohmann::ordered_json;
using Kind = ValueType::Kind;

std::string ToString(std::string_view text) { return std::string(text); }

Json ReferenceTo(std::string_view definition) {
  return {{"$ref", fmt::format("#/$defs/{}", definition)}};
}

Json TypeSchema(const ValueType& type) {
  switch (type.kind) {
    case Kind::kText:
      return ReferenceTo("text");
    case Kind::kPath:
    case Kind::kSecret:
      return {{"type", "string"}, {"minLength", 1}};
    case Kind::kBool:
      return {{"type", "boolean"}};
    case Kind::kInteger:
      return {{"type", "integer"}, {"minimum", type.min}, {"maximum", type.max}};
    case Kind::kSize:
      return ReferenceTo("size");
    case Kind::kDuration:
      return ReferenceTo("duration");
    case Kind::kAddress:
      return ReferenceTo("address");
    case Kind::kTexts:
      return ReferenceTo("texts");
    case Kind::kChoice: {
      Json choices = Json::array();
      for (const std::string_view choice : type.choices) choices.push_back(ToString(choice));
      return {{"enum", choices}};
    }
    case Kind::kTextMap:
      return {{"type", "object"},
              {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
    case Kind::kSection:
      return ReferenceTo(type.section().name);
    case Kind::kSections:
      return {{"type", "array"}, {"items", ReferenceTo(type.section().name)}};
    case Kind::kNamedSections:
      return {{"type", "object"},
              {"minProperties", 1},
              {"additionalProperties", ReferenceTo(type.section().name)}};
    case Kind::kNoneOrSection:
      return {{"anyOf", {Json{{"const", "none"}}, ReferenceTo(type.section().name)}}};
    case Kind::kAny:
      return true;
  }
  return true;
}

Json DefaultOf(const OptionInfo& option) {
  if (option.type.kind == Kind::kBool) return option.fallback == "true";
  if (option.type.kind == Kind::kInteger) return *ParseInteger(option.fallback);
  return ToString(option.fallback);
}

// Beside "$ref" other members are read as well since draft 2019-09.
Json OptionSchema(const OptionInfo& option) {
  Json schema = TypeSchema(option.type);
  schema["description"] = ToString(option.about);
  if (option.type.kind == Kind::kSize || option.type.kind == Kind::kDuration) {
    const auto format = option.type.kind == Kind::kSize ? FormatSize : FormatDuration;
    schema["description"] = fmt::format("{} ({} to {})", option.about, format(option.type.min),
                                        format(option.type.max));
  }
  if (!option.fallback.empty()) schema["default"] = DefaultOf(option);
  return schema;
}

// What a section of type `type` may not have, and what it must.
Json KeysOfType(const SectionInfo& section, std::string_view type) {
  Json foreign = Json::object();
  Json required = Json::array();
  for (const OptionInfo& option : section.options) {
    if (!option.later.empty()) continue;
    if (!BelongsTo(option, type)) {
      foreign[ToString(option.name)] = false;
    } else if (option.required && !option.only.empty()) {
      required.push_back(ToString(option.name));
    }
  }
  Json then = {{"properties", foreign}};
  if (!required.empty()) then["required"] = required;
  return {{"if", {{"properties", {{"type", {{"const", ToString(type)}}}}}}}, {"then", then}};
}

Json SectionSchema(const SectionInfo& section) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const OptionInfo& option : section.options) {
    if (!option.later.empty()) continue;
    properties[ToString(option.name)] = OptionSchema(option);
    if (option.required && option.only.empty()) required.push_back(ToString(option.name));
  }
  Json schema = {{"description", ToString(section.about)},
                 {"type", "object"},
                 {"properties", properties},
                 {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  const bool is_typed = std::any_of(section.options.begin(), section.options.end(),
                                    [](const OptionInfo& option) { return !option.only.empty(); });
  if (is_typed) {
    for (const std::string_view type : section.options[0].type.choices) {  // `type` comes first
      schema["allOf"].push_back(KeysOfType(section, type));
    }
  }
  return schema;
}

void Define(const SectionInfo& section, Json& definitions) {
  for (const OptionInfo& option : section.options) {
    if (option.type.section == nullptr || !option.later.empty()) continue;
    const SectionInfo& inner = option.type.section();
    const std::string name = ToString(inner.name);
    if (definitions.contains(name)) continue;
    definitions[name] = SectionSchema(inner);
    Define(inner, definitions);
  }
}

Json CommonDefinitions() {
  return {
      {"text", {{"type", {"string", "number", "boolean"}}, {"minLength", 1}}},
      {"texts",
       {{"anyOf", {ReferenceTo("text"), Json{{"type", "array"}, {"items", ReferenceTo("text")}}}}}},
      {"size",
       {{"anyOf",
         {Json{{"type", "integer"}},
          Json{{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB|TiB)?$"}}}}}},
      {"duration", {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h)$"}}},
      {"address", {{"type", "string"}, {"pattern", "^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]*):[0-9]{1,5}$"}}},
  };
}

}  // namespace

std::string JsonSchema() {
  const SectionInfo& file = FileSection();
  Json whole = SectionSchema(file);
  // A complete configuration, or a file of rules alone.
  const Json complete = {{"required", whole["required"]}};
  const Json rules_alone = {{"required", {"rules"}}, {"maxProperties", 1}};
  whole.erase("required");
  whole["anyOf"] = {complete, rules_alone};

  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "sluice.yaml"}};
  schema.update(whole);
  schema["$defs"] = CommonDefinitions();
  Define(file, schema["$defs"]);
  return schema.dump(2) + "\n";
}

}  // namespace sluice::config
