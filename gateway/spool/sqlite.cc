#include "gateway/spool/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace sluice::spool {
namespace {

// How long a call waits for another connection: a reader and the writer meet for moments only.
constexpr int kBusyMs = 2'000;

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

absl::Status StatusOf(sqlite3* database, std::string_view what) {
  const int code = sqlite3_extended_errcode(database);
  const int system = sqlite3_system_errno(database);
  return absl::Status(CodeOf(code),
                      fmt::format("{}: {} (SQLite {}{})", what, sqlite3_errmsg(database), code,
                                  system == 0 ? "" : fmt::format(", errno {}", system)));
}

// What "data" of no bytes points to: a null pointer would be NULL.
constexpr char kNothing[] = "";

}  // namespace

void Database::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

absl::StatusOr<Database> Database::Open(const std::string& path, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::kCreate) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle);
  if (handle == nullptr) return absl::ResourceExhaustedError("no memory for SQLite");
  if (code != SQLITE_OK) return database.Error(path);
  sqlite3_busy_timeout(handle, kBusyMs);
  return database;
}

absl::Status Database::Error(std::string_view what) const { return StatusOf(handle_.get(), what); }

int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

absl::Status Database::Execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK)
    return absl::OkStatus();
  return Error(sql);
}

absl::StatusOr<int64_t> Database::Number(const char* sql) {
  absl::StatusOr<Statement> statement = Statement::Prepare(*this, sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Integer(0) : 0;
}

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<Statement> Statement::Prepare(Database& database, const char* sql) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return database.Error(sql);
  return Statement(handle);
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::BindText(int index, std::string_view value) {
  sqlite3_bind_text64(handle_.get(), index, value.empty() ? kNothing : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view value) {
  sqlite3_bind_blob64(handle_.get(), index, value.empty() ? kNothing : value.data(), value.size(),
                      SQLITE_STATIC);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusOf(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()));
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> row = Step();
  Reset();
  return row.status();
}

void Statement::Reset() { sqlite3_reset(handle_.get()); }

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::Bytes(int column) const {
  const void* const bytes = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace sluice::spool
