#include "module/guest/entry.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/module_text.h"
#include "base/options.h"

namespace stogger {
namespace {

// Calls what may be anyone's code: no exception leaves the module.
template <class Call>
stogger_code answered(stogger_message* message, Call call) noexcept {
  const Status status = guarded(call);
  return module_answer(status.code(), status.message(), message);
}

Kind kind_of(std::uint32_t kind) noexcept {
  return kind < static_cast<std::uint32_t>(Kind::custom)
             ? static_cast<Kind>(kind)
             : Kind::custom;
}

// Of a column it says only what may be expected.
Kind column_kind(std::uint32_t kind) noexcept {
  const Kind known = kind_of(kind);
  return known == Kind::custom ? Kind::null : known;
}

// False for a kind that this module does not know.
bool convert(const stogger_value& value, Value* out) noexcept {
  switch (kind_of(value.kind)) {
    case Kind::null:
      *out = Value();
      return true;
    case Kind::boolean:
      *out = Value(value.as.integer != 0);
      return true;
    case Kind::integer:
      *out = Value(value.as.integer);
      return true;
    case Kind::unsigned_integer:
      *out = Value(static_cast<std::uint64_t>(value.as.integer));
      return true;
    case Kind::real:
      *out = Value(value.as.real);
      return true;
    case Kind::text:
      *out = Value(text_of_host(value.as.text, value.size));
      return true;
    case Kind::time:
      *out = Value(Time{value.as.integer});
      return true;
    case Kind::json:
      *out = Value(Json{text_of_host(value.as.text, value.size)});
      return true;
    case Kind::custom:
      break;
  }
  return false;
}

// Hands what a sink says of rows over to the host, which knows those that were
// left out as well.
class RowsForHost final : public WriteReport {
 public:
  explicit RowsForHost(const stogger_write_report& host) : host_(host) {}

  // A row that the sink is not handed. Those come in ascending order.
  void leave_out(std::size_t row, std::string_view reason) {
    left_out_.push_back(row);
    host_.refuse(host_.context, row, as_module_text(reason));
  }
  void expect(std::size_t rows) noexcept { rows_ = rows; }

  void refuse(std::size_t row, std::string_view reason) override {
    host_.refuse(host_.context, of_host(row), as_module_text(reason));
  }
  void in_doubt(std::size_t row) override {
    host_.in_doubt(host_.context, of_host(row));
  }
  void notice(std::string_view what) override {
    host_.notice(host_.context, as_module_text(what));
  }
  std::int64_t waited_ns() const noexcept override {
    const bool is_known =
        host_.size >= offsetof(stogger_write_report, waited_ns) +
                          sizeof host_.waited_ns &&
        host_.waited_ns != nullptr;
    return is_known ? host_.waited_ns(host_.context) : 0;
  }

 private:
  // The host takes no row of that number where the sink gives a wrong one.
  std::size_t of_host(std::size_t row) const noexcept {
    if (row >= rows_) return SIZE_MAX;
    for (const std::size_t other : left_out_) {
      if (other <= row) ++row;
    }
    return row;
  }

  const stogger_write_report& host_;
  std::size_t rows_ = SIZE_MAX;
  std::vector<std::size_t> left_out_;
};

// False for a row with a value of a kind that this module does not know.
bool convert_row(const stogger_rows& rows, std::size_t row,
                 Value* out) noexcept {
  const stogger_value* values = rows.values + row * rows.column_count;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    if (!convert(values[i], &out[i])) return false;
  }
  return true;
}

// A sink, and the memory that what crosses is converted in.
class Instance {
 public:
  explicit Instance(SinkPtr sink) : sink_(std::move(sink)) {}

  Sink& sink() noexcept { return *sink_; }

  Status write(const stogger_rows& rows, const stogger_write_report& host) {
    std::size_t count = 0;
    if (__builtin_mul_overflow(rows.row_count, rows.column_count, &count) ||
        (rows.column_count != 0 && rows.columns == nullptr) ||
        (count != 0 && rows.values == nullptr)) {
      return Status(Code::internal, "the program gives rows that cannot be");
    }
    columns_.resize(rows.column_count);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i] = {text_of_host(rows.columns[i].name),
                     column_kind(rows.columns[i].kind)};
    }
    values_.resize(count);
    RowsForHost report(host);
    RowBatch batch;
    const bool has_origin =
        rows.origin != nullptr && rows.origin->positions != nullptr;
    positions_.clear();
    if (count == 0) batch.row_count = rows.row_count;
    for (std::size_t row = 0; count != 0 && row < rows.row_count; ++row) {
      const std::size_t place = batch.row_count * rows.column_count;
      if (convert_row(rows, row, values_.data() + place)) {
        ++batch.row_count;
        if (has_origin) positions_.push_back(rows.origin->positions[row]);
      } else {
        report.leave_out(row,
                         "a value is of a kind that the module does not know; "
                         "install the module in the version of stogger");
      }
    }
    if (batch.row_count == 0 && rows.row_count != 0) return {};
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    batch.values = values_.data();
    batch.now = Time{rows.now_ns};
    RowOrigin origin;
    if (has_origin) {
      std::memcpy(origin.queue, rows.origin->queue, sizeof origin.queue);
      origin.positions = positions_.data();
      batch.origin = &origin;
    }
    report.expect(batch.row_count);
    return sink_->write(batch, report);
  }

  Status tick(Time now, const stogger_write_report& host) {
    RowsForHost report(host);
    return sink_->tick(now, report);
  }

  std::size_t wanted(const stogger_column** columns) {
    const RowBatch batch = sink_->columns();
    wanted_.clear();
    for (std::size_t i = 0; i < batch.column_count; ++i) {
      const Column& column = batch.columns[i];
      wanted_.push_back({as_module_text(column.name),
                         static_cast<std::uint32_t>(column.kind)});
    }
    *columns = wanted_.data();
    return wanted_.size();
  }

 private:
  SinkPtr sink_;
  std::vector<Column> columns_;
  std::vector<Value> values_;
  std::vector<std::uint64_t> positions_;
  std::vector<stogger_column> wanted_;
};

