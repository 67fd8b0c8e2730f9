// The sink `console`: lines of text on stderr, coloured if it is a terminal
// (NO_COLOR turns that off, CLICOLOR_FORCE on). Rows that are no log events are
// written as JSON.
//
// Option: time (utc, local), of the lines for people. After write() an event is
// with the kernel. A stderr that nobody reads costs at most 250 ms a call; the
// event is lost then.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/buffer.h"
#include "format/json_lines.h"
#include "os/file.h"
#include "sinks/builtin.h"
#include "sinks/common/text_time.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 256 * 1024;

bool wants_colors() noexcept {
  if (std::getenv("NO_COLOR") != nullptr) return false;
  if (std::getenv("CLICOLOR_FORCE") != nullptr) return true;
  return ::isatty(STDERR_FILENO) == 1;
}

class ConsoleSink final : public Sink {
 public:
  explicit ConsoleSink(bool local) : local_(local) {}

  Status open() override {
    if (!stderr_.is_open()) stderr_.borrow(STDERR_FILENO);
    colored_ = wants_colors();
    return {};
  }

  Status check(CheckFindings&) override {
    if (::fcntl(STDERR_FILENO, F_GETFD) >= 0) return {};
    return Status(Code::unavailable, "stderr is closed");
  }

  Status write(const RowBatch& rows, WriteReport&) override {
    if (!stderr_.is_open()) {
      return Status(Code::unavailable, "not open: open() was not called");
    }
    if (rows.row_count == 0) return {};
    std::string_view lines;
    if (rows.row_count == 1 && !torn_) lines = finished_line(rows, 0);
    if (lines.empty() || lines.back() != '\n') {
      text_.recycle(kKeptMemory);
      if (torn_) text_.push_back('\n');
      for (std::size_t i = 0; i < rows.row_count; ++i) {
        append_line(text_, rows, i);
      }
      lines = text_.view();
    }
    std::size_t written = 0;
    Status status = stderr_.write(lines, &written);
    if (written > 0) torn_ = lines[written - 1] != '\n';
    return status;
  }

  Status close() override { return stderr_.close(); }
  void abandon() noexcept override { stderr_.abandon(); }
  RowForm form() const noexcept override {
    if (local_) {
      return colored_ ? RowForm::colored_local_text : RowForm::local_text;
    }
    return colored_ ? RowForm::colored_text : RowForm::text;
  }
  std::string_view target() const noexcept override { return "stderr"; }

 private:
  const bool local_;
  File stderr_;
  Buffer text_;
  bool colored_ = false;
  bool torn_ = false;  // the last write ended inside a line
};

}  // namespace

Status make_console_sink(Options& options, SinkPtr* sink) {
  const bool local = read_local_time(options);
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new ConsoleSink(local));
  return {};
}

}  // namespace stogger
