#include "tests/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<uint64_t> allocations{0};
std::atomic<int64_t> live_bytes{0};

int64_t SizeOf(void* block) { return static_cast<int64_t>(malloc_usable_size(block)); }

void* Allocate(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) std::abort();
  live_bytes.fetch_add(SizeOf(block), std::memory_order_relaxed);
  return block;
}

void Free(void* block) {
  live_bytes.fetch_sub(SizeOf(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
// What gtest's sorting asks for; without them, one allocator's block would go to the other.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* block) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete(void* block, size_t) noexcept { Free(block); }
void operator delete[](void* block, size_t) noexcept { Free(block); }

namespace sluice {

uint64_t Allocations() { return allocations.load(std::memory_order_relaxed); }
int64_t AllocatedBytes() { return live_bytes.load(std::memory_order_relaxed); }

}  // namespace sluice
