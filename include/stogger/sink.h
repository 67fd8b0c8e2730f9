// Sink: the interface of everything that rows can be written to, and how to
// make a sink of your own available to configuration files.
//
//   class CountSink final : public stogger::Sink {
//    public:
//     stogger::Status write(const stogger::RowBatch& rows,
//                           stogger::WriteReport&) override {
//       count_ += rows.row_count;
//       return {};
//     }
//    private:
//     std::size_t count_ = 0;
//   };
//   stogger::register_sink("count", [](stogger::Options&, stogger::SinkPtr*
//   out) {
//     out->reset(new CountSink);
//     return stogger::Status();
//   });
//
// and in the TOML file: [stogger.sinks.mine] type = "count".
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "stogger/clock.h"
#include "stogger/export.h"
#include "stogger/row.h"
#include "stogger/status.h"

namespace stogger {

// The rows a sink wants log events to become. Where a form has a key for itself
// that a field has too, "_" is appended to that of the field until no other
// field has it.
enum class RowForm : unsigned char {
  // One column `line`: a finished line of text, its line end included.
  text,          // for people
  colored_text,  // the same, with colours for a terminal
  json,          // one JSON object
  logfmt,        // key=value
  // The columns timestamp, level, event, func, scope, data, the last of which
  // is a JSON object of all other fields. A sink with columns of its own (see
  // Sink::columns) gets those instead.
  table,
  // timestamp, level, event, func, scope, logger, message, then a column for
  // each field. The columns differ from row to row.
  fields,
  // The same, but code_file and code_line follow message: where the call
  // stands. Fields keep their keys, also those that such a column has.
  event,
  // text and colored_text with the time of the time zone of the process.
  local_text,
  colored_local_text,
  // json with the names of Sink::columns() in place of timestamp, level, event,
  // func, scope, logger and message, in this order. These seven are then what
  // the form has for itself.
  renamed_json,
};

// What became of the rows a sink was handed, over its whole life.
struct Tally {
  std::uint64_t written = 0;   // with the target
  std::uint64_t buffered = 0;  // held back now; will be written later
};

// Takes what Sink::check() finds out besides its Status. Texts are sentences
// without a full stop, and are copied.
class STOGGER_API CheckFindings {
 public:
  // What open() would change: "would create /var/log/a.log".
  virtual void would_change(std::string_view what) = 0;
  // What works but is unwise: "the role is a superuser; ...".
  virtual void warn(std::string_view what) = 0;
  // That this kind of sink cannot tell without being opened.
  virtual void not_checked() {}

 protected:
  ~CheckFindings() = default;
};

// Takes what a sink says of a batch besides its Status. Rows are counted from
// 0, in tick() from the oldest one that is held back; a row gets one verdict at
// most. Texts are sentences without a full stop, and are copied. To be used
// only until the call that it was handed to returns.
class STOGGER_API WriteReport {
 public:
  // The target does not take this row, and never will. The row goes to the dead
  // letters of the sink, or is counted as dropped, and the reason is reported.
  // A row that was held back is always dropped.
  virtual void refuse(std::size_t row, std::string_view reason) = 0;
  // The row was sent, and the answer never came. Of rows with an origin (see
  // RowBatch), it is as if nothing had been said: they are handed over again
  // if the write failed.
  virtual void in_doubt(std::size_t row) = 0;
  // Something that does not concern whether rows are stored. It is reported;
  // the sink says it once.
  virtual void notice(std::string_view what) = 0;

  // How long the call has waited for other threads that used the sink, in
  // nanoseconds: that much of deadline_ns() is gone. 0 for short waits.
  virtual std::int64_t waited_ns() const noexcept { return 0; }

