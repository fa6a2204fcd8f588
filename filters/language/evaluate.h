// Judging compiled conditions on one message: plainly, node by node. The oracle of whatever is
// faster.
//
// (Start Judge* Evaluate*)* ; no allocation on the way once scratch has grown to a message's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "filters/language/body.h"
#include "filters/language/expression.h"
#include "filters/language/json_paths.h"
#include "filters/language/json_reader.h"
#include "filters/language/message_view.h"
#include "filters/language/numbers.h"
#include "filters/language/text_scratch.h"
#include "filters/language/topic_levels.h"
#include "filters/language/value.h"

namespace sluice::language {

// Borrowed for one message.
struct EvaluationInput {
  const MessageView* message = nullptr;
  const BodyReader* body = nullptr;  // has read `message`; null: every member is missing
};

// For one thread.
class Evaluator {
 public:
  // `paths` outlives the evaluator and does not change.
  explicit Evaluator(const FieldPaths& paths);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // A message begins: `input` is copied, what it points to lives until the next Start. Strings that
  // earlier calls returned may be gone.
  void Start(const EvaluationInput& input) {
    input_ = input;
    topic_levels_.Start(input.message->topic);
    twin_read_ = false;
    scratch_.Reset();
  }

  // A condition, or one node of it. It has all of the scratch memory, whatever was judged before:
  // strings that earlier calls returned may be gone.
  Truth Judge(const Expression& condition);
  Truth Judge(const Expression& condition, NodeId node);

  Value Evaluate(const Expression& expression);
  // One node of it, for `explain` and for compilers that take a condition apart.
  Value Evaluate(const Expression& expression, NodeId node);

  // Of the message's topic; they live until the next Start.
  std::span<const std::string_view> topic_levels() { return topic_levels_.levels(); }

 private:
  friend class NodeEvaluator;

  // The twin is read when the first condition of a message wants it.
  const JsonReader& Twin();

  EvaluationInput input_;
  TopicLevels topic_levels_;
  JsonReader twin_;
  bool twin_read_ = false;
  TextScratch scratch_;
  std::vector<Value> arguments_;  // of the calls that are under way, innermost last
};

// As `set` writes a value into a property: numbers shortest round-trip, true, false; nothing for
// undefined, null and containers. The view is of `value`, a constant, or `buffer`.
std::optional<std::string_view> PropertyText(const Value& value, NumberText* buffer);

}  // namespace sluice::language
