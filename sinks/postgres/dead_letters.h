// DeadLetters: where rows go that the server refuses.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "os/folder.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class DeadLetters {
 public:
  // An empty path: rows are only described.
  explicit DeadLetters(std::string path, const FileModes& modes = {})
      : path_(std::move(path)), modes_(modes) {}

  // Appends a line to the file: the row as a JSON object, with the members
  // `sqlstate` and `reason` after its own. Of a reason, 1 KiB is kept; of a row
  // whose line is over 4 MiB, 64 KiB of each text, and `_truncated`. The file
  // is opened for each line, for that is rare, and it may be moved away at any
  // time. A line that cannot be written whole does not stay, or at least ends
  // where the next one begins.
  Status add(const RowBatch& rows, std::size_t row, std::string_view sqlstate,
             std::string_view reason);

  bool has_file() const noexcept { return !path_.empty(); }
  const std::string& path() const noexcept { return path_; }
  // The row added last, shortened for a message.
  std::string beginning() const;

 private:
  Status write_line();

  const std::string path_;  // absolute
  const FileModes modes_;
  Buffer line_;
  bool torn_ = false;  // the last write ended inside a line
};

}  // namespace stogger
