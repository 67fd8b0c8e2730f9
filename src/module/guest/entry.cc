#include "module/guest/entry.h"

#include <cstddef>
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

// A sink, and the memory that what crosses is converted in.
class Instance {
 public:
  explicit Instance(SinkPtr sink) : sink_(std::move(sink)) {}

  Sink& sink() noexcept { return *sink_; }

  Status write(const stogger_rows& rows) {
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
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!convert(rows.values[i], &values_[i])) {
        return Status(Code::rejected,
                      "a value is of a kind that the module does not know; "
                      "install the module in the version of stogger");
      }
    }
    RowBatch batch;
    batch.columns = columns_.data();
    batch.column_count = columns_.size();
    batch.values = values_.data();
    batch.row_count = rows.row_count;
    batch.now = Time{rows.now_ns};
    return sink_->write(batch);
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

stogger_code write(void* sink, const stogger_rows* rows,
                   stogger_message* message) noexcept {
  return answered(message, [&] { return instance(sink).write(*rows); });
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
  *out = {tally.written, tally.dead_lettered, tally.in_doubt, tally.buffered};
  return 1;
}

stogger_text target(void* sink) noexcept {
  return as_module_text(instance(sink).sink().target());
}

void destroy(void* sink) noexcept { delete static_cast<Instance*>(sink); }

stogger_code tick(void* sink, std::int64_t now_ns,
                  stogger_message* message) noexcept {
  return answered(message,
                  [&] { return instance(sink).sink().tick(Time{now_ns}); });
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
    *sink = new Instance(std::move(made));
    return Status();
  });
}

}  // namespace stogger
