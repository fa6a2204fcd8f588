// The demo's table and summary as text: figures in, lines out.
#pragma once

#include <cstdint>
#include <string>

#include "tests/e2e/demo_table/figures.h"

namespace sluice::demo {

struct Frame {
  double seconds = 0;  // since the demo began
  Figures now;
  Figures before;  // some moments ago, for the rates
  double before_seconds = 0;
};

// The live table: at most 80 columns, `colour` with ANSI sequences, a line end behind each line.
std::string Table(const Frame& frame, bool colour);

// One line of the same for a log.
std::string PlainLine(const Frame& frame);

// What the run showed. `in_hub`: the device messages found in the hub, packs opened.
std::string Summary(const Figures& figures, double seconds, uint64_t in_hub, bool colour);

// Whether every message is accounted for, and whatever was forwarded is in the hub, once.
bool Balanced(const Figures& figures, uint64_t in_hub);

// "1 234 567": groups of three.
std::string Grouped(uint64_t value);

}  // namespace sluice::demo
