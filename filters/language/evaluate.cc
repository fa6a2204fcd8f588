#include "filters/language/evaluate.h"

#include <re2/re2.h>

#include <bit>

#include "filters/json/scan.h"
#include "filters/language/functions.h"
#include "filters/language/operators.h"
#include "filters/language/system_names.h"

namespace sluice::language {
namespace {

using Kind = Value::Kind;

constexpr double kMicrosPerSecond = 1e6;

Value FromProperty(const PropertyView* property) {
  if (property == nullptr) return Value::Undefined(Reason::kPropertyMissing);
  return property->is_null ? Value::NullProperty() : Value::String(property->value);
}

bool FitsArgument(Argument wanted, const Value& value) {
  switch (wanted) {
    case Argument::kAny:
      return true;
    case Argument::kNumber:
      return value.is_number();
    case Argument::kString:
      return value.is_string();
    case Argument::kStringOrNullProperty:
      return value.is_string() || value.kind() == Kind::kNullProperty;
    case Argument::kStringOrNumber:
      return value.is_string() || value.is_number();
  }
  return false;
}

// What the two dialects make of a member of a document that was read.
Value AsMember(const Value& value, Profile profile) {
  if (profile != Profile::kEdgeHub) return value;
  if (value.is_undefined() && value.reason() == Reason::kMemberMissing) return Value::AbsentNull();
  if (value.is_container()) return Value::Undefined(Reason::kContainer);
  if (value.is_string() && IsDateText(value.string())) return Value::Undefined(Reason::kDateText);
  return value;
}

// The operator || is the function.
const Function& ConcatFunction() {
  static const Function* const function = FindFunction("concat");
  return *function;
}

}  // namespace

// One evaluation of one expression. Recursion is bounded by kMaxExpressionDepth.
class NodeEvaluator {
 public:
  NodeEvaluator(Evaluator& evaluator, const Expression& expression)
      : evaluator_(evaluator),
        message_(*evaluator.input_.message),
        tree_(expression.tree()),
        profile_(expression.profile()) {}

  Value Evaluate(const Node& node) {
    switch (node.op) {
      case Op::kConstant:
        return node.constant;
      case Op::kProperty:
        return FromProperty(FindProperty(message_.properties, node.text()));
      case Op::kSystem:
        return System(node);
      case Op::kSystemOrProperty:
      case Op::kPropertyOrSystem:
        return SystemAndProperty(node);
      case Op::kBody:
        return Body(node);
      case Op::kPropertyOrBody:
        if (const PropertyView* found = FindProperty(message_.properties, node.text()))
          return FromProperty(found);
        return Body(node);
      case Op::kTwin:
        return AsMember(evaluator_.Twin().value(node.slot), profile_);
      case Op::kTopic:
        return Value::String(message_.topic);
      case Op::kTopicLevel:
        return TopicLevel(node.slot);
      case Op::kDevice:
        return Value::String(message_.device);
      case Op::kNow:
        return Value::Number(static_cast<double>(message_.time_us) / kMicrosPerSecond);
      case Op::kNegate:
        return Negate(Child(node, 0));
      case Op::kNot:
        return Not(node);
      case Op::kRegexMatch:
        return RegexMatch(node);
      case Op::kMultiply:
      case Op::kDivide:
      case Op::kModulo:
      case Op::kAdd:
      case Op::kSubtract: {
        const Value left = Child(node, 0);
        return Arithmetic(node.op, left, Child(node, 1));
      }
      case Op::kConcatenate:
        return Call(node, ConcatFunction());
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual:
      case Op::kEqual:
      case Op::kNotEqual: {
        const Value left = Child(node, 0);
        return Compare(node.op, left, Child(node, 1), profile_);
      }
      case Op::kCoalesce: {
        const Value left = Child(node, 0);
        return left.is_undefined() || left.is_container() ? Child(node, 1) : left;
      }
      case Op::kAnd:
      case Op::kOr:
        return Logic(node);
      case Op::kCall:
        return Call(node, *node.function());
    }
    return Value();
  }

 private:
  const Node& ChildNode(const Node& node, size_t i) const {
    return tree_.node(tree_.children_of(node)[i]);
  }
  Value Child(const Node& node, size_t i) { return Evaluate(ChildNode(node, i)); }

  Value System(const Node& node) {
    return SystemProperty(message_, node.text().substr(1), node.system(), &evaluator_.scratch_);
  }

  // IoT Hub asks the system properties first, edgeHub the application property called "$name".
  Value SystemAndProperty(const Node& node) {
    const PropertyView* property = FindProperty(message_.properties, node.text());
    if (property != nullptr && node.op == Op::kPropertyOrSystem) return FromProperty(property);
    const Value system = System(node);
    return system.is_undefined() && property != nullptr ? FromProperty(property) : system;
  }

