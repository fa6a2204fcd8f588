// Writes MQTT's data types (section 1.5) and whole packets.
//
// A packet's body is written twice by the same code, first into a Counter, which yields the lengths
// that stand in front, then into a Writer: the lengths cannot disagree with the bytes.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "gateway/mqtt/protocol.h"

namespace sluice::mqtt {

// The number of bytes that a variable byte integer takes.
constexpr size_t VariableIntegerSize(size_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

// Measures what a Writer would write.
class Counter {
 public:
  size_t size() const { return size_; }
  bool fits() const { return fits_; }  // false: something has no MQTT representation

  void Byte(uint8_t) { size_ += 1; }
  void TwoBytes(uint16_t) { size_ += 2; }
  void FourBytes(uint32_t) { size_ += 4; }
  void VariableInteger(size_t value) {
    size_ += VariableIntegerSize(value);
    fits_ = fits_ && value <= kMaxRemainingLength;
  }
  void Raw(std::string_view bytes) { size_ += bytes.size(); }
  void Binary(std::string_view bytes) {
    size_ += 2 + bytes.size();
    fits_ = fits_ && bytes.size() <= 0xffff;
  }
  // What `write` writes, after its size.
  template <typename Write>
  void Sized(const Write& write) {
    Counter inner;
    write(inner);
    VariableInteger(inner.size());
    size_ += inner.size();
    fits_ = fits_ && inner.fits();
  }

 private:
  size_t size_ = 0;
  bool fits_ = true;
};

// Writes into a buffer that the caller has measured with a Counter.
class Writer {
 public:
  explicit Writer(char* out) : at_(out) {}

  void Byte(uint8_t value) { *at_++ = static_cast<char>(value); }
  void TwoBytes(uint16_t value) {
    Byte(static_cast<uint8_t>(value >> 8));
    Byte(static_cast<uint8_t>(value));
  }
  void FourBytes(uint32_t value) {
    TwoBytes(static_cast<uint16_t>(value >> 16));
    TwoBytes(static_cast<uint16_t>(value));
  }
  void VariableInteger(size_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  void Raw(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void Binary(std::string_view bytes) {
    TwoBytes(static_cast<uint16_t>(bytes.size()));
    Raw(bytes);
  }
  template <typename Write>
  void Sized(const Write& write) {
    Counter inner;
    write(inner);
    VariableInteger(inner.size());
    write(*this);
  }

  const char* at() const { return at_; }

 private:
  char* at_;
};

// Every Encode…() below has this contract. It returns the size of the whole packet, and has written
// it if that is at most out.size(); else it has written nothing and may be called again with more
// room. 0: the values fit into no MQTT packet (a string above 65,535 bytes, a packet above 256 MB,
// a reason the version cannot say).
template <typename WriteBody>
size_t EncodePacket(PacketType type, uint8_t flags, std::span<char> out,
                    const WriteBody& write_body) {
  Counter counter;
  write_body(counter);
  if (!counter.fits() || counter.size() > kMaxRemainingLength) return 0;
  const size_t size = 1 + VariableIntegerSize(counter.size()) + counter.size();
  if (size > out.size()) return size;
  Writer writer(out.data());
  writer.Byte(static_cast<uint8_t>(static_cast<unsigned>(type) << 4 | flags));
  writer.VariableInteger(counter.size());
  write_body(writer);
  assert(writer.at() == out.data() + size);
  return size;
}

// Appends what `encode` (a callable of the contract above, on a span) encodes; false if it fits no
// MQTT packet. For clients and tests: the server writes into its send buffer.
//   AppendPacket(&bytes, [&](std::span<char> out) { return EncodePublish(Version::k5, publish,
//   out); });
template <typename Encode>
bool AppendPacket(std::string* bytes, const Encode& encode) {
  const size_t size = encode(std::span<char>());
  if (size == 0) return false;
  const size_t before = bytes->size();
  bytes->resize(before + size);
  encode(std::span<char>(bytes->data() + before, size));
  return true;
}

}  // namespace sluice::mqtt
