// A condition (or a value of `set`) compiled: parsed, typed, bound to the members it reads.
//
// Immutable and safe to share between threads; judged by an Evaluator. Compiling reports what is
// wrong or doubtful to a person, with offsets into the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "filters/language/diagnostic.h"
#include "filters/language/json_paths.h"
#include "filters/language/profile.h"
#include "filters/language/syntax_tree.h"

namespace sluice::language {

inline constexpr size_t kMaxExpressionBytes = 65'535;  // places in it have two bytes
inline constexpr size_t kMaxExpressionDepth = 200;  // operators and calls inside one another

// What {line} in a topic filter named: $topic.line is that level of the topic.
struct TopicName {
  std::string name;
  uint32_t level = 0;
};

struct ExpressionOptions {
  Profile profile = Profile::kDefault;
  bool extensions = true;  // $topic, $device, $now, REGEX_MATCH; never in profile edgehub
  std::span<const TopicName> topic_names;
  bool twin_change_source =
      false;  // of an edgeHub route FROM /twinChangeNotifications: twin_change_includes
  FieldPaths* paths = nullptr;  // where members read are entered; required
};

class Expression {
 public:
  // Of a checked tree.
  Expression(SyntaxTree tree, Profile profile);
  Expression(Expression&&) noexcept = default;
  Expression& operator=(Expression&&) noexcept = default;

  const SyntaxTree& tree() const { return tree_; }
  StaticType type() const { return tree_.root().type; }
  Profile profile() const { return profile_; }

  bool reads_body() const { return reads_body_; }
  bool reads_twin() const { return reads_twin_; }
  bool reads_properties() const { return reads_properties_; }  // application or system
  bool reads_topic() const { return reads_topic_; }
  bool reads_device() const { return reads_device_; }
  bool reads_now() const { return reads_now_; }
  // Depends on the topic and the sender's identity alone (and constants).
  bool is_static_of_topic_and_device() const {
    return !reads_body_ && !reads_twin_ && !reads_properties_ && !reads_now_;
  }

 private:
  SyntaxTree tree_;
  Profile profile_;
  bool reads_body_ = false;
  bool reads_twin_ = false;
  bool reads_properties_ = false;
  bool reads_topic_ = false;
  bool reads_device_ = false;
  bool reads_now_ = false;
};

// A condition. Empty text is the condition undefined. Nothing if, and only if, `*diagnostics` got
// an error.
std::optional<Expression> CompileCondition(std::string_view text, const ExpressionOptions& options,
                                           Diagnostics* diagnostics);

// An expression of any type: what `set` computes. Empty text is an error.
std::optional<Expression> CompileValue(std::string_view text, const ExpressionOptions& options,
                                       Diagnostics* diagnostics);

}  // namespace sluice::language
