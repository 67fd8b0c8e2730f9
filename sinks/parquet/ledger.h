// ParquetLedger: how far each queue has got (see RowOrigin), kept with the file
// that has its rows, as the pair `stogger.ledger`. A checkpoint makes the rows
// and their positions readable in one step, so that rows which are handed over
// again, by the next process too, can be told from those that are missing.
//
// The next process begins a file of its own. What it is handed of queues that
// others have left is looked for in the files beside it: the one at the path,
// those that were given a dated name, and those of other processes. Where they
// were moved away or cannot be read, their rows may be stored once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "os/folder.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

// The name of the pair. Its value: the UUID of a queue, a blank, its position,
// a blank, and so on.
inline constexpr std::string_view kLedgerPair = "stogger.ledger";

class ParquetLedger {
 public:
  // How many of the rows, which have an origin, are in a file already, or were
  // taken: the first ones. A queue that is new to it is looked for in files of
  // the folder that are named as X.parquet, the path, but for the one that is
  // about to be overwritten. Not ok if that cannot be done now.
  Status find(const RowBatch& rows, const Folder& folder,
              std::string_view doomed, std::size_t* stored);
  // Rows up to that one, of those that find() has had last, were taken.
  void take(const RowBatch& rows, std::size_t row) noexcept;

  // What is to be kept with the file that has what was taken; empty if that
  // has no origin.
  std::string text() const;

  // Without rows that were taken and are in no file.
  void forget() noexcept {
    entries_.clear();
    current_ = nullptr;
  }

  // Why a queue could not be looked for, if that has not been reported.
  bool has_report() const noexcept { return !report_.empty(); }
  std::string take_report() { return std::exchange(report_, {}); }

 private:
  struct Entry {
    std::string queue;  // a UUID, as text
    std::int64_t position = -1;
  };

  Status look_for(const std::string& queue, const Folder& folder,
                  std::string_view doomed, std::int64_t* position);
  bool is_readable(const Folder& folder, const std::string& name, int error,
                   Status* status);

  std::deque<Entry> entries_;  // those that came last, last
  Entry* current_ = nullptr;   // that of the last find()
  bool has_reported_ = false;
  std::string report_;
};

}  // namespace stogger
