#include "gateway/spool/carve.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/spool/row_checksum.h"

// The formats are SQLite's: https://www.sqlite.org/fileformat2.html, "The Database File Format" and
// "The WAL File Format". Numbers are big-endian.
namespace sluice::spool {
namespace {

constexpr size_t kPage = 4096;  // of every spool
constexpr size_t kLogHeader = 32;
constexpr size_t kFrameHeader = 24;
constexpr uint8_t kTableLeaf = 0x0d;
constexpr size_t kMaxRowBytes = 64 << 20;  // no row is larger: a damaged length is not believed

uint64_t BigEndian(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

uint32_t Word(std::string_view bytes, size_t at) {
  return static_cast<uint32_t>(BigEndian(bytes, at, 4));
}

class LogReader {
 public:
  explicit LogReader(const std::string& path) : file_(path + "-wal", std::ios::binary) {
    std::string header(kLogHeader, '\0');
    if (!file_.read(header.data(), kLogHeader)) return;
    const uint32_t magic = Word(header, 0);
    if ((magic & ~1u) != 0x377f0682 || Word(header, 8) != kPage) return;
    big_endian_sums_ = (magic & 1) != 0;
    salts_ = header.substr(16, 8);
    sums_ = {Word(header, 24), Word(header, 28)};
    good_ = true;
  }

  struct Frame {
    uint32_t page = 0;
    bool commits = false;
    bool in_chain = false;  // its checksum follows from that of the frame before
    std::string content;
  };
  // The next frame of this log's present generation; none at its end.
  bool Next(Frame* frame) {
    if (!good_) return false;
    std::string header(kFrameHeader, '\0');
    frame->content.assign(kPage, '\0');
    if (!file_.read(header.data(), kFrameHeader) || !file_.read(frame->content.data(), kPage))
      return false;
    if (header.compare(8, 8, salts_) != 0) return false;
    frame->page = Word(header, 0);
    frame->commits = Word(header, 4) != 0;
    Sum(std::string_view(header).substr(0, 8));
    Sum(frame->content);
    const std::pair<uint32_t, uint32_t> stored = {Word(header, 16), Word(header, 20)};
    frame->in_chain = sums_ == stored;
    sums_ = stored;  // a later frame can be right behind a damaged one
    return true;
  }

 private:
  void Sum(std::string_view bytes) {
    const auto word = [&](size_t at) {
      const uint32_t value = Word(bytes, at);
      return big_endian_sums_ ? value : __builtin_bswap32(value);
    };
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      sums_.first += word(at) + sums_.second;
      sums_.second += word(at + 4) + sums_.first;
    }
  }

  std::ifstream file_;
  bool good_ = false;
  bool big_endian_sums_ = false;
  std::string salts_;
  std::pair<uint32_t, uint32_t> sums_;
};

// The pages of a file, as the committed part of its log leaves them.
class Pages {
 public:
  explicit Pages(const std::string& path) : file_(path, std::ios::binary) {
    file_.seekg(0, std::ios::end);
    count_ = static_cast<uint32_t>(std::max<std::streamoff>(file_.tellg(), 0) / kPage);
    LogReader log(path);
    std::map<uint32_t, std::string> uncommitted;
    for (LogReader::Frame frame; log.Next(&frame);) {
      if (!frame.in_chain) continue;
      uncommitted[frame.page] = std::move(frame.content);
      if (!frame.commits) continue;
      for (auto& [page, content] : uncommitted) {
        logged_[page] = std::move(content);
        count_ = std::max(count_, page);
      }
      uncommitted.clear();
    }
  }

  // From 1 on.
  uint32_t count() const { return count_; }
  bool Read(uint32_t page, std::string* content) {
    const auto logged = logged_.find(page);
    if (logged != logged_.end()) {
      *content = logged->second;
      return true;
    }
    content->assign(kPage, '\0');
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(page - 1) * static_cast<std::streamoff>(kPage));
    return page != 0 && static_cast<bool>(file_.read(content->data(), kPage));
  }

