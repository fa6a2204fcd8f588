// What a node of a condition does: of the syntax tree all of it, of the parse tree the operators.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::language {

enum class Op : uint8_t {
  // Leaves.
  kConstant,  // Node::constant
  kProperty,  // Node::text: an application property
  kSystem,    // Node::text with its dollar, as in the next two: a system property and nothing else
  kSystemOrProperty,  // IoT Hub looks up the system property first,
  kPropertyOrSystem,  // edgeHub the application property, whose name has the dollar, too
  kBody,              // Node::slot in FieldPaths::body; Node::text as written, as in the next two
  kPropertyOrBody,    // edgeHub lets an application property called Node::text win
  kTwin,              // Node::slot in FieldPaths::twin
  kTopic,             // the whole topic
  kTopicLevel,        // Node::slot: which level, from 0
  kDevice,
  kNow,
  kRegexMatch,  // one child; Node::regex
  kCall,        // any number; Node::function
  // Operators, with one child,
  kNegate,
  kNot,
  // with two,
  kMultiply,
  kDivide,
  kModulo,
  kAdd,
  kSubtract,
  kConcatenate,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kCoalesce,
  // with two or more: a AND b AND c is one node, judged from the left.
  kAnd,
  kOr,
};

// "AND", "<=" …: how the language spells an operator, from kNegate to kOr.
std::string_view OperatorText(Op op);

}  // namespace sluice::language
