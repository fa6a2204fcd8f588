// The packer's side that concerns compressed packs.
#include <algorithm>
#include <cstddef>

#include "gateway/uplink/gzip_fit.h"
#include "gateway/uplink/pack.h"

namespace sluice::uplink {
namespace {

// Text of a pack: what compresses better than that need not be gathered for.
constexpr uint64_t kMostRatio = 32;
constexpr uint64_t kMostText = uint64_t{1} << 20;

// The text that makes a pack of nearly `room` bytes, when `text` bytes made `compressed`.
uint64_t TextFor(uint64_t room, uint64_t text, uint64_t compressed, uint64_t max_bytes) {
  const uint64_t most = std::max(max_bytes, std::min(kMostText, kMostRatio * max_bytes));
  return std::min(most, room * 30 / 32 * text / std::max<uint64_t>(compressed, 1));
}

// Cuts `*all` off after `count`, or where it ends.
template <typename T>
std::vector<T> TakeBehind(std::vector<T>* all, size_t count) {
  if (count >= all->size()) return {};
  const auto cut = all->begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<T> behind(cut, all->end());
  all->erase(cut, all->end());
  return behind;
}

template <typename T>
void Append(const std::vector<T>& more, std::vector<T>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

}  // namespace

// Leaves the member of as many records as fit in compressed_ and says how many these are.
size_t Packer::Compress(Pack* pack) {
  const uint64_t room = limit() - std::min(limit(), pack->fixed_bytes);
  const size_t count =
      FitCompressed(*gzip_, pack->body, pack->ends, room, &compressed_, &compressions_);
  pack->try_at = TextFor(room, pack->ends[count - 1], compressed_.size(), options_.max_bytes);
  return count;
}

void Packer::TryFull(Pack* pack, TimePoint now) {
  const size_t count = Compress(pack);
  const bool is_full = count < pack->ends.size() || pack->try_at <= pack->body.size() ||
                       pack->fixed_bytes + compressed_.size() >= limit() / 16 * 14;
  if (!is_full) return;
  EmitCompressed(pack, count);
  pack->serial = 0;
  if (!pack->ends.empty()) Open(pack, now);
  Prune();
}

// The first `count` records leave; what is behind them begins the next pack.
void Packer::EmitCompressed(Pack* pack, size_t count) {
  const uint32_t bytes = pack->ends[count - 1];
  const uint32_t tickets = pack->ticket_ends[count - 1];
  const bool all = count == pack->ends.size();
  std::vector<spool::Receipt> later_receipts = TakeBehind(&pack->receipts, count);
  std::vector<session::AckTicket> later_tickets = TakeBehind(&pack->tickets, tickets);
  std::vector<Bill::Share> later_shares = TakeBehind(&pack->shares, count);
  Emit(pack, compressed_);
  Append(later_receipts, &pack->receipts);
  Append(later_tickets, &pack->tickets);
  Append(later_shares, &pack->shares);

  // The comma behind the last of them becomes the bracket of what follows.
  pack->body.erase(0, bytes);
  if (!all) pack->body.front() = '[';
  pack->ends = TakeBehind(&pack->ends, count);
  for (uint32_t& end : pack->ends) end -= bytes;
  pack->ticket_ends = TakeBehind(&pack->ticket_ends, count);
  for (uint32_t& end : pack->ticket_ends) end -= tickets;
}

}  // namespace sluice::uplink
