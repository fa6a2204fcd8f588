// One option of the file is one row of a table: its name, what it may be, its default, one line
// about it, and which member it sets.
//
// The rows are all there is: reading, "did you mean", the JSON Schema and the defaults shown by it
// come from them.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/document.h"
#include "filters/compile/rule_spec.h"

namespace sluice::config {

struct SectionInfo;

struct ValueType {
  enum class Kind : uint8_t {
    kText,
    kPath,    // relative to the file's folder; ${NAME} in it is the environment's
    kSecret,  // text that is never shown; all of it may be ${NAME}
    kBool,
    kInteger,   // min to max
    kSize,      // bytes
    kDuration,  // milliseconds
    kChoice,    // one of `choices`, in the order of the enumerators
    kTexts,     // one text, or a list of them
    kAddress,
    kTextMap,        // names to texts
    kSection,        // `section`
    kSections,       // a list of `section`
    kNamedSections,  // names to `section`
    kNoneOrSection,  // "none" or `section`
    kAny,            // of later issues: not read
  };

  Kind kind = Kind::kText;
  int64_t min = 0;
  int64_t max = 0;
  std::span<const std::string_view> choices = {};
  const SectionInfo& (*section)() = nullptr;
};

struct OptionInfo {
  std::string_view name;
  ValueType type;
  std::string_view fallback;  // as one would write it; empty: none
  std::string_view about;
  bool required = false;
  std::string_view later = "";  // known, but refused: what it will do
  // Belongs to sections whose `type` is one of these words; `required` then means there.
  std::string_view only = "";
};

// Whether a section of type `type` may have the option.
bool BelongsTo(const OptionInfo& option, std::string_view type);

// A map of the file, as the schema shows it.
struct SectionInfo {
  std::string_view name;  // of its definition in the schema
  std::string_view about;
  std::vector<OptionInfo> options;
};

// Reads values into members. What is wrong goes to the diagnostics, and the member keeps its
// default.
class Reader {
 public:
  Reader(Diagnostics& diagnostics, std::string folder)
      : diagnostics_(diagnostics), folder_(std::move(folder)) {}

  void Read(const ValueType& type, const YamlNode& node, const std::string& key, std::string& into);
  void Read(const ValueType& type, const YamlNode& node, const std::string& key, bool& into);
  void Read(const ValueType& type, const YamlNode& node, const std::string& key,
            compile::Located& into);
  void Read(const ValueType& type, const YamlNode& node, const std::string& key,
            std::optional<compile::Located>& into);
  void Read(const ValueType& type, const YamlNode& node, const std::string& key,
            std::vector<compile::Located>& into);
  void Read(const ValueType& type, const YamlNode& node, const std::string& key,
            std::vector<std::string>& into);
  template <std::integral T>
  void Read(const ValueType& type, const YamlNode& node, const std::string& key, T& into) {
    if (const std::optional<int64_t> value = Number(type, node, key)) into = static_cast<T>(*value);
  }
  template <typename Unit>
  void Read(const ValueType& type, const YamlNode& node, const std::string& key,
            std::chrono::duration<int64_t, Unit>& into) {
    if (const std::optional<int64_t> value = Number(type, node, key)) {
      into = std::chrono::duration_cast<std::chrono::duration<int64_t, Unit>>(
          std::chrono::milliseconds(*value));
    }
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void Read(const ValueType& type, const YamlNode& node, const std::string& key, Enum& into) {
    if (const std::optional<size_t> chosen = Choice(type, node, key))
      into = static_cast<Enum>(*chosen);
  }

  // The members of a map in the order of `options`, null where absent. Reports unknown, repeated,
  // missing and later ones; nothing at all where `node` is no map.
  std::optional<std::vector<const YamlNode*>> Members(const YamlNode& node, const std::string& key,
                                                      std::span<const OptionInfo> options);

  bool Expect(YamlNode::Kind kind, const YamlNode& node, const std::string& key);
  // The text of a scalar; an error for anything else.
  const std::string* Text(const YamlNode& node, const std::string& key);
  std::string Absolute(const std::string& path) const;
  // A secret in a file of its own, white space around it apart.
  void ReadSecretFile(const YamlNode& node, const std::string& key, std::string& path,
                      std::string& secret);

  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  std::optional<int64_t> Number(const ValueType& type, const YamlNode& node,
                                const std::string& key);
  // Names of the environment, ${NAME}, replaced; nothing if one is not set.
  std::optional<std::string> Expand(const ValueType& type, const YamlNode& node,
                                    const std::string& key, const std::string& text);
  std::optional<size_t> Choice(const ValueType& type, const YamlNode& node, const std::string& key);

  Diagnostics& diagnostics_;
  std::string folder_;
};

compile::Located Locate(const YamlNode& scalar);
std::string Join(const std::string& key, std::string_view member);
std::string Join(const std::string& key, size_t index);

// A row: what the option is, and how its value gets into a T.
template <typename T>
struct Row {
  OptionInfo info;
  void (*set)(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
              T& into);
};

template <typename T>
void ReadSection(Reader& reader, const YamlNode& node, const std::string& key,
                 std::span<const Row<T>> rows, T& into) {
  std::vector<OptionInfo> options;
  for (const Row<T>& row : rows) options.push_back(row.info);
  const auto members = reader.Members(node, key, options);
  if (!members) return;
  for (size_t i = 0; i < rows.size(); ++i) {
    const YamlNode* const member = (*members)[i];
    if (member != nullptr)
      rows[i].set(reader, rows[i].info, *member, Join(key, rows[i].info.name), into);
  }
}

template <typename T>
SectionInfo Describe(std::string_view name, std::string_view about, std::span<const Row<T>> rows) {
  SectionInfo section{name, about, {}};
  for (const Row<T>& row : rows) section.options.push_back(row.info);
  return section;
}

template <typename T>
struct MemberOf;
template <typename C, typename M>
struct MemberOf<M C::*> {
  using Class = C;
  using Type = M;
};
template <auto kMember>
using ClassOf = typename MemberOf<decltype(kMember)>::Class;

// Setters for rows.
template <auto kMember>
void Set(Reader& reader, const OptionInfo& info, const YamlNode& node, const std::string& key,
         ClassOf<kMember>& into) {
  reader.Read(info.type, node, key, into.*kMember);
}

template <auto kMember>
void SetOptional(Reader& reader, const OptionInfo& info, const YamlNode& node,
                 const std::string& key, ClassOf<kMember>& into) {
  reader.Read(info.type, node, key, (into.*kMember).emplace());
}

// `kFile` names the file that holds `kSecret`.
template <auto kSecret, auto kFile>
void SetSecretFile(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                   ClassOf<kSecret>& into) {
  reader.ReadSecretFile(node, key, into.*kFile, into.*kSecret);
}

template <auto kMember, const auto& kRows>
void SetSection(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                ClassOf<kMember>& into) {
  using T = typename MemberOf<decltype(kMember)>::Type;
  ReadSection<T>(reader, node, key, kRows, into.*kMember);
}

template <auto kMember, const auto& kRows>
void SetSections(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                 ClassOf<kMember>& into) {
  using T = typename MemberOf<decltype(kMember)>::Type::value_type;
  if (!reader.Expect(YamlNode::Kind::kList, node, key)) return;
  for (size_t i = 0; i < node.items.size(); ++i) {
    ReadSection<T>(reader, node.items[i], Join(key, i), kRows, (into.*kMember).emplace_back());
  }
}

// For what `later` refuses before any setter is called.
template <typename T>
void SetNothing(Reader&, const OptionInfo&, const YamlNode&, const std::string&, T&) {}

}  // namespace sluice::config
