// Keyed hashes of bytes (SipHash): who does not know the key can neither make two streams share a
// state nor crowd a table.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::reduce {

struct HashKey {
  uint64_t first = 0;
  uint64_t second = 0;

  friend bool operator==(const HashKey&, const HashKey&) = default;
};

struct Digest {
  uint64_t low = 0;
  uint64_t high = 0;

  friend bool operator==(const Digest&, const Digest&) = default;
};

// SipHash-1-3, as hash tables use it.
uint64_t Hash(const HashKey& key, std::string_view bytes);
// Its form of 128 bits, in place of the bytes themselves.
Digest DigestOf(const HashKey& key, std::string_view bytes);
// SipHash-2-4, for which test vectors are published.
uint64_t SipHash24(const HashKey& key, std::string_view bytes);

}  // namespace sluice::reduce
