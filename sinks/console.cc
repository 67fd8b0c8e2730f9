// The sink `console`: lines on stderr or stdout. Those for people are coloured
// if that is a terminal (NO_COLOR turns it off, CLICOLOR_FORCE on). Rows that
// are no log events are written as JSON, whatever the format.
//
// Options: stream (stderr, stdout), format (text, json, logfmt), time (utc,
// local; of text). After write() an event is with the kernel. A stream that
// nobody reads costs at most 250 ms a call; the event is lost then.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "format/json_lines.h"
#include "os/file.h"
#include "sinks/builtin.h"
#include "sinks/common/line_form.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptMemory = 256 * 1024;

bool wants_colors(int stream) noexcept {
  if (std::getenv("NO_COLOR") != nullptr) return false;
  if (std::getenv("CLICOLOR_FORCE") != nullptr) return true;
  return ::isatty(stream) == 1;
}

class ConsoleSink final : public Sink {
 public:
  ConsoleSink(int stream, RowForm form) : stream_(stream), form_(form) {}

  Status open() override {
    if (!file_.is_open()) file_.borrow(stream_);
    colored_ = wants_colors(stream_);
    return {};
  }

  Status check(CheckFindings&) override {
    if (::fcntl(stream_, F_GETFD) >= 0) return {};
    return Status(Code::unavailable, std::string(target()) + " is closed");
  }

  Status write(const RowBatch& rows, WriteReport&) override {
    if (!file_.is_open()) {
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
    Status status = file_.write(lines, &written);
    if (written > 0) torn_ = lines[written - 1] != '\n';
    return status;
  }

  Status close() override { return file_.close(); }
  void abandon() noexcept override { file_.abandon(); }
  RowForm form() const noexcept override {
    if (!colored_) return form_;
    if (form_ == RowForm::text) return RowForm::colored_text;
    if (form_ == RowForm::local_text) return RowForm::colored_local_text;
    return form_;
  }
  std::string_view target() const noexcept override {
    return stream_ == STDOUT_FILENO ? "stdout" : "stderr";
  }

 private:
  const int stream_;
  const RowForm form_;  // without colours
  File file_;
  Buffer text_;
  bool colored_ = false;
  bool torn_ = false;  // the last write ended inside a line
};

}  // namespace

Status make_console_sink(Options& options, SinkPtr* sink) {
  const bool on_stdout =
      options.choice("stream", {"stderr", "stdout"}, "stderr") == "stdout";
  const RowForm form = read_line_form(options);
  Status status = options.finish();
  if (!status.ok()) return status;
  sink->reset(new ConsoleSink(on_stdout ? STDOUT_FILENO : STDERR_FILENO, form));
  return {};
}

}  // namespace stogger