 protected:
  ~WriteReport() = default;
};

// The calls to one sink never overlap, though they come from different threads.
// open() precedes the first write(), and comes again after close(), after
// abandon(), and after a failure of open(), write() or tick(). No method
// may throw (what escapes counts as a failure), and none may log: an event
// logged from inside a sink is dropped and counted.
class STOGGER_API Sink {
 public:
  Sink() = default;
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Writes the rows, in order. The Status speaks of the target alone. Ok means
  // that every row without a verdict in `report` is with the target, or in the
  // sink's buffer until flush(). Any other Status, whatever its code, means
  // that the target is at fault: rows without a verdict are lost, except as
  // tally() says; the sink is closed, and until a growing delay has passed,
  // rows are dropped without a call.
  virtual Status write(const RowBatch& rows, WriteReport& report) = 0;

  // Gets hold of the target. Called again and again until it works.
  virtual Status open() { return {}; }
  // Whether open() would work, what it would change and what is unwise. Changes
  // nothing itself, whatever it finds: no file, no mode, no table, no row. Not
  // called between open() and close().
  virtual Status check(CheckFindings& findings) {
    findings.not_checked();
    return {};
  }
  // Hands what is buffered to the target. A failure is reported, and the sink
  // stays open: the next write() shows whether the target works.
  virtual Status flush() { return {}; }
  // Called within about a second after the sink began to hold rows back, as its
  // tally() says, and again as long as it does: hands over what is due. `now`
  // is the time of the system's clock. Between open() and close() only. The
  // Status is that of write().
  virtual Status tick(Time now, WriteReport& report) {
    static_cast<void>(now);
    static_cast<void>(report);
    return {};
  }
  // Flushes and lets go of the target. May come twice, and without open().
  virtual Status close() { return {}; }

  // In a child after fork(): forgets the buffer and the target without
  // touching what is shared with the parent. open() follows before the next
  // write().
  virtual void abandon() noexcept {}

  // The longest time that write() takes for one row, in nanoseconds. While
  // others use the sink, a thread waits for three quarters of it at most: then
  // its row is dropped. The wait counts towards it, if write() takes no longer
  // than what WriteReport::waited_ns() leaves. Asked once.
  virtual std::int64_t deadline_ns() const noexcept { return 1000000000; }

  // For a sink that gets hold of its target again in the background: true as
  // soon as open() will succeed. Rows are then handed to it before the delay
  // that follows a failure has passed. Asked for every row meanwhile, so it has
  // to be quick.
  virtual bool recovered() const noexcept { return false; }

  // Asked after each open().
  virtual RowForm form() const noexcept { return RowForm::table; }
  // For RowForm::table: the columns wanted in place of the six. A field of an
  // event goes to the column that bears its name, the rest to `data` if that is
  // one of them. For RowForm::renamed_json: its names; kinds do not matter.
  // Valid until the next open().
  virtual RowBatch columns() const noexcept { return {}; }

  // A sink that buffers, or may write part of a batch only, counts its rows
  // itself: it fills in *tally and returns true. Rows that are in none of its
  // counts, and without a verdict, were dropped.
  virtual bool tally(Tally* tally) const noexcept {
    static_cast<void>(tally);
    return false;
  }