 private:
  std::ifstream file_;
  uint32_t count_ = 0;
  std::map<uint32_t, std::string> logged_;
};

// Takes numbers off the front of a record; all zeros once it has come to the end.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  uint64_t Varint() {
    uint64_t value = 0;
    for (int i = 0; i < 9 && !rest_.empty(); ++i) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (i == 8) return value << 8 | byte;
      value = value << 7 | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view Take(uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

uint64_t SizeOf(uint64_t serial_type) {
  constexpr uint64_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  return serial_type < 12 ? kSizes[serial_type] : (serial_type - 12) / 2;
}

int64_t Integer(uint64_t serial_type, std::string_view bytes) {
  if (serial_type == 8 || serial_type == 9) return static_cast<int64_t>(serial_type) - 8;
  if (serial_type > 9 || bytes.empty()) return 0;  // text where a number belongs
  const auto sign = static_cast<int8_t>(bytes[0]) < 0 ? ~uint64_t{0} : 0;
  const uint64_t high = bytes.size() == 8 ? 0 : sign << 8 * bytes.size();
  return static_cast<int64_t>(high | BigEndian(bytes, 0, bytes.size()));
}

class Carver {
 public:
  Carver(const std::string& path, const std::function<void(const StoredBatch&)>& visit)
      : pages_(path), visit_(visit) {
    FindFree();
  }

  // Twice: which records are settled is known before the first row.
  void Run() {
    for (const size_t columns : {kSettledColumns, kBatchColumns}) {
      wanted_ = columns;
      std::string page;
      for (uint32_t number = 2; number <= pages_.count(); ++number) {
        if (free_.contains(number) || !pages_.Read(number, &page)) continue;
        if (static_cast<uint8_t>(page[0]) == kTableLeaf) CarveLeaf(page);
      }
    }
  }

 private:
  static constexpr size_t kSettledColumns = 2;
  static constexpr size_t kBatchColumns = 6;

  // Pages that hold nothing any more, as far as their list can be followed.
  void FindFree() {
    std::string page;
    if (!pages_.Read(1, &page)) return;
    uint32_t trunk = Word(page, 32);
    while (trunk != 0 && free_.insert(trunk).second && pages_.Read(trunk, &page)) {
      const uint32_t leaves = std::min<uint32_t>(Word(page, 4), kPage / 4 - 2);
      for (uint32_t i = 0; i < leaves; ++i) free_.insert(Word(page, 8 + 4 * size_t{i}));
      trunk = Word(page, 0);
    }
  }

  void CarveLeaf(const std::string& page) {
    const size_t cells = std::min<size_t>(BigEndian(page, 3, 2), (kPage - 8) / 2);
    for (size_t i = 0; i < cells; ++i) {
      const size_t at = BigEndian(page, 8 + 2 * i, 2);
      if (at >= 8 && at < kPage) CarveCell(std::string_view(page).substr(at));
    }
  }

  void CarveCell(std::string_view cell) {
    Fields fields(cell);
    const uint64_t size = fields.Varint();
    const auto key = static_cast<int64_t>(fields.Varint());
    if (!fields.ok() || size == 0 || size > kMaxRowBytes) return;
    // What follows a chain of pages is looked at only if it begins as a row of ours does.
    if (!IsWanted(fields.rest(), size)) return;
    std::string payload;
    if (Gather(fields.rest(), size, &payload)) CarveRecord(key, payload);
  }

  // Whether these bytes begin a record of the columns wanted, and of this size.
  bool IsWanted(std::string_view record, uint64_t size) const {
    Fields header(record);
    const uint64_t end = header.Varint();
    uint64_t sum = end;
    size_t columns = 0;
    uint64_t read = record.size() - header.rest().size();
    while (header.ok() && read < end && columns <= kBatchColumns) {
      sum += SizeOf(header.Varint());
      ++columns;
      read = record.size() - header.rest().size();
    }
    return header.ok() && read == end && columns == wanted_ && sum == size;
  }

  // What of a row does not fit its page is in a chain of others.
  bool Gather(std::string_view local, size_t size, std::string* payload) {
    constexpr size_t kMaxLocal = kPage - 35;
    constexpr size_t kMinLocal = (kPage - 12) * 32 / 255 - 23;
    size_t here = size;
    if (size > kMaxLocal) {
      here = kMinLocal + (size - kMinLocal) % (kPage - 4);
      if (here > kMaxLocal) here = kMinLocal;
    }
    const size_t link = here == size ? 0 : 4;
    if (local.size() < here + link) return false;
    payload->assign(local.substr(0, here));
    uint32_t next = link == 0 ? 0 : Word(local, here);
    if (size > uint64_t{pages_.count()} * kPage) return false;
    std::string page;
    while (payload->size() < size) {
      if (next == 0 || !pages_.Read(next, &page)) return false;
      next = Word(page, 0);
      payload->append(page, 4, std::min(kPage - 4, size - payload->size()));
    }
    return true;
  }

  void CarveRecord(int64_t key, std::string_view payload) {
    Fields header(payload);
    const uint64_t header_size = header.Varint();
    if (header_size > payload.size() || header_size < payload.size() - header.rest().size()) return;
    Fields types(header.rest().substr(0, header_size - (payload.size() - header.rest().size())));
    Fields values(payload.substr(header_size));
    std::vector<std::pair<uint64_t, std::string_view>> columns;
    while (types.ok() && !types.rest().empty() && columns.size() < 7) {
      const uint64_t type = types.Varint();
      columns.emplace_back(type, values.Take(SizeOf(type)));
    }
    if (!types.ok() || !values.ok()) return;
    if (columns.size() != wanted_) return;
    if (wanted_ == kSettledColumns) settled_[key] = std::string(columns[1].second);
    if (wanted_ == kBatchColumns) CarveRow(key, columns);
  }

  void CarveRow(int64_t key, const std::vector<std::pair<uint64_t, std::string_view>>& columns) {
    const auto number = [&](size_t i) { return Integer(columns[i].first, columns[i].second); };
    const int64_t records = number(3);
    const std::string_view data = columns[5].second;
    if (key < 0 || PriorityOf(key) >= kPriorities || records < 0) return;
    if (RowChecksum(key, number(2), records, columns[1].second, data) != number(4)) return;
    std::optional<RecordBatch> restored = RecordBatch::Restore(data, static_cast<size_t>(records));
    if (!restored) return;
    StoredBatch batch;
    batch.key = key;
    batch.time_us = number(2);
    batch.epoch = columns[1].second;
    batch.records = *std::move(restored);
    const auto settled = settled_.find(key);
    batch.settled = RecordSet(batch.records.count(),
                              settled == settled_.end() ? std::string_view() : settled->second);
    if (batch.settled.count() < batch.records.count() && seen_.insert(key).second) visit_(batch);
  }

  Pages pages_;
  const std::function<void(const StoredBatch&)>& visit_;
  std::set<uint32_t> free_;
  size_t wanted_ = 0;  // columns of the rows that this pass is for
  std::set<int64_t> seen_;
  std::map<int64_t, std::string> settled_;
};

}  // namespace

void CarveRows(const std::string& path, const std::function<void(const StoredBatch&)>& visit) {
  Carver(path, visit).Run();
}

bool LogIsCutShort(const std::string& path) {
  LogReader log(path);
  bool broken = false;
  bool committed = false;  // behind it
  for (LogReader::Frame frame; log.Next(&frame);) {
    // A power cut may tear the last transaction. This one was followed by another, which began when
    // the disk had it.
    if (committed) return true;
    broken = broken || !frame.in_chain;
    committed = broken && frame.in_chain && frame.commits;
  }
  return false;
}

}  // namespace sluice::spool
