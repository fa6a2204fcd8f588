// `select` and `redact`: a verdict's messages with the bodies they leave in.
//
// What is kept is copied byte for byte; only objects and arrays that a path leads through are
// written anew. A shape needs a body that is a JSON object (strictly, in UTF-8, at most
// json::kMaxDepth deep): any other is sent nowhere, so that redaction fails closed.
//
//   select  what the paths name, in the order they are written; of equal names the last. Paths that
//   lead nowhere are left
//           out; if all do, {} remains. Elements keep their index: those before them become null.
//   redact  what the paths name goes, every occurrence, however its name is escaped. An element
//   becomes null.
// Both: redact first. For one thread; time is linear in the body for a given shape.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/path_tree.h"
#include "filters/compile/program.h"
#include "filters/match/verdict.h"

namespace sluice::match {

// A delivery with its body.
struct ShapedDelivery {
  const Delivery* delivery = nullptr;
  std::string_view body;
  bool changed = false;  // else it is the payload itself
};

class Shaper {
 public:
  struct Result {
    std::span<const ShapedDelivery>
        deliveries;                    // in the verdict's order, those left out that have no body
    std::span<const uint16_t> errors;  // rules whose shape found no JSON object, none twice
  };

  // `shapes` are those of the program that gave the verdict. All views live until the next call,
  // `verdict` and `payload` as long.
  const Result& Apply(std::span<const compile::Shape> shapes, const Verdict& verdict,
                      std::string_view payload);

 private:
  struct Shaped {
    uint16_t shape = 0;
    bool changed = false;
    std::string_view body;
  };

  const Shaped& ShapeOnce(std::span<const compile::Shape> shapes, uint16_t shape,
                          std::string_view payload);
  bool IsObject(std::string_view payload);
  void AddErrors(std::span<const uint16_t> rules);
  std::string& NextBuffer();

  std::deque<std::string> buffers_;  // a deque: growing moves no buffer that has been handed out
  size_t used_buffers_ = 0;
  std::vector<Shaped> shaped_;  // one for each shape met in this message
  int is_object_ = -1;          // of this message's payload; -1: not looked at yet
  std::vector<std::string_view> scratch_;
  std::vector<ShapedDelivery> deliveries_;
  std::vector<uint16_t> errors_;
  Result result_;
};

// The two halves, of a body that is a JSON object. Each overwrites `*out`; `*scratch` is empty
// again afterwards.
void Select(const compile::PathTree& paths, std::string_view body,
            std::vector<std::string_view>* scratch, std::string* out);
// Whether anything went.
bool Redact(const compile::PathTree& paths, std::string_view body, std::string* out);

}  // namespace sluice::match
