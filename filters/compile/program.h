// Rules compiled: what judging runs on. Immutable, shared by all threads as a snapshot.
//
// Rules, outputs and shapes are named by their index. Outputs stand in the order they were given to
// the compiler.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filters/compile/path_tree.h"
#include "filters/compile/reduction.h"
#include "filters/compile/rule_index.h"
#include "filters/compile/topic_pattern.h"
#include "filters/language/body.h"
#include "filters/language/expression.h"
#include "filters/language/json_paths.h"

namespace sluice::compile {

inline constexpr size_t kMaxRules = 65'535;  // a rule's index is a uint16_t, 0xffff means none
inline constexpr size_t kMaxOutputs = 255;
inline constexpr size_t kMaxDeliveries = 255;   // of one message: pairs of output and shape
inline constexpr uint16_t kUnchanged = 0xffff;  // in place of a shape: the body as it came

// What `set` writes: a literal, or a value computed from the message.
struct SetField {
  std::string name;
  std::string literal;
  std::optional<language::Expression> expression;
};

// The pair `select`, `redact`. Rules that write it alike share one.
struct Shape {
  PathTree select;  // none: everything
  PathTree redact;
};

struct Rule {
  std::string name;
  std::shared_ptr<const TopicPattern> from;   // null: every topic; equal ones are shared
  std::optional<language::Expression> where;  // none: always
  bool takes_devices = true;  // false: an IoT Edge route from a source that no device has
  bool drop = false;
  bool final_rule = false;
  uint8_t priority = 5;
  uint16_t shape = kUnchanged;
  std::vector<SetField> set;
  std::vector<uint16_t> outputs;               // none where `drop`
  std::unique_ptr<const Reduction> reduction;  // null: none
};

class Program {
 public:
  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<Shape>& shapes() const { return shapes_; }
  const std::vector<std::string>& outputs() const { return outputs_; }
  // Where messages go that no rule took; none: nowhere.
  std::optional<uint16_t> default_output() const { return default_output_; }

  // Of rules(): which of them may match a message.
  const RuleIndex& index() const { return index_; }
  const language::FieldPaths& paths() const { return paths_; }
  const language::BodyOptions& body_options() const { return body_options_; }
  // Set fields of all rules together: no message sets more.
  size_t set_fields() const { return set_fields_; }
  // Bytes of reducers' states that one thread may keep.
  uint64_t max_state() const { return max_state_; }

 private:
  friend class Compiler;

  std::vector<Rule> rules_;
  RuleIndex index_;
  std::vector<Shape> shapes_;
  std::vector<std::string> outputs_;
  std::optional<uint16_t> default_output_;
  language::FieldPaths paths_;
  language::BodyOptions body_options_;
  size_t set_fields_ = 0;
  uint64_t max_state_ = 0;
};

}  // namespace sluice::compile
