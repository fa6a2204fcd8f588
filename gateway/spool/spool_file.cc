#include "gateway/spool/spool_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "gateway/spool/row_checksum.h"

namespace sluice::spool {
namespace {

constexpr int64_t kApplication = 0x736c7563;  // "sluc"
constexpr int64_t kPageBytes = 4096;

// WAL and FULL: a commit is one fsync of the log. Zeroing what is deleted (Debian's default) would
// write every page twice.
constexpr char kReadySql[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = OFF;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 33554432;";

// `key` is the rowid: rows lie in the order in which they are read, and there is no index besides.
constexpr char kCreateSql[] =
    "PRAGMA page_size = 4096;"
    "PRAGMA journal_mode = WAL;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE batch(key INTEGER PRIMARY KEY, epoch TEXT NOT NULL, time INTEGER NOT NULL,"
    " records INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE settled(key INTEGER PRIMARY KEY, records BLOB NOT NULL);"
    "CREATE TABLE damaged(key INTEGER PRIMARY KEY, epoch TEXT, time INTEGER, records INTEGER,"
    " crc INTEGER, data BLOB);"
    "PRAGMA application_id = 1936487779;"
    "PRAGMA user_version = 1;"
    "COMMIT;";
static_assert(kApplication == 1936487779 && RecordBatch::kFormat == 1);

// Prepares all or none.
absl::Status PrepareInto(
    Database& database,
    std::initializer_list<std::pair<std::optional<Statement>*, const char*>> statements) {
  for (const auto& [into, sql] : statements) {
    absl::StatusOr<Statement> statement = Statement::Prepare(database, sql);
    if (!statement.ok()) return statement.status();
    into->emplace(*std::move(statement));
  }
  return absl::OkStatus();
}

// What a row says of itself is not checked before it is read as a whole: no more than can be true.
size_t Believable(int64_t records, int64_t bytes) {
  const int64_t most = bytes / static_cast<int64_t>(RecordBatch::kMinRecordBytes);
  return static_cast<size_t>(std::clamp<int64_t>(records, 0, most));
}

}  // namespace

absl::StatusOr<SpoolFile> SpoolFile::Open(const std::string& path, Database::Mode mode) {
  absl::StatusOr<Database> database = Database::Open(path, mode);
  if (!database.ok()) return database.status();
  const bool writes = mode != Database::Mode::kReadOnly;
  const absl::StatusOr<int64_t> version = database->Number("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*version == 0 && mode == Database::Mode::kCreate) {
    if (absl::Status s = database->Execute(kCreateSql); !s.ok()) return s;
  } else {
    const absl::StatusOr<int64_t> application = database->Number("PRAGMA application_id");
    if (!application.ok()) return application.status();
    if (*application != kApplication)
      return absl::DataLossError(fmt::format("{}: this is no spool", path));
    if (*version != RecordBatch::kFormat) {
      return absl::FailedPreconditionError(
          fmt::format("{}: format {} is another version's; this one reads {}", path, *version,
                      RecordBatch::kFormat));
    }
  }
  if (writes) {
    if (absl::Status s = database->Execute(kReadySql); !s.ok()) return s;
  }
  SpoolFile file(*std::move(database));
  if (absl::Status s = file.Prepare(writes); !s.ok()) return s;
  return file;
}

absl::Status SpoolFile::Prepare(bool writes) {
  std::optional<Statement> next, head, settled, used, pages;
  absl::Status status = PrepareInto(
      database_,
      {{&next,
        "SELECT key, epoch, time, records, crc, data FROM batch WHERE key >= ?1 AND key < ?2 "
        "ORDER BY key LIMIT 1"},
       {&head,
        "SELECT key, time, records, length(data) FROM batch WHERE key >= ?1 AND key < ?2 "
        "ORDER BY key LIMIT 1"},
       {&settled, "SELECT records FROM settled WHERE key = ?1"},
       {&used,
        "SELECT p.page_count - f.freelist_count FROM pragma_page_count p, pragma_freelist_count "
        "f"},
       {&pages, "PRAGMA page_count"}});
  if (!status.ok()) return status;
  read_ = std::make_unique<Statements>(Statements{*std::move(next), *std::move(head),
                                                  *std::move(settled), *std::move(used),
                                                  *std::move(pages)});
  if (!writes) return absl::OkStatus();

  std::optional<Statement> begin, commit, insert, remove, remove_settled, save_settled, set_aside;
  status = PrepareInto(
      database_,
      {{&begin, "BEGIN IMMEDIATE"},
       {&commit, "COMMIT"},
       {&insert,
        "INSERT INTO batch(key, epoch, time, records, crc, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
       {&remove, "DELETE FROM batch WHERE key = ?1"},
       {&remove_settled, "DELETE FROM settled WHERE key = ?1"},
       {&save_settled,
        "INSERT OR REPLACE INTO settled(key, records) "
        "SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM batch WHERE key = ?1)"},
       {&set_aside, "INSERT OR IGNORE INTO damaged SELECT * FROM batch WHERE key = ?1"}});
  if (!status.ok()) return status;
  write_ = std::make_unique<WriteStatements>(
      WriteStatements{*std::move(begin), *std::move(commit), *std::move(insert), *std::move(remove),
                      *std::move(remove_settled), *std::move(save_settled), *std::move(set_aside)});
  return absl::OkStatus();
}

absl::Status SpoolFile::Begin() { return write_->begin.Run(); }

absl::Status SpoolFile::Insert(const StoredBatch& batch) {
  const auto records = static_cast<int64_t>(batch.records.count());
  return write_->insert.Bind(1, batch.key)
      .BindText(2, batch.epoch)
      .Bind(3, batch.time_us)
      .Bind(4, records)
      .Bind(5, RowChecksum(batch.key, batch.time_us, records, batch.epoch, batch.records.data()))
      .BindBlob(6, batch.records.data())
      .Run();
}

absl::StatusOr<bool> SpoolFile::Remove(int64_t key) {
  if (absl::Status s = write_->remove.Bind(1, key).Run(); !s.ok()) return s;
  const bool was_there = database_.changes() > 0;
  if (absl::Status s = write_->remove_settled.Bind(1, key).Run(); !s.ok()) return s;
  return was_there;
}

absl::Status SpoolFile::SaveSettled(int64_t key, const RecordSet& settled) {
  return write_->save_settled.Bind(1, key).BindBlob(2, settled.bytes()).Run();
}

absl::Status SpoolFile::SetAside(int64_t key) {
  if (absl::Status s = write_->set_aside.Bind(1, key).Run(); !s.ok()) return s;
  return Remove(key).status();
}

absl::Status SpoolFile::Commit() { return write_->commit.Run(); }

void SpoolFile::Rollback() {
  // Errors that end the transaction by themselves leave nothing to roll back.
  if (database_.in_transaction()) static_cast<void>(database_.Execute("ROLLBACK"));
}

absl::StatusOr<SpoolFile::Read> SpoolFile::Next(int64_t from, int64_t end, StoredBatch* batch) {
  Statement& select = read_->next;
  const absl::StatusOr<bool> row = select.Bind(1, from).Bind(2, end).Step();
  Read result = Read::kNone;
  if (row.ok() && *row) {
    result = Read::kDamaged;
    batch->key = select.Integer(0);
    batch->epoch = select.Bytes(1);
    batch->time_us = select.Integer(2);
    const int64_t records = select.Integer(3);
    const std::string_view data = select.Bytes(5);
    if (RowChecksum(batch->key, batch->time_us, records, batch->epoch, data) == select.Integer(4)) {
      std::optional<RecordBatch> restored =
          RecordBatch::Restore(data, static_cast<size_t>(records));
      if (restored) {
        batch->records = *std::move(restored);
        result = Read::kBatch;
      }
    }
  }
  select.Reset();
  if (!row.ok()) return row.status();
  if (result != Read::kBatch) return result;
  absl::StatusOr<RecordSet> settled = SettledOf(batch->key, batch->records.count());
  if (!settled.ok()) return settled.status();
  batch->settled = *std::move(settled);
  return result;
}

absl::StatusOr<RecordSet> SpoolFile::SettledOf(int64_t key, size_t records) {
  Statement& select = read_->settled;
  const absl::StatusOr<bool> row = select.Bind(1, key).Step();
  RecordSet settled = row.ok() && *row ? RecordSet(records, select.Bytes(0)) : RecordSet(records);
  select.Reset();
  if (!row.ok()) return row.status();
  return settled;
}

absl::StatusOr<bool> SpoolFile::NextHead(int64_t from, int64_t end, BatchHead* head) {
  Statement& select = read_->head;
  absl::StatusOr<bool> row = select.Bind(1, from).Bind(2, end).Step();
  if (row.ok() && *row) {
    head->key = select.Integer(0);
    head->time_us = select.Integer(1);
    head->records = Believable(select.Integer(2), select.Integer(3));
    head->bytes = static_cast<size_t>(select.Integer(3));
  }
  select.Reset();
  if (!row.ok() || !*row) return row;
  const absl::StatusOr<RecordSet> settled = SettledOf(head->key, head->records);
  if (!settled.ok()) return settled.status();
  head->records -= std::min(head->records, settled->count());
  return true;
}

absl::Status SpoolFile::Walk(const std::function<void(const BatchHead&)>& visit) {
  absl::StatusOr<Statement> select =
      Statement::Prepare(database_,
                         "SELECT b.key, b.time, b.records, length(b.data), s.records FROM batch b "
                         "LEFT JOIN settled s ON s.key = b.key ORDER BY b.key");
  if (!select.ok()) return select.status();
  for (;;) {
    const absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const size_t records = Believable(select->Integer(2), select->Integer(3));
    const std::string_view settled = select->Bytes(4);
    const size_t done = settled.empty() ? 0 : RecordSet(settled.size() * 8, settled).count();
    visit({select->Integer(0), select->Integer(1), records - std::min(records, done),
           static_cast<size_t>(select->Integer(3))});
  }
}

absl::StatusOr<int64_t> SpoolFile::DamagedRows() {
  return database_.Number("SELECT count(*) FROM damaged");
}

absl::Status SpoolFile::CheckStructure() {
  absl::StatusOr<Statement> check = Statement::Prepare(database_, "PRAGMA integrity_check(1)");
  if (!check.ok()) return check.status();
  const absl::StatusOr<bool> row = check->Step();
  if (!row.ok()) return row.status();
  if (*row && check->Bytes(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(std::string(check->Bytes(0)));
}

absl::StatusOr<int64_t> SpoolFile::UsedBytes() {
  const absl::StatusOr<bool> row = read_->used.Step();
  const int64_t pages = row.ok() && *row ? read_->used.Integer(0) : 0;
  read_->used.Reset();
  if (!row.ok()) return row.status();
  return pages * kPageBytes;
}

absl::StatusOr<int64_t> SpoolFile::FileBytes() {
  const absl::StatusOr<bool> row = read_->pages.Step();
  const int64_t pages = row.ok() && *row ? read_->pages.Integer(0) : 0;
  read_->pages.Reset();
  if (!row.ok()) return row.status();
  return pages * kPageBytes;
}

void SpoolFile::EmptyLog() {
  static_cast<void>(database_.Execute("PRAGMA wal_checkpoint(PASSIVE)"));
}

absl::Status SpoolFile::LimitPages(int64_t pages) {
  return database_.Execute(fmt::format("PRAGMA max_page_count = {}", pages).c_str());
}

}  // namespace sluice::spool
