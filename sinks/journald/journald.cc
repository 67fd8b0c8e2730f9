// journald: the systemd journal, over the native protocol of its socket.
//
// Options: identifier (the service), facility (none), socket
// (/run/systemd/journal/socket).
//
// When write() has returned, the entry is in the queue of journald's socket: it
// survives this process, but not journald itself. A journald that takes nothing
// costs a call 250 ms at most.
//
// An event becomes an entry as entry.h makes it; of other rows, such as
// samples, every column is a field.
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "os/program_name.h"
#include "row/event_columns.h"
#include "sinks/builtin.h"
#include "sinks/journald/encode.h"
#include "sinks/journald/entry.h"
#include "sinks/journald/journal_socket.h"

namespace stogger {
namespace {

constexpr std::string_view kDefaultSocket = "/run/systemd/journal/socket";
constexpr std::size_t kMostKept = std::size_t{64} * 1024;

class JournaldSink final : public Sink {
 public:
  // A negative facility is none.
  JournaldSink(std::string_view identifier, int facility,
               std::string_view socket)
      : socket_(socket) {
    append_journal_field(fixed_fields_, "SYSLOG_IDENTIFIER", identifier);
    if (facility >= 0) {
      append_journal_field(fixed_fields_, "SYSLOG_FACILITY",
                           std::to_string(facility));
    }
  }

  Status open() override { return socket_.open(); }
  // Connecting a datagram socket sends nothing.
  Status check(CheckFindings&) override {
    return JournalSocket(socket_.path()).open();
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    const bool events = are_events(rows);
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      Status status = write_row(rows, row, events);
      if (status.code() == Code::rejected) {
        report.refuse(row, status.message());
      } else if (!status.ok()) {
        return status;
      } else {
        ++written_;
      }
    }
    return {};
  }

  Status close() override {
    socket_.close();
    return {};
  }

  void abandon() noexcept override { socket_.close(); }

  RowForm form() const noexcept override { return RowForm::event; }

  bool tally(Tally* tally) const noexcept override {
    tally->written = written_;
    return true;
  }

  std::string_view target() const noexcept override { return socket_.path(); }

 private:
  // Code::rejected if this row is at fault.
  Status write_row(const RowBatch& rows, std::size_t row, bool is_event) {
    try {
      entry_.append(fixed_fields_.view());
      if (is_event) {
        append_journal_row(entry_, make_journal_entry(rows, row, scratch_), 0);
      } else {
        append_journal_row(entry_, rows, row);
      }
      Status status = socket_.send(entry_.view());
      entry_.recycle(kMostKept);
      scratch_.recycle(kMostKept);
      return status;
    } catch (const std::bad_alloc&) {
      entry_.recycle(0);
      scratch_.recycle(0);
      return Status(Code::rejected, "no memory for the entry");
    }
  }

  JournalSocket socket_;
  Buffer fixed_fields_;  // that every entry begins with
  EntryScratch scratch_;
  Buffer entry_;
  std::uint64_t written_ = 0;
};

// Of syslog(3): the place in the list is the number.
const std::vector<std::string>& facility_names() {
  static const std::vector<std::string> kNames = {
      "kern",   "user",   "mail",   "daemon", "auth",     "syslog",
      "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
      "12",     "13",     "14",     "15",     "local0",   "local1",
      "local2", "local3", "local4", "local5", "local6",   "local7"};
  return kNames;
}

// The number of a facility given by name or number; -1 without one.
int read_facility(Options& options) {
  const std::string_view text = options.text("facility");
  if (!options.has("facility") || options.has_problem("facility")) return -1;
  int number = -1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::vector<std::string>& names = facility_names();
  const auto most = static_cast<int>(names.size()) - 1;
  if (error == std::errc() && rest == end && number >= 0 && number <= most) {
    return number;
  }
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  options.problem(
      "facility",
      "must be a name such as \"daemon\" or \"local0\", or a number "
      "from \"0\" to \"23\", not " +
          quoted(text) + did_you_mean(text, names));
  return -1;
}

}  // namespace

Status make_journald_sink(Options& options, SinkPtr* sink) {
  const std::string_view service =
      options.identifier().empty() ? program_name() : options.identifier();
  const std::string_view identifier = options.text("identifier", service);
  const int facility = read_facility(options);
  const std::string_view socket = options.text("socket", kDefaultSocket);
  if (identifier.empty()) options.problem("identifier", "must not be empty");
  if (!is_clean_text(identifier))
    options.problem("identifier", "must be UTF-8");
  constexpr std::size_t kLongestPath = sizeof sockaddr_un::sun_path - 1;
  if (socket.empty()) options.problem("socket", "must not be empty");
  if (socket.size() > kLongestPath) {
    options.problem("socket", "must be a path of at most " +
                                  std::to_string(kLongestPath) + " bytes");
  }
  if (Status status = options.finish(); !status.ok()) return status;
  sink->reset(new JournaldSink(identifier, facility, socket));
  return {};
}

}  // namespace stogger
