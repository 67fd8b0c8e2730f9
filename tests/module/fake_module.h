// A module that is no file: says what a test tells it to say, be it nonsense.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/module.h"

namespace stogger {

class FakeModule {
 public:
  // What its functions answer.
  stogger_code code = 0;
  std::string message;
  std::size_t message_size = 0;  // claimed; 0: that of the message
  std::function<void(const stogger_options&)> at_make;
  std::function<void()> at_call;  // of open, check, write, flush, close
  std::function<void(const stogger_write_report&)> at_write;  // and tick
  bool makes_nothing = false;
  std::vector<stogger_column> columns;
  bool null_columns = false;
  std::size_t column_count = 0;  // claimed; 0: that of the columns
  std::vector<stogger_text> findings;
  std::uint32_t form = 0;
  int counts = 0;
  stogger_tally tally{};
  stogger_text target{};
  int destroyed = 0;

  // Only one at a time, for make_sink() has no context.
  FakeModule() noexcept {
    current() = this;
    methods_.size = sizeof methods_;
    methods_.open = &call;
    methods_.check = [](void* sink, const stogger_findings* table,
                        stogger_message* out) {
      for (const stogger_text& text : self(sink).findings) {
        table->would_change(table->context, text);
        table->warn(table->context, text);
      }
      return self(sink).answer(out);
    };
    methods_.write = [](void* sink, const stogger_rows* rows,
                        const stogger_write_report* report,
                        stogger_message* out) {
      self(sink).rows_seen += rows->row_count;
      if (self(sink).at_write) self(sink).at_write(*report);
      return call(sink, out);
    };
    methods_.tick = [](void* sink, std::int64_t,
                       const stogger_write_report* report,
                       stogger_message* out) {
      if (self(sink).at_write) self(sink).at_write(*report);
      return call(sink, out);
    };
    methods_.flush = &call;
    methods_.close = &call;
    methods_.abandon = [](void*) {};
    methods_.recovered = [](void* sink) { return self(sink).counts; };
    methods_.form = [](void* sink) { return self(sink).form; };
    methods_.columns = [](void* sink, const stogger_column** out) {
      const FakeModule& fake = self(sink);
      *out = fake.null_columns ? nullptr : fake.columns.data();
      return fake.column_count == 0 ? fake.columns.size() : fake.column_count;
    };
    methods_.tally = [](void* sink, stogger_tally* out) {
      *out = self(sink).tally;
      return self(sink).counts;
    };
    methods_.target = [](void* sink) { return self(sink).target; };
    methods_.destroy = [](void* sink) { ++self(sink).destroyed; };
    module_ = {STOGGER_MODULE_ABI, sizeof module_, "0.0.0", &make, &methods_};
  }
  ~FakeModule() { current() = nullptr; }
  FakeModule(const FakeModule&) = delete;
  FakeModule& operator=(const FakeModule&) = delete;

  const stogger_module& module() const noexcept { return module_; }
  std::size_t rows_seen = 0;

 private:
  static FakeModule*& current() {
    static FakeModule* one = nullptr;
    return one;
  }
  static FakeModule& self(void* sink) {
    return *static_cast<FakeModule*>(sink);
  }
  static stogger_code call(void* sink, stogger_message* out) {
    FakeModule& fake = self(sink);
    if (fake.at_call) fake.at_call();
    return fake.answer(out);
  }
  static stogger_code make(const stogger_options* options, void** sink,
                           stogger_message* out) {
    FakeModule& fake = *current();
    if (fake.at_make) fake.at_make(*options);
    *sink = fake.makes_nothing ? nullptr : &fake;
    return fake.answer(out);
  }
  stogger_code answer(stogger_message* out) const {
    out->size = message.copy(out->data, out->capacity);
    if (message_size != 0) out->size = message_size;
    return code;
  }

  stogger_sink_methods methods_{};
  stogger_module module_{};
};

}  // namespace stogger