  // What it writes to, for messages: a path, host:port/database. No secrets.
  virtual std::string_view target() const noexcept { return {}; }
};

// The owner of a sink.
class STOGGER_API SinkPtr {
 public:
  SinkPtr() noexcept = default;
  explicit SinkPtr(Sink* sink) noexcept : sink_(sink) {}
  SinkPtr(SinkPtr&& other) noexcept : sink_(other.release()) {}
  SinkPtr& operator=(SinkPtr&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~SinkPtr() { delete sink_; }

  void reset(Sink* sink = nullptr) noexcept {
    Sink* old = sink_;
    sink_ = sink;
    delete old;
  }
  Sink* release() noexcept {
    Sink* sink = sink_;
    sink_ = nullptr;
    return sink;
  }
  Sink* get() const noexcept { return sink_; }
  Sink* operator->() const noexcept { return sink_; }
  Sink& operator*() const noexcept { return *sink_; }
  explicit operator bool() const noexcept { return sink_ != nullptr; }

 private:
  Sink* sink_ = nullptr;
};

// The options a sink is made with: the keys of its TOML table, or the fields
// given in code. A factory asks for every option it knows, with the default;
// what it did not ask for is reported by finish() as unknown, and so is every
// value of a wrong type or out of range. Text that is returned lives as long as
// the factory's call: keep a copy.
class STOGGER_API Options {
 public:
  // The views in `options` must outlive this object. A list of texts is given
  // as a JSON array, a table of texts as a JSON object. `type` names the kind
  // of sink in messages.
  Options(std::string_view type, Fields options);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  bool has(std::string_view key);
  std::string_view text(std::string_view key, std::string_view fallback = {});
  // A text that has to be given.
  std::string_view required(std::string_view key);
  bool boolean(std::string_view key, bool fallback);
  std::int64_t integer(std::string_view key, std::int64_t fallback,
                       std::int64_t least, std::int64_t most);
  double real(std::string_view key, double fallback, double least, double most);
  // One of the names. Returns it, or `fallback` if the key is absent or its
  // value is none of them.
  std::string_view choice(std::string_view key,
                          std::initializer_list<std::string_view> names,
                          std::string_view fallback);
  // The texts of a list, by index; `count` is 0 if the key is absent.
  std::size_t list_size(std::string_view key);
  std::string_view list_item(std::string_view key, std::size_t index);
  // The members of a table of texts, by index, in the order in which they were
  // given. False behind the last one, and at once if the key is absent.
  bool table_item(std::string_view key, std::size_t index,
                  std::string_view* name, std::string_view* text);

  // Reports a problem the factory itself finds with an option.
  void problem(std::string_view key, std::string_view what);
  // Whether a problem of that option has been found so far.
  bool has_problem(std::string_view key) const noexcept;
  // Reports what works but is unwise: `stogger check` and init() print it as a
  // warning, and finish() stays ok.
  void warning(std::string_view key, std::string_view what);

  // The name of the service, for sinks whose target keeps it.
  std::string_view identifier() const noexcept;
  // The name the sink has in the configuration.
  std::string_view sink_name() const noexcept;
  // The clock of the system the sink is made for; outlives the sink.
  Clock* clock() const noexcept;
  // True if the sink is to be handed samples (see sample.h): batches of any
  // columns, instead of those that form() and columns() ask for.
  bool for_samples() const noexcept;

  // Ok if every option was right. Otherwise its message is the first problem.
  Status finish();

 private:
  friend class OptionsAccess;
  struct Rep;
  Rep* rep_;
};

// Makes a sink. Reads every option, then returns options.finish() if that is
// not ok, without having touched the target: open() does that.
using SinkFactory = Status (*)(Options& options, SinkPtr* sink);

// Makes `type` usable in configuration files, from now on and process-wide.
// Fails if the name is taken. Callable from any thread.
STOGGER_API Status register_sink(std::string_view type,
                                 SinkFactory factory) noexcept;

// Makes a sink of a registered type, not yet open.
STOGGER_API Status make_sink(std::string_view type, Fields options,
                             SinkPtr* sink) noexcept;

// Calls `visit` with each row that a sink of type memory keeps, oldest first;
// the views live until it returns. Works on copies, so that writing goes on.
// Code::invalid for any other sink. From any thread.
using RowVisitor = void (*)(Fields row, void* argument);
STOGGER_API Status visit_rows(const Sink& memory, RowVisitor visit,
                              void* argument) noexcept;
// How many rows of such a sink made room for newer ones; 0 for any other.
STOGGER_API std::uint64_t dropped_rows(const Sink& memory) noexcept;
// visit_rows() for the sink of that name of the default system; see System for
// others.
STOGGER_API Status visit_rows(std::string_view name, RowVisitor visit,
                              void* argument) noexcept;

}  // namespace stogger
