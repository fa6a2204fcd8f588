// Comparisons of sets of values: operators.cc of filters/language, over all that can happen.
#include <algorithm>
#include <initializer_list>

#include "filters/analyze/value_set.h"
#include "filters/language/comparison.h"
#include "filters/language/utf8.h"

namespace sluice::analyze {

using language::Op;
using language::Profile;

namespace {

// What the order of two values can be, as bits.
constexpr unsigned kLess = 1, kEqual = 2, kGreater = 4;

constexpr Kinds kEach[] = {kUndefined, kNull,   kNullProperty, kFalse, kTrue,
                           kNumber,    kString, kObject,       kArray};

bool IsComparable(Kinds kind) { return (kind & (kNull | kBool | kNumber | kString)) != 0; }

// edgeHub orders values of different types by type; true and false are one.
int Rank(Kinds kind) {
  return (kind & kBool) != 0 ? 0 : kind == kNumber ? 1 : kind == kString ? 2 : 3;
}

bool Holds(Op op, unsigned order) {
  switch (op) {
    case Op::kLess:
      return order == kLess;
    case Op::kLessEqual:
      return order != kGreater;
    case Op::kGreater:
      return order == kGreater;
    case Op::kGreaterEqual:
      return order != kLess;
    case Op::kEqual:
      return order == kEqual;
    default:
      return order != kEqual;
  }
}

unsigned OrdersOf(const Interval& a, const Interval& b) {
  return (a.low < b.high ? kLess : 0) | (a.high > b.low ? kGreater : 0) |
         (Meet(a, b).empty() ? 0 : kEqual);
}

unsigned OrdersOf(const Texts& a, const Texts& b) {
  if (!a.is_few || !b.is_few) return kLess | kGreater | (Meet(a, b).empty() ? 0 : kEqual);
  unsigned orders = 0;
  for (const std::string& x : a.few) {
    for (const std::string& y : b.few) {
      const int order = language::CompareUtf16(x, y);
      orders |= order < 0 ? kLess : order > 0 ? kGreater : kEqual;
    }
  }
  return orders;
}

// Of values of one kind each.
Kinds CompareKinds(Op op, Kinds a, const ValueSet& as, Kinds b, const ValueSet& bs,
                   Profile profile) {
  if (!IsComparable(a) || !IsComparable(b)) return kUndefined;
  unsigned orders = 0;
  if (a == kNumber && b == kNumber) {
    orders = OrdersOf(as.numbers, bs.numbers);
  } else if (a == kString && b == kString) {
    orders = OrdersOf(as.texts, bs.texts);
  } else if (a == b) {
    orders = kEqual;
  } else if ((a & kBool) != 0 && (b & kBool) != 0) {
    orders = a == kFalse ? kLess : kGreater;
  } else if (op == Op::kEqual || op == Op::kNotEqual) {
    return op == Op::kEqual ? kFalse : kTrue;
  } else if (profile != Profile::kEdgeHub) {
    return kUndefined;
  } else {
    orders = Rank(a) < Rank(b) ? kLess : kGreater;
  }
  Kinds truths = 0;
  for (const unsigned order : {kLess, kEqual, kGreater}) {
    if ((orders & order) != 0) truths |= Holds(op, order) ? kTrue : kFalse;
  }
  return truths;
}

// What is left of `a` where a op b for some number of `b`.
Interval Bounded(Interval a, Op op, const Interval& b) {
  switch (op) {
    case Op::kEqual:
      return Meet(a, b);
    case Op::kLess:
    case Op::kLessEqual: {
      Interval below;
      below.high = b.high;
      below.high_open = b.high_open || op == Op::kLess;
      return Meet(a, below);
    }
    case Op::kGreater:
    case Op::kGreaterEqual: {
      Interval above;
      above.low = b.low;
      above.low_open = b.low_open || op == Op::kGreater;
      return Meet(a, above);
    }
    default:
      if (!b.is_single()) return a;
      a.low_open = a.low_open || a.low == b.low;
      a.high_open = a.high_open || a.high == b.low;
      return a;
  }
}

Texts Bounded(const Texts& a, Op op, const Texts& b) {
  if (op == Op::kEqual) return Meet(a, b);
  if (!a.is_few || !b.is_few) return a;
  Texts left{true, {}, ""};
  for (const std::string& x : a.few) {
    const auto holds = [&](const std::string& y) {
      const int order = language::CompareUtf16(x, y);
      return Holds(op, order < 0 ? kLess : order > 0 ? kGreater : kEqual);
    };
    if (std::any_of(b.few.begin(), b.few.end(), holds)) left.few.push_back(x);
  }
  return left;
}

}  // namespace

Kinds Compare(Op op, const ValueSet& a, const ValueSet& b, Profile profile) {
  Kinds truths = 0;
  for (const Kinds x : kEach) {
    for (const Kinds y : kEach) {
      if (a.may_be(x) && b.may_be(y)) truths |= CompareKinds(op, x, a, y, b, profile);
    }
  }
  return truths;
}

ValueSet Refine(const ValueSet& a, Op op, const ValueSet& b, Kinds truth, Profile profile) {
  ValueSet left = a;
  left.kinds = 0;
  for (const Kinds x : kEach) {
    if (!a.may_be(x)) continue;
    bool any = false, same_kind_alone = true;
    for (const Kinds y : kEach) {
      if (!b.may_be(y) || (CompareKinds(op, x, a, y, b, profile) & truth) == 0) continue;
      any = true;
      same_kind_alone = same_kind_alone && x == y;
    }
    if (!any) continue;
    left.kinds |= x;
    if (!same_kind_alone || truth == kUndefined) continue;
    const Op held = truth == kTrue ? op : language::Opposite(op);
    if (x == kNumber) {
      left.numbers = Bounded(a.numbers, held, b.numbers);
      if (left.numbers.empty()) left.kinds &= ~kNumber;
    } else if (x == kString) {
      left.texts = Bounded(a.texts, held, b.texts);
      if (left.texts.empty()) left.kinds &= ~kString;
    }
  }
  return left;
}

}  // namespace sluice::analyze
