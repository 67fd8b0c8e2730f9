// CsvFile: a CSV file that keeps its columns, though several processes write
// to it, some die in the middle of a line, and the columns wanted may change.
//
// Whoever writes to the file holds a lock on it. So a line that is not
// whole when the file is opened was left by someone who died, and is cut off.
// If the first line of a file names other columns, the file is renamed, from
// NAME.csv to NAME.TIME.csv, and a new one begun.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "stogger/clock.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

struct CsvFileOptions {
  std::string path;       // absolute
  std::string header;     // the first line, with its end
  bool truncate = false;  // when this process first opens the path
  Clock* clock = nullptr;
};

class CsvFile {
 public:
  explicit CsvFile(CsvFileOptions options);

  // Does nothing if it is open.
  Status open();
  bool is_open() const noexcept { return file_.is_open(); }
  Status close() noexcept { return file_.close(); }
  // In a child after fork(): leaves the parent's file alone.
  void abandon() noexcept { file_.abandon(); }

  // True if the path does not name this file any more.
  bool has_moved() const noexcept { return !file_.is_at(options_.path); }

  // Adds whole lines: all of them, or none.
  Status append(std::string_view lines);

 private:
  enum class Content { ready, other_columns };

  Status open_once(File& file, bool* again);
  Status begin(File& file) const;
  Status inspect(File& file, Content* content) const;
  Status set_aside();

  const CsvFileOptions options_;
  File file_;
  bool has_set_aside_ = false;
  Time set_aside_at_;
};

}  // namespace stogger
