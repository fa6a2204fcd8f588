#include "filters/language/references.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/json_paths.h"
#include "filters/language/suggest.h"
#include "filters/language/system_names.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

// A path behind `prefix` ("$body.") that is none: where it goes wrong, and why it probably does.
NodeId FailPath(const SyntaxNode& written, std::string_view prefix, size_t bad,
                TreeBuilder& builder) {
  SyntaxNode place = written;
  place.offset += static_cast<uint32_t>(prefix.size() + bad);
  const size_t total = written.text.size();
  place.length =
      static_cast<uint32_t>(total > prefix.size() + bad ? total - prefix.size() - bad : 1);
  return builder.Fail(
      place, "this is no path to a member",
      "write " + std::string(prefix) + "name.name[0].name: one index a step, no wildcards");
}

NodeId ResolveMember(const SyntaxNode& written, std::string_view prefix, Op op,
                     TreeBuilder& builder) {
  size_t bad = 0;
  const std::optional<std::vector<PathStep>> path =
      ParsePath(std::string_view(written.text).substr(prefix.size()), &bad);
  if (!path) return FailPath(written, prefix, bad, builder);
  FieldPaths& paths = *builder.options().paths;
  const NodeId id = builder.Add(written, op, StaticType::kDynamic);
  builder.at(id).slot = (op == Op::kTwin ? paths.twin : paths.body).Intern(*path);
  builder.SetText(id, written.text);
  return id;
}

NodeId ResolveTwin(const SyntaxNode& written, TreeBuilder& builder) {
  const std::string_view path =
      std::string_view(written.text).substr(std::string_view("$twin.").size());
  constexpr std::string_view kParts[] = {"tags.", "properties.desired.", "properties.reported."};
  if (std::none_of(std::begin(kParts), std::end(kParts),
                   [path](std::string_view part) { return path.starts_with(part); })) {
    builder.Warn(written, "no twin has such a member",
                 "a twin has tags, properties.desired and properties.reported");
  }
  return ResolveMember(written, "$twin.", Op::kTwin, builder);
}

// The whole of something that only parts can be taken of: defined never.
NodeId NeverDefined(const SyntaxNode& written, std::string message, std::string hint,
                    TreeBuilder& builder) {
  builder.Warn(written, std::move(message), std::move(hint));
  return builder.AddConstant(written, StaticType::kDynamic,
                             Value::Undefined(Reason::kNotSupported));
}

NodeId ResolveTopicLevel(const SyntaxNode& written, TreeBuilder& builder) {
  const std::string_view rest =
      std::string_view(written.text).substr(std::string_view("$topic").size());
  const auto add = [&](uint32_t level) {
    const NodeId id = builder.Add(written, Op::kTopicLevel, StaticType::kString);
    builder.at(id).slot = level;
    builder.SetText(id, written.text);
    return id;
  };
  if (rest.front() == '[') {
    const bool closed = rest.size() >= 3 && rest.size() <= 7 && rest.back() == ']';
    const std::string_view digits = closed ? rest.substr(1, rest.size() - 2) : std::string_view();
    if (!closed ||
        !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return builder.Fail(written, "this is no level of the topic",
                          "write $topic[0] for the first level");
    }
    return add(static_cast<uint32_t>(std::stoul(std::string(digits))));
  }
  const std::string_view name = rest.substr(1);
  std::vector<std::string_view> names;
  for (const TopicName& known : builder.options().topic_names) {
    if (known.name == name) return add(known.level);
    names.push_back(known.name);
  }
  const std::string_view nearest = Nearest(name, names);
  return builder.Fail(written, "no level of the topic filter is called '" + std::string(name) + "'",
                      nearest.empty()
                          ? "name it in the rule's from: a/{" + std::string(name) + "}/b"
                          : "did you mean $topic." + std::string(nearest) + "?");
}

NodeId ResolveSystemName(const SyntaxNode& written, TreeBuilder& builder) {
  const bool braced = written.kind == SyntaxKind::kBracedSystem;
  const Op op = braced              ? Op::kSystem
                : builder.edgehub() ? Op::kPropertyOrSystem
                                    : Op::kSystemOrProperty;
  const std::string_view name = std::string_view(written.text).substr(1);
  const SystemName* known = FindSystemName(name, builder.options().profile);
  if (known == nullptr) {
    std::vector<std::string_view> names;
    for (const SystemName& candidate : AllSystemNames()) {
      if (builder.edgehub() ? candidate.in_edgehub : candidate.in_default)
        names.push_back(candidate.name);
    }
    const std::string_view nearest = Nearest(name, names);
    builder.Warn(written, "there is no system property '" + std::string(name) + "'",
                 nearest.empty() ? "application properties are written without the dollar"
                                 : "did you mean $" + std::string(nearest) + "?");
  }
  const NodeId id = builder.Add(written, op, StaticType::kString);
  builder.SetText(id, written.text);
  builder.at(id).target = known;
  return id;
}

bool HasBracket(std::string_view text) {
  return text.find_first_of("[]") != std::string_view::npos;
}

NodeId ResolveEdgeHub(const SyntaxNode& written, TreeBuilder& builder) {
  if (StartsWithIgnoringCase(written.text, "$body.")) {
    // Property names hold no brackets: only a path without them can be shadowed by a property.
    const bool shadowed = written.kind == SyntaxKind::kSystem && !HasBracket(written.text);
    return ResolveMember(written, "$body.", shadowed ? Op::kPropertyOrBody : Op::kBody, builder);
  }
  if (HasBracket(written.text)) {
    builder.Warn(written, "'" + written.text + "' is never defined",
                 "members of the body are written $body.name[0]");
    return builder.AddConstant(written, StaticType::kUndefined,
                               Value::Undefined(Reason::kNotSupported));
  }
  return ResolveSystemName(written, builder);
}

NodeId ResolveDefault(const SyntaxNode& written, TreeBuilder& builder) {
  const std::string_view text = written.text;
  const auto is = [text](std::string_view name) { return EqualsIgnoringCase(text, name); };
  const auto begins = [text](std::string_view prefix) {
    return StartsWithIgnoringCase(text, prefix);
  };
  if (begins("$body.")) return ResolveMember(written, "$body.", Op::kBody, builder);
  if (begins("$twin.")) return ResolveTwin(written, builder);
  if (is("$body") || begins("$body[") || is("$twin") || begins("$twin[")) {
    return NeverDefined(written, "'" + written.text + "' as a whole is never defined",
                        "name a member: " + written.text.substr(0, 5) + ".name", builder);
  }
  if (builder.extensions()) {
    if (is("$topic")) return builder.Add(written, Op::kTopic, StaticType::kString);
    if (begins("$topic.") || begins("$topic[")) return ResolveTopicLevel(written, builder);
    if (is("$device")) return builder.Add(written, Op::kDevice, StaticType::kString);
    if (is("$now")) return builder.Add(written, Op::kNow, StaticType::kNumber);
  }
  if (HasBracket(text)) {
    return NeverDefined(
        written,
        "'" + written.text + "' is never defined: only members of $body and $twin have an index",
        "", builder);
  }
  return ResolveSystemName(written, builder);
}

}  // namespace

NodeId ResolveReference(const SyntaxNode& written, TreeBuilder& builder) {
  if (written.kind == SyntaxKind::kName) {
    const NodeId id = builder.Add(written, Op::kProperty, StaticType::kString);
    builder.SetText(id, written.text);
    return id;
  }
  return builder.edgehub() ? ResolveEdgeHub(written, builder) : ResolveDefault(written, builder);
}

}  // namespace sluice::language
