#include "sinks/module/entry.h"

#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"

namespace stogger {
namespace {

// A text that has to be cut ends with a whole character.
std::size_t fitting_size(std::string_view text, std::size_t room) noexcept {
  if (text.size() <= room) return text.size();
  const auto is_inside = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
  };
  while (room > 0 && is_inside(text[room])) --room;
  return room;
}

stogger_code answer(Code code, std::string_view text,
                    stogger_message* message) noexcept {
  if (code == Code::ok) return 0;
  message->size =
      text.copy(message->data, fitting_size(text, message->capacity));
  return static_cast<stogger_code>(code);
}

// Calls what may be anyone's code: no exception leaves the module.
template <class Call>
stogger_code guarded(stogger_message* message, Call call) noexcept {
  try {
    const Status status = call();
    return answer(status.code(), status.message(), message);
  } catch (const std::bad_alloc&) {
    return answer(Code::unavailable, "there was no memory for it", message);
  } catch (const std::exception& e) {
    try {
      return answer(Code::internal, std::string("threw: ") + e.what(), message);
    } catch (...) {
      return answer(Code::internal, e.what(), message);
    }
  } catch (...) {
    return answer(Code::internal, "threw something that is no std::exception",
                  message);
  }
}

std::string_view view(const stogger_text& text) noexcept {
  return {text.data, text.size};
}

// False for a kind that this module does not know.
bool convert(const stogger_value& value, Value* out) noexcept {
  switch (static_cast<Kind>(value.kind)) {
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
      *out = Value(std::string_view(value.as.text, value.size));
      return true;
    case Kind::time:
      *out = Value(Time{value.as.integer});
      return true;
    case Kind::json:
      *out = Value(Json{{value.as.text, value.size}});
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
    columns_.resize(rows.column_count);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      columns_[i] = {view(rows.columns[i].name),
                     static_cast<Kind>(rows.columns[i].kind)};
    }
    values_.resize(rows.row_count * rows.column_count);
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
      wanted_.push_back({{column.name.data(), column.name.size()},
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
  return guarded(message, [&] { return instance(sink).sink().open(); });
}

// Hands what a sink finds over to the host.
class ToHost final : public CheckFindings {
 public:
  explicit ToHost(const stogger_findings& host) : host_(host) {}
  void would_change(std::string_view what) override {
    host_.would_change(host_.context, {what.data(), what.size()});
  }
  void warn(std::string_view what) override {
    host_.warn(host_.context, {what.data(), what.size()});
  }
  void not_checked() override { host_.not_checked(host_.context); }

 private:
  const stogger_findings& host_;
};

stogger_code check(void* sink, const stogger_findings* findings,
                   stogger_message* message) noexcept {
  return guarded(message, [&] {
    ToHost to_host(*findings);
    return instance(sink).sink().check(to_host);
  });
}

stogger_code write(void* sink, const stogger_rows* rows,
                   stogger_message* message) noexcept {
  return guarded(message, [&] { return instance(sink).write(*rows); });
}

stogger_code flush(void* sink, stogger_message* message) noexcept {
  return guarded(message, [&] { return instance(sink).sink().flush(); });
}

stogger_code close(void* sink, stogger_message* message) noexcept {
  return guarded(message, [&] { return instance(sink).sink().close(); });
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
  const std::string_view target = instance(sink).sink().target();
  return {target.data(), target.size()};
}

void destroy(void* sink) noexcept { delete static_cast<Instance*>(sink); }

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
};

}  // namespace

const stogger_sink_methods* module_sink_methods() noexcept { return &kMethods; }

stogger_code make_module_sink(SinkFactory factory,
                              const stogger_options* options, void** sink,
                              stogger_message* message) noexcept {
  return guarded(message, [&] {
    if (options->size < sizeof(stogger_options)) {
      return Status(Code::unavailable,
                    "the program's stogger is older than the module; install "
                    "both in the same version");
    }
    Options read(view(options->type), {});
    OptionsAccess::attach(read, options);
    SinkPtr made;
    if (Status status = factory(read, &made); !status.ok()) return status;
    if (!made) return Status(Code::internal, "its factory made no sink");
    *sink = new Instance(std::move(made));
    return Status();
  });
}

}  // namespace stogger
