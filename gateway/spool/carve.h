// Reads a spool's rows out of a file that SQLite gives up on: its pages one by one, those in the
// log too.
//
// A row counts only if its checksum is right, so nothing is made up. Rows that were deleted may
// come back where what says so is damaged: they were sent, and come again under the id that they
// had.
#pragma once

#include <functional>
#include <string>

#include "gateway/spool/stored_batch.h"

namespace sluice::spool {

// Calls `visit` once for each row of the file `path` and its log that is not settled, in no order.
void CarveRows(const std::string& path, const std::function<void(const StoredBatch&)>& visit);

// Whether SQLite would silently forget committed transactions of a log: it ends at the first frame
// that is damaged, whatever stands behind.
bool LogIsCutShort(const std::string& path);

}  // namespace sluice::spool
