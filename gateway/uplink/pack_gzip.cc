// The packer's side that concerns compressed packs.
#include <algorithm>

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
  std::vector<uint32_t>& ends = pack->ends;
  const uint32_t bytes = ends[count - 1];
  const uint32_t tickets = pack->ticket_ends[count - 1];
  const bool all = count == ends.size();
  std::vector<spool::Receipt> later_receipts(pack->receipts.begin() + static_cast<long>(count),
                                             pack->receipts.end());
  std::vector<session::AckTicket> later_tickets(pack->tickets.begin() + tickets,
                                                pack->tickets.end());
  pack->receipts.resize(count);
  pack->tickets.resize(tickets);
  Emit(pack, compressed_);
  pack->receipts.insert(pack->receipts.end(), later_receipts.begin(), later_receipts.end());
  pack->tickets.insert(pack->tickets.end(), later_tickets.begin(), later_tickets.end());

  // The comma behind the last of them becomes the bracket of what follows.
  pack->body.erase(0, bytes);
  if (!all) pack->body.front() = '[';
  ends.erase(ends.begin(), ends.begin() + static_cast<long>(count));
  for (uint32_t& end : ends) end -= bytes;
  std::vector<uint32_t>& ticket_ends = pack->ticket_ends;
  ticket_ends.erase(ticket_ends.begin(), ticket_ends.begin() + static_cast<long>(count));
  for (uint32_t& end : ticket_ends) end -= tickets;
}

}  // namespace sluice::uplink
