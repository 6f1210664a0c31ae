// SPDX-License-Identifier: Apache-2.0
#include "tests/probe/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// NOLINTBEGIN(cppcoreguidelines-owning-memory, cppcoreguidelines-avoid-non-const-global-variables): the
// operators themselves
namespace {
std::atomic<long> count{0};
}

long tlbstorm::test::allocations() { return count; }

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++count;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-owning-memory, cppcoreguidelines-avoid-non-const-global-variables)
