// A file that is complete at every moment, however its writer ends, though a
// Parquet file is complete only with a footer, which is overwritten whenever
// rows are added.
//
// There are two files of the same content: X.parquet, the front, for readers,
// and .X.parquet.next, the back, for the writer. What is added goes to the
// back; then the two swap their names in one step (renameat2 with
// RENAME_EXCHANGE). A reader that has the old front open goes on reading it:
// nothing in it changes before the next swap. Before that, the back gets what
// it lacks from the front, and its mode, group and owner.
//
// Other processes are kept away from the name by a NameClaim.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "os/folder.h"
#include "sinks/parquet/disk_file.h"
#include "sinks/parquet/name_claim.h"
#include "stogger/clock.h"
#include "stogger/sink.h"
#include "stogger/status.h"

namespace stogger {

struct TwinFilesOptions {
  std::string path;
  bool overwrite = false;  // what is at the path when the first rows come
  bool sync = true;        // waits for the disk before and after each swap
  FileModes modes = {};
  Clock* clock = nullptr;
};

class TwinFiles {
 public:
  explicit TwinFiles(TwinFilesOptions options);

  // Takes possession of the path or, if another process has it, of one with a
  // number: X-2.parquet. *resumed: the file is the one that was closed last,
  // and can be added to; otherwise it has no content yet, nor a front.
  Status open(bool* resumed);
  bool is_open() const noexcept { return is_open_; }
  // What open() would say, and what the first rows would do to a file that is
  // there. Changes nothing.
  Status check(CheckFindings& findings) const {
    return claim_.check(options_.overwrite, findings);
  }
  const std::string& path() const noexcept { return claim_.path(); }
  // Where it lies; its name() is that of the path itself.
  const Folder& folder() const noexcept { return claim_.folder(); }
  const std::string& name() const noexcept { return claim_.name(); }
  // The name of a file that the first rows overwrite, if there is one; empty if
  // they do not.
  std::string_view doomed() const noexcept {
    return may_overwrite_ ? std::string_view(claim_.name())
                          : std::string_view();
  }

  // The size of what stays when rows are added: where they go.
  std::uint64_t content() const noexcept { return content_; }
  // True if someone has moved or deleted the front, or put something else in
  // its place. Then begin_anew() forgets it.
  bool has_moved() const noexcept;
  void begin_anew() noexcept;
  // Adds to the content, and behind it the end of the file, which the next call
  // overwrites. If this fails, nothing has changed.
  Status publish(std::string_view added, std::string_view end);

  // What others put in the place of the front, and where it is now; empty if
  // nobody did since the last call.
  std::string take_notice() { return std::exchange(notice_, {}); }

  // Gives the front a dated name, so that another begins at the path.
  Status put_aside();
  // Lets go of both; the back is removed.
  void close() noexcept;
  // The same, but touches nothing that others see.
  void abandon() noexcept;

 private:
  Status claim();
  Status keep_claim();
  Status ensure_back();
  void keep_mode();
  Status remove_back();
  Status fill_back(std::string_view added, std::string_view end);
  Status swap_names();
  Status take_name();
  Status put_front_aside(const std::string& name);
  Status bring_names_to_disk();
  void let_go() noexcept;

  const TwinFilesOptions options_;
  NameClaim claim_;
  std::string back_name_;
  bool is_open_ = false;
  DiskFile front_;  // once there is something in it
  DiskFile back_;
  std::uint64_t content_ = 0;
  std::uint64_t back_content_ = 0;
  bool names_are_on_disk_ = true;
  // Of what was closed.
  DiskFile::Identity closed_;
  std::uint64_t closed_size_ = 0;
  bool may_overwrite_;
  std::string notice_;
};

}  // namespace stogger