Instance& instance(void* sink) noexcept {
  return *static_cast<Instance*>(sink);
}

stogger_code open(void* sink, stogger_message* message) noexcept {
  return answered(message, [&] { return instance(sink).sink().open(); });
}

// Hands what a sink finds over to the host.
class ToHost final : public CheckFindings {
 public:
  explicit ToHost(const stogger_findings& host) : host_(host) {}
  void would_change(std::string_view what) override {
    host_.would_change(host_.context, as_module_text(what));
  }
  void warn(std::string_view what) override {
    host_.warn(host_.context, as_module_text(what));
  }
  void not_checked() override { host_.not_checked(host_.context); }

 private:
  const stogger_findings& host_;
};

stogger_code check(void* sink, const stogger_findings* findings,
                   stogger_message* message) noexcept {
  return answered(message, [&] {
    ToHost to_host(*findings);
    return instance(sink).sink().check(to_host);
  });
}

// For a call of `call`, which is handed the report.
template <class Call>
stogger_code answered_with(const stogger_write_report* report,
                           stogger_message* message, Call call) noexcept {
  return answered(message, [&] {
    if (report == nullptr || report->size < STOGGER_WRITE_REPORT_FIRST_SIZE) {
      return Status(Code::internal, "the program gives no report to write to");
    }
    return call(*report);
  });
}

stogger_code write(void* sink, const stogger_rows* rows,
                   const stogger_write_report* report,
                   stogger_message* message) noexcept {
  return answered_with(report, message, [&](const stogger_write_report& host) {
    return instance(sink).write(*rows, host);
  });
}

stogger_code flush(void* sink, stogger_message* message) noexcept {
  return answered(message, [&] { return instance(sink).sink().flush(); });
}

stogger_code close(void* sink, stogger_message* message) noexcept {
  return answered(message, [&] { return instance(sink).sink().close(); });
}

void abandon(void* sink) noexcept { instance(sink).sink().abandon(); }

int recovered(void* sink) noexcept {
  return instance(sink).sink().recovered() ? 1 : 0;
}

std::uint32_t form(void* sink) noexcept {
  return static_cast<std::uint32_t>(instance(sink).sink().form());
}

// None, if there is no memory for them.
std::size_t columns(void* sink, const stogger_column** columns) noexcept {
  try {
    return instance(sink).wanted(columns);
  } catch (...) {
    return 0;
  }
}

int tally(void* sink, stogger_tally* out) noexcept {
  Tally tally;
  if (!instance(sink).sink().tally(&tally)) return 0;
  *out = {tally.written, tally.buffered};
  return 1;
}

stogger_text target(void* sink) noexcept {
  return as_module_text(instance(sink).sink().target());
}

void destroy(void* sink) noexcept { delete static_cast<Instance*>(sink); }

stogger_code tick(void* sink, std::int64_t now_ns,
                  const stogger_write_report* report,
                  stogger_message* message) noexcept {
  return answered_with(report, message, [&](const stogger_write_report& host) {
    return instance(sink).tick(Time{now_ns}, host);
  });
}

std::int64_t deadline_ns(void* sink) noexcept {
  return instance(sink).sink().deadline_ns();
}

constexpr stogger_sink_methods kMethods = {
    sizeof(stogger_sink_methods),
    &open,
    &check,
    &write,
    &flush,
    &close,
    &abandon,
    &recovered,
    &form,
    &columns,
    &tally,
    &target,
    &destroy,
    &tick,
    &deadline_ns,
};

}  // namespace

const stogger_sink_methods* module_sink_methods() noexcept { return &kMethods; }

stogger_code make_module_sink(SinkFactory factory,
                              const stogger_options* options, void** sink,
                              stogger_message* message) noexcept {
  return answered(message, [&] {
    if (options == nullptr || options->size < STOGGER_OPTIONS_FIRST_SIZE) {
      return Status(Code::unavailable,
                    "the program's stogger is older than the module; install "
                    "both in the same version");
    }
    Options read(text_of_host(options->type), {});
    OptionsAccess::attach(read, options);
    SinkPtr made;
    if (Status status = factory(read, &made); !status.ok()) return status;
    if (!made) return Status(Code::internal, "its factory made no sink");
    *sink = std::make_unique<Instance>(std::move(made)).release();
    return Status();
  });
}

}  // namespace stogger