  Value Body(const Node& node) {
    const BodyReader* body = evaluator_.input_.body;
    if (body == nullptr) return Value::Undefined(Reason::kBodyUnread);
    return AsMember(body->value(node.slot), profile_);
  }

  Value TopicLevel(uint32_t level) {
    const auto levels = evaluator_.topic_levels();
    return level < levels.size() ? Value::String(levels[level])
                                 : Value::Undefined(Reason::kTopicLevelMissing);
  }

  static Value Negate(const Value& value) {
    return value.is_number() ? Value::Number(-value.number()) : Unusable(value);
  }

  Value Not(const Node& node) {
    if (ChildNode(node, 0).type == StaticType::kNull) return Value::Bool(true);
    const Value operand = AsOperand(Child(node, 0));
    return operand.is_bool() ? Value::Bool(!operand.bool_value()) : operand;
  }

  Value RegexMatch(const Node& node) {
    const Value text = Child(node, 0);
    if (!text.is_string()) return Unusable(text);
    return Value::Bool(RE2::PartialMatch(re2::StringPiece(text.string()), *node.regex()));
  }

  // From the left; an operand that decides (false for AND, true for OR) ends it and outvotes
  // undefined ones. The word null makes an AND null, and is left out of an OR.
  Value Logic(const Node& node) {
    if (node.type == StaticType::kNull) return Value::LiteralNull();
    const auto children = tree_.children_of(node);
    const bool decisive = node.op == Op::kOr;
    Value result = Value::Bool(!decisive);
    size_t next = 0;
    if (profile_ == Profile::kEdgeHub && tree_.node(children[0]).type == StaticType::kDynamic) {
      result = StrictPair(node);
      next = 2;
    }
    for (; next < children.size() && !(result.is_bool() && result.bool_value() == decisive);
         ++next) {
      const Node& child = tree_.node(children[next]);
      if (child.type == StaticType::kNull) continue;
      const Value operand = AsOperand(Evaluate(child));
      if (result.is_bool() || operand.is_bool()) {
        if (operand.is_undefined() || operand.bool_value() == decisive) result = operand;
      }
    }
    return result;
  }

  // edgeHub joins a value from the body with its right neighbour only where both are booleans.
  Value StrictPair(const Node& node) {
    const Value left = AsOperand(Child(node, 0));
    const Value right = AsOperand(Child(node, 1));
    if (left.is_undefined()) return left;
    if (right.is_undefined()) return right;
    return Value::Bool(node.op == Op::kAnd ? left.bool_value() && right.bool_value()
                                           : left.bool_value() || right.bool_value());
  }

  Value Call(const Node& node, const Function& function) {
    std::vector<Value>& stack = evaluator_.arguments_;
    const size_t base = stack.size();
    Value failed;
    bool fits = true;
    for (size_t i = 0; i < node.child_count && fits; ++i) {
      const Value argument = Child(node, i);
      fits = FitsArgument(function.argument(i), argument);
      if (!fits) failed = Unusable(argument);
      stack.push_back(argument);
    }
    if (fits) {
      const CallContext context{profile_, ChildNode(node, 0).type == StaticType::kDynamic,
                                &evaluator_.scratch_};
      failed = function.call(std::span<const Value>(stack).subspan(base), context);
    }
    stack.resize(base);
    return failed;
  }

  Evaluator& evaluator_;
  const MessageView& message_;
  const SyntaxTree& tree_;
  const Profile profile_;
};

Evaluator::Evaluator(const FieldPaths& paths) : twin_(paths.twin) {}

Truth Evaluator::Judge(const Expression& condition) {
  return Judge(condition, condition.tree().root_id());
}

Truth Evaluator::Judge(const Expression& condition, NodeId node) {
  scratch_.Reset();
  return ToTruth(Evaluate(condition, node));
}

Value Evaluator::Evaluate(const Expression& expression) {
  return Evaluate(expression, expression.tree().root_id());
}

Value Evaluator::Evaluate(const Expression& expression, NodeId node) {
  return NodeEvaluator(*this, expression).Evaluate(expression.tree().node(node));
}

const JsonReader& Evaluator::Twin() {
  if (!twin_read_) {
    twin_read_ = true;
    if (twin_.Read(input_.message->twin) != JsonReader::Verdict::kObject)
      twin_.Clear(Reason::kTwinMissing);
  }
  return twin_;
}

std::optional<std::string_view> PropertyText(const Value& value, NumberText* buffer) {
  if (value.is_string()) return value.string();
  if (value.is_bool()) return value.bool_value() ? "true" : "false";
  if (value.is_number()) return FormatNumber(value.number(), buffer);
  return std::nullopt;
}

}  // namespace sluice::language
