// DeadLetters: where rows go that the target of a sink refuses.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

class DeadLetters {
 public:
  // The path of the file, absolute; empty if there is none.
  explicit DeadLetters(std::string path = {}) : path_(std::move(path)) {}

  bool has_file() const noexcept { return !path_.empty(); }
  const std::string& path() const noexcept { return path_; }

  // Appends a line to the file: the row as a JSON object, with the member
  // `reason` after its own. Of a reason, 1 KiB is kept; of a row whose line is
  // over 4 MiB, 64 KiB of each text, and `_truncated`. The file is opened for
  // each line, for that is rare, and it may be moved away at any time. It is
  // made with mode 0640. A line that cannot be written whole does not stay, or
  // at least ends where the next one begins. May throw std::bad_alloc.
  Status add(const RowBatch& rows, std::size_t row, std::string_view reason);

 private:
  Status write_line(std::string_view line);

  const std::string path_;
  bool torn_ = false;  // the last write ended inside a line
};

// The beginning of the row as a JSON object, for messages.
std::string describe_row(const RowBatch& rows, std::size_t row);

}  // namespace stogger
