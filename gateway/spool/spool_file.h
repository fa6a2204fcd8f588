// The file of a spool: rows of records in SQLite, written in transactions, read in the order of
// their keys.
//
// A connection belongs to one thread. A second one may read while the first one writes.
// Every row carries a checksum of all that it holds: SQLite notices a torn file, not a flipped bit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/spool/sqlite.h"
#include "gateway/spool/stored_batch.h"

namespace sluice::spool {

// A row without its records.
struct BatchHead {
  int64_t key = 0;
  int64_t time_us = 0;
  size_t records = 0;  // not settled yet
  size_t bytes = 0;
};

class SpoolFile {
 public:
  // kCreate makes the file if there is none; kReadWrite wants it to be there. All but kReadOnly set
  // what the file needs for writing.
  static absl::StatusOr<SpoolFile> Open(const std::string& path, Database::Mode mode);

  // Begin (Insert | Remove | SaveSettled | SetAside)* (Commit | Rollback). Commit() returns when
  // the disk has it. What was inserted is borrowed until then.
  absl::Status Begin();
  absl::Status Insert(const StoredBatch& batch);
  // Whether it was there.
  absl::StatusOr<bool> Remove(int64_t key);
  // Of a row that is not settled as a whole. Nothing where the row is gone.
  absl::Status SaveSettled(int64_t key, const RecordSet& settled);
  // Moves a damaged row to where it is kept and never read.
  absl::Status SetAside(int64_t key);
  absl::Status Commit();
  void Rollback();

  enum class Read : uint8_t {
    kBatch,
    kNone,     // no row in the range
    kDamaged,  // there is one, and `key` is all that is known of it
  };
  // The row of the lowest key in [from, end).
  absl::StatusOr<Read> Next(int64_t from, int64_t end, StoredBatch* batch);
  // The head of Next().
  absl::StatusOr<bool> NextHead(int64_t from, int64_t end, BatchHead* head);

  // All rows in order; reads no more of the file than it must.
  absl::Status Walk(const std::function<void(const BatchHead&)>& visit);
  absl::StatusOr<int64_t> DamagedRows();
  // What SQLite finds wrong with the file's structure; reads all of it.
  absl::Status CheckStructure();

  // Bytes of the pages in use, and of the file with its free ones. As of the transaction under way.
  absl::StatusOr<int64_t> UsedBytes();
  absl::StatusOr<int64_t> FileBytes();

  // Copies what the log holds into the file as far as there is room: the next transaction then
  // writes where the log began.
  void EmptyLog();

  // For tests: the file cannot grow beyond so many pages, as on a full disk.
  absl::Status LimitPages(int64_t pages);

 private:
  explicit SpoolFile(Database database) : database_(std::move(database)) {}

  absl::Status Prepare(bool writes);
  absl::StatusOr<RecordSet> SettledOf(int64_t key, size_t records);

  struct Statements {
    Statement next;
    Statement head;
    Statement settled;
    Statement used;
    Statement pages;
  };
  struct WriteStatements {
    Statement begin;
    Statement commit;
    Statement insert;
    Statement remove;
    Statement remove_settled;
    Statement save_settled;
    Statement set_aside;
  };

  Database database_;  // before its statements
  std::unique_ptr<Statements> read_;
  std::unique_ptr<WriteStatements> write_;
};

}  // namespace sluice::spool
