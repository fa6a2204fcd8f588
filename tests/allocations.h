// How often this program has allocated memory, and how much: operator new is replaced by one that
// counts.
//
// allocations.cc is a source of the test that asks, which is a program of its own.
#pragma once

#include <cstdint>

namespace sluice {

// So far, by all threads.
uint64_t Allocations();
// Now, as much as malloc has set aside for it.
int64_t AllocatedBytes();

}  // namespace sluice
