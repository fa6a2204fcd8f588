// The functions of the language: one row each, with what they take and give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "filters/language/profile.h"
#include "filters/language/syntax_tree.h"
#include "filters/language/value.h"

namespace sluice::language {

// What an argument may be. The checker refuses other static types; at run time another type gives
// undefined.
enum class Argument : uint8_t { kAny, kNumber, kString, kStringOrNullProperty, kStringOrNumber };

class TextScratch;

struct CallContext {
  Profile profile;
  bool is_dynamic;  // the first argument's static type
  TextScratch* scratch;
};

struct Function {
  // Gets defined arguments of the right types; undefined ones only if all are kAny.
  using Call = Value (*)(std::span<const Value> arguments, const CallContext& context);

  std::string_view name;  // lower case
  size_t min_arguments;
  size_t max_arguments;
  Argument arguments[3];  // the last one holds for all further ones
  StaticType result;
  bool in_edgehub;
  bool in_default;
  Call call;  // null: the checker makes an operator of its own of it

  Argument argument(size_t index) const { return arguments[index < 3 ? index : 2]; }
};

// Null where there is none of this name, which ignores case.
const Function* FindFunction(std::string_view name);
std::span<const Function> AllFunctions();

}  // namespace sluice::language
