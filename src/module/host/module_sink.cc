#include "module/host/module_sink.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "base/module_text.h"
#include "base/options.h"
#include "module/host/host_options.h"

namespace stogger {
namespace {

// PostgreSQL has no table with more.
constexpr std::size_t kMostColumns = 1600;

// Calls a function of a module that tells what went wrong.
template <class Call>
Status ask(Call call) noexcept {
  return guarded([&] { return module_status(call); });
}

stogger_value convert(const Value& value) noexcept {
  stogger_value out{};
  out.kind = static_cast<std::uint32_t>(value.kind());
  switch (value.kind()) {
    case Kind::boolean:
      out.as.integer = value.boolean() ? 1 : 0;
      break;
    case Kind::integer:
      out.as.integer = value.integer();
      break;
    case Kind::unsigned_integer:
      out.as.integer = static_cast<std::int64_t>(value.unsigned_integer());
      break;
    case Kind::real:
      out.as.real = value.real();
      break;
    case Kind::time:
      out.as.integer = value.time().ns;
      break;
    case Kind::text:
    case Kind::json:
      out.as.text = value.text().data();
      out.size = value.text().size();
      break;
    case Kind::null:
    case Kind::custom:
      out.kind = static_cast<std::uint32_t>(Kind::null);
      break;
  }
  return out;
}

Kind kind_of(std::uint32_t kind) noexcept {
  return kind < static_cast<std::uint32_t>(Kind::custom)
             ? static_cast<Kind>(kind)
             : Kind::null;
}

// A batch in the form that crosses to the module. Its memory is used again.
class RowConverter {
 public:
  // Valid until the next call.
  const stogger_rows* convert(const RowBatch& rows) {
    columns_.resize(rows.column_count);
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      const Column& column = rows.columns[i];
      columns_[i] = {{column.name.data(), column.name.size()},
                     static_cast<std::uint32_t>(column.kind)};
    }
    values_.resize(rows.row_count * rows.column_count);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = stogger::convert(rows.values[i]);
    }
    rows_ = {columns_.data(), columns_.size(), values_.data(),
             rows.row_count,  rows.now.ns,     convert(rows.origin)};
    return &rows_;
  }

 private:
  std::vector<stogger_column> columns_;
  const stogger_origin* convert(const RowOrigin* origin) {
    if (origin == nullptr) return nullptr;
    static_assert(sizeof origin_.queue == sizeof origin->queue);
    std::memcpy(origin_.queue, origin->queue, sizeof origin_.queue);
    origin_.positions = origin->positions;
    return &origin_;
  }

  std::vector<stogger_value> values_;
  stogger_origin origin_{};
  stogger_rows rows_{};
};

// What a module calls to hand its findings over. No exception goes back to it.
template <void (CheckFindings::*add)(std::string_view)>
void add_finding(void* context, stogger_text what) noexcept {
  static_cast<void>(guarded([&] {
    const std::string_view text = text_of_module(what);
    if (!text.empty()) (static_cast<CheckFindings*>(context)->*add)(text);
    return Status();
  }));
}

stogger_findings findings_table(CheckFindings& findings) noexcept {
  return {&findings, &add_finding<&CheckFindings::would_change>,
          &add_finding<&CheckFindings::warn>, [](void* context) {
            static_cast<void>(guarded([&] {
              static_cast<CheckFindings*>(context)->not_checked();
              return Status();
            }));
          }};
}

// What a module calls to say something of rows. No exception goes back to it.
class ReportForModule {
 public:
  ReportForModule(WriteReport& report, std::size_t rows) noexcept
      : report_(report), rows_(rows) {}

  const stogger_write_report* table() const noexcept { return &table_; }

 private:
  template <class Call>
  static void say(void* context, Call call) noexcept {
    static_cast<void>(guarded([&] {
      call(*static_cast<ReportForModule*>(context));
      return Status();
    }));
  }

  bool is_known(std::size_t row) {
    if (row < rows_) return true;
    report_.notice("its module speaks of a row that it was not given");
    return false;
  }

  static void refuse(void* context, std::size_t row,
                     stogger_text reason) noexcept {
    say(context, [&](ReportForModule& self) {
      if (self.is_known(row)) {
        self.report_.refuse(row, text_of_module(reason));
      }
    });
  }
  static void in_doubt(void* context, std::size_t row) noexcept {
    say(context, [&](ReportForModule& self) {
      if (self.is_known(row)) self.report_.in_doubt(row);
    });
  }
  static void notice(void* context, stogger_text what) noexcept {
    say(context, [&](ReportForModule& self) {
      const std::string_view text = text_of_module(what);
      if (!text.empty()) self.report_.notice(text);
    });
  }

  static std::int64_t waited_ns(void* context) noexcept {
    return static_cast<ReportForModule*>(context)->report_.waited_ns();
  }

  WriteReport& report_;
  const std::size_t rows_;  // that may be spoken of
  stogger_write_report table_ = {sizeof(stogger_write_report),
                                 this,
                                 &refuse,
                                 &in_doubt,
                                 &notice,
                                 &waited_ns};
};

class ModuleSink final : public Sink {
 public:
  ModuleSink(const stogger_sink_methods* methods, void* sink, bool for_samples)
      : methods_(methods), sink_(sink), for_samples_(for_samples) {}
  ~ModuleSink() override { methods_->destroy(sink_); }

