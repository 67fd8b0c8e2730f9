// CsvFile: a CSV file that keeps its columns, though several processes write
// to it, some die in the middle of a line, and the columns wanted may change.
//
// Whoever writes to the file holds the lock of PATH.lock. So a line that is not
// whole when the file is opened was left by someone who died, and is cut off.
// If the first line of a file names other columns, the file is renamed, from
// NAME.csv to NAME.TIME.csv, and a new one begun. An empty file gets its header
// before the next line, whoever has emptied it.
//
// The path is looked at before each append: a file that was moved away or
// deleted is left, and the path opened again. What was written in between and
// may be nowhere is written again: see UnconfirmedLines.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "os/file.h"
#include "os/folder.h"
#include "os/lock_file.h"
#include "sinks/common/complaint.h"
#include "sinks/common/unconfirmed_lines.h"
#include "stogger/clock.h"
#include "stogger/sink.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

struct CsvFileOptions {
  std::string path;  // absolute
  FileModes modes;
  std::string header;           // the first line, with its end
  bool truncate = false;        // when this process first opens the path,
  bool each_truncates = false;  // or rather when each CsvFile first does
  Clock* clock = nullptr;
};

class CsvFile {
 public:
  explicit CsvFile(CsvFileOptions options);

  // Does nothing if it is open.
  Status open();
  bool is_open() const noexcept { return opened_.file.is_open(); }
  // Whether open() could put the file that is open aside, for one with other
  // columns. Not what is no file, or is reached through /proc.
  bool can_be_set_aside() const noexcept {
    return opened_.file.is_regular() && !opened_.folder.is_magic();
  }
  Status close();
  // What open() would do.
  Status check(CheckFindings& findings) const;
  // In a child after fork(): leaves the parent's file alone.
  void abandon() noexcept;

  // Adds whole lines: all of them, or none.
  Status append(std::string_view lines, Time now);

  // What does not work although lines still get into the file.
  bool has_complaint() const noexcept { return complaint_.is_due(); }
  std::string take_complaint() { return complaint_.take(); }

 private:
  // What belongs together.
  struct Opened {
    Folder folder;
    File file;
    LockFile lock;
    struct stat identity = {};  // of the file
  };

  Status open_anew(Opened* opened);
  Status open_once(Opened* opened, bool* again);
  Status open_file(Opened* opened) const;
  bool is_to_be_truncated();
  Status inspect(Opened* opened, bool* again);
  Status begin(File& file) const;
  Status set_aside(const Folder& folder);
  bool look(std::uint64_t* size);
  Status leave_file();
  Status lock();
  void unlock() noexcept;
  Status confirm();
  Status rewrite();
  Status write_lost();
  Status write_locked(std::string_view lines, bool* kept);
  Status write(std::string_view lines, std::uint64_t size);

  const CsvFileOptions options_;
  Opened opened_;
  UnconfirmedLines unconfirmed_;
  bool has_truncated_ = false;
  bool adrift_ = false;  // the path leads elsewhere, and cannot be opened
  Time checked_;         // at the lock and, if adrift, for another file
  Complaint complaint_;
  bool has_set_aside_ = false;
  Time set_aside_at_;
  struct stat was_set_aside_ = {};
};

}  // namespace stogger
