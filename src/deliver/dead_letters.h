// DeadLetters: where rows go that the target of a sink refuses.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "os/folder.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

struct DeadLetterFile {
  std::string path;  // absolute; empty if there is none
  FileModes modes{};
};

class DeadLetters {
 public:
  explicit DeadLetters(DeadLetterFile file = {}) : file_(std::move(file)) {}

  bool has_file() const noexcept { return !file_.path.empty(); }
  const std::string& path() const noexcept { return file_.path; }

  // Appends a line to the file: the row as a JSON object, with the member
  // `reason` after its own (`_reason` where the row has one of that name). Of a
  // reason, 1 KiB is kept; of a row whose line is over 4 MiB, 64 KiB of each
  // text, and `_truncated`. The file is opened for each line, for that is rare,
  // and it may be moved away at any time. A line that cannot be written whole
  // does not stay, or at least ends where the next one begins. May throw
  // std::bad_alloc.
  Status add(const RowBatch& rows, std::size_t row, std::string_view reason);

 private:
  Status write_line(std::string_view line);

  const DeadLetterFile file_;
  // The last write ended inside a line; for pipes, which cannot be read.
  bool torn_ = false;
};

// The beginning of the row as a JSON object, for messages.
std::string describe_row(const RowBatch& rows, std::size_t row);

}  // namespace stogger