  Status open() override {
    return guarded([&] {
      Status status = call(methods_->open);
      return status.ok() ? read_columns() : status;
    });
  }

  Status check(CheckFindings& findings) override {
    const stogger_findings table = findings_table(findings);
    return ask([&](stogger_message* message) {
      return methods_->check(sink_, &table, message);
    });
  }

  Status write(const RowBatch& rows, WriteReport& report) override {
    return guarded([&] {
      const stogger_rows* const converted = converter_.convert(rows);
      ReportForModule to_report(report, rows.row_count);
      Status status = ask([&](stogger_message* message) {
        return methods_->write(sink_, converted, to_report.table(), message);
      });
      // The first batch of samples makes them, and a later one may add some. It
      // is stored, whatever comes of this.
      if (status.ok() && for_samples_ && has_other_columns()) {
        static_cast<void>(guarded([&] { return read_columns(); }));
      }
      return status;
    });
  }

  Status flush() override { return call(methods_->flush); }
  Status tick(Time now, WriteReport& report) override {
    if (!has_tick()) return {};
    // It alone knows how many rows it holds back.
    ReportForModule to_report(report, SIZE_MAX);
    return ask([&](stogger_message* message) {
      return methods_->tick(sink_, now.ns, to_report.table(), message);
    });
  }
  std::int64_t deadline_ns() const noexcept override {
    return has_deadline() ? methods_->deadline_ns(sink_) : Sink::deadline_ns();
  }
  Status close() override { return call(methods_->close); }
  void abandon() noexcept override { methods_->abandon(sink_); }

  bool recovered() const noexcept override {
    return methods_->recovered(sink_) != 0;
  }

  RowForm form() const noexcept override {
    const std::uint32_t form = methods_->form(sink_);
    return form > static_cast<std::uint32_t>(RowForm::renamed_json)
               ? RowForm::table
               : static_cast<RowForm>(form);
  }

  RowBatch columns() const noexcept override {
    RowBatch wanted;
    wanted.columns = columns_.data();
    wanted.column_count = columns_.size();
    return wanted;
  }

  bool tally(Tally* tally) const noexcept override {
    stogger_tally counts{};
    if (methods_->tally(sink_, &counts) == 0) return false;
    *tally = {counts.written, counts.buffered};
    return true;
  }

  std::string_view target() const noexcept override {
    return text_of_module(methods_->target(sink_));
  }

  // Asked at once, after each open(), and after batches of samples until there
  // are any: the module may change them with every call, while they stay the
  // same for whoever asks this sink.
  Status read_columns() {
    const stogger_column* wanted = nullptr;
    const std::size_t count = methods_->columns(sink_, &wanted);
    columns_.clear();
    names_.clear();
    if (count > kMostColumns || (count != 0 && wanted == nullptr)) {
      return Status(Code::internal, "its module asks for " +
                                        std::to_string(count) +
                                        " columns, which it cannot have");
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view name = text_of_module(wanted[i].name);
      if (name.empty()) {
        columns_.clear();
        return Status(Code::internal,
                      "its module asks for a column without a "
                      "name");
      }
      names_.emplace_back(name);
      columns_.push_back({names_.back(), kind_of(wanted[i].kind)});
    }
    return {};
  }

 private:
  bool has_other_columns() const {
    const stogger_column* wanted = nullptr;
    return methods_->columns(sink_, &wanted) != columns_.size();
  }

  using Method = stogger_code (*)(void* sink, stogger_message* message);

  // Its module may be older than these methods.
  bool has_tick() const noexcept {
    return methods_->size >=
               offsetof(stogger_sink_methods, tick) + sizeof methods_->tick &&
           methods_->tick != nullptr;
  }
  bool has_deadline() const noexcept {
    return methods_->size >= offsetof(stogger_sink_methods, deadline_ns) +
                                 sizeof methods_->deadline_ns &&
           methods_->deadline_ns != nullptr;
  }

  Status call(Method method) noexcept {
    return ask(
        [&](stogger_message* message) { return method(sink_, message); });
  }

  const stogger_sink_methods* methods_;
  void* sink_;
  const bool for_samples_;
  RowConverter converter_;
  std::deque<std::string> names_;
  std::vector<Column> columns_;
};

}  // namespace

Status make_module_sink(std::string_view type, const stogger_module& module,
                        Options& options, SinkPtr* sink) {
  const HostOptions host(type, options);
  void* made = nullptr;
  Status status = ask([&](stogger_message* message) {
    return module.make_sink(host.table(), &made, message);
  });
  if (status.ok() && made == nullptr) {
    return Status(Code::internal, "its module made no sink");
  }
  SinkPtr owner;
  if (made != nullptr) {
    auto* const made_sink =
        new ModuleSink(module.methods, made, options.for_samples());
    owner.reset(made_sink);
    if (status.ok()) status = made_sink->read_columns();
  }
  if (!status.ok()) return status;
  if (host.failed()) {
    return Status(Code::internal, "there was no memory for its options");
  }
  status = options.finish();
  if (status.ok()) *sink = std::move(owner);
  return status;
}

}  // namespace stogger
