#include "filters/reduce/hash.h"

#include <bit>
#include <cstring>

namespace sluice::reduce {
namespace {

// J.-P. Aumasson, D. J. Bernstein: SipHash, a fast short-input PRF (2012). kRounds a word of the
// input, kFinalRounds at the end.
template <int kRounds, int kFinalRounds>
class Sip {
 public:
  Sip(const HashKey& key, std::string_view bytes, bool wide)
      : v0_(key.first ^ 0x736f6d6570736575),
        v1_(key.second ^ 0x646f72616e646f6d ^ (wide ? 0xee : 0)),
        v2_(key.first ^ 0x6c7967656e657261),
        v3_(key.second ^ 0x7465646279746573) {
    const char* at = bytes.data();
    for (size_t words = bytes.size() / 8; words > 0; --words, at += 8) {
      uint64_t word;
      std::memcpy(&word, at, 8);
      Add(word);
    }
    uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
    if (const size_t left = bytes.size() % 8; left > 0) {
      uint64_t tail = 0;
      std::memcpy(&tail, at, left);
      last |= tail;
    }
    Add(last);
    v2_ ^= wide ? 0xee : 0xff;
    Mix<kFinalRounds>();
  }

  uint64_t Result() const { return v0_ ^ v1_ ^ v2_ ^ v3_; }
  void Continue() {
    v1_ ^= 0xdd;
    Mix<kFinalRounds>();
  }

 private:
  static_assert(std::endian::native == std::endian::little);

  void Add(uint64_t word) {
    v3_ ^= word;
    Mix<kRounds>();
    v0_ ^= word;
  }

  template <int kCount>
  void Mix() {
    for (int i = 0; i < kCount; ++i) {
      v0_ += v1_, v1_ = std::rotl(v1_, 13), v1_ ^= v0_, v0_ = std::rotl(v0_, 32);
      v2_ += v3_, v3_ = std::rotl(v3_, 16), v3_ ^= v2_;
      v0_ += v3_, v3_ = std::rotl(v3_, 21), v3_ ^= v0_;
      v2_ += v1_, v1_ = std::rotl(v1_, 17), v1_ ^= v2_, v2_ = std::rotl(v2_, 32);
    }
  }

  uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

uint64_t Hash(const HashKey& key, std::string_view bytes) {
  return Sip<1, 3>(key, bytes, false).Result();
}

Digest DigestOf(const HashKey& key, std::string_view bytes) {
  Sip<1, 3> sip(key, bytes, true);
  Digest digest;
  digest.low = sip.Result();
  sip.Continue();
  digest.high = sip.Result();
  return digest;
}

uint64_t SipHash24(const HashKey& key, std::string_view bytes) {
  return Sip<2, 4>(key, bytes, false).Result();
}

}  // namespace sluice::reduce
