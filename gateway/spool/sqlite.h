// SQLite without its ceremony: a database and its prepared statements that close themselves.
//
// Errors are absl::Status: ResourceExhausted where there is no room, DataLoss where the file is
// damaged, Unavailable for what may pass. One thread at a time uses a database and its statements.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::spool {

class Database {
 public:
  enum class Mode : uint8_t { kReadOnly, kReadWrite, kCreate };

  static absl::StatusOr<Database> Open(const std::string& path, Mode mode);

  absl::Status Execute(const char* sql);
  // The number that a query of one row and one column gives ("PRAGMA page_count").
  absl::StatusOr<int64_t> Number(const char* sql);

  sqlite3* handle() { return handle_.get(); }
  // What the last call on it came to, with `what` was being done.
  absl::Status Error(std::string_view what) const;
  // Rows that the last statement changed.
  int64_t changes() const;
  bool in_transaction() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Closer> handle_;
};

// (Bind* Step* Reset)*. The database outlives it. Texts and blobs that are bound or read are
// borrowed until Reset(), what is read until the next Step().
class Statement {
 public:
  static absl::StatusOr<Statement> Prepare(Database& database, const char* sql);

  Statement& Bind(int index, int64_t value);
  Statement& BindText(int index, std::string_view value);
  Statement& BindBlob(int index, std::string_view value);

  // Whether there is a row.
  absl::StatusOr<bool> Step();
  // For what has no rows: steps and resets.
  absl::Status Run();
  void Reset();

  int64_t Integer(int column) const;
  std::string_view Bytes(int column) const;  // of a text or blob; empty for NULL

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

}  // namespace sluice::spool
