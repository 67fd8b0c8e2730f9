// The other side of the interface of modules: a program that is older, newer or
// wrong, against what every module is made with. Built as a module is, without
// the library.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "module/guest/entry.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

volatile unsigned char seen;

void must(bool condition) {
  if (!condition) std::abort();
}

void look_at(std::string_view text) {
  for (const char c : text) seen = static_cast<unsigned char>(c);
}

// What the host answers.
struct Host {
  FuzzedDataProvider* data;
  std::deque<std::string> kept;

  stogger_text text() {
    if (data->ConsumeIntegralInRange(0, 3) == 0) {
      return {nullptr, data->ConsumeIntegral<std::size_t>()};
    }
    kept.push_back(data->ConsumeRandomLengthString(30));
    return {kept.back().data(), kept.back().size()};
  }
};

Host& host(void* context) { return *static_cast<Host*>(context); }

stogger_options table_of(Host* host_data) {
  stogger_options table{};
  table.size = sizeof table;
  table.context = host_data;
  table.has = [](void* context, stogger_text) {
    return host(context).data->ConsumeIntegral<int>();
  };
  table.text = [](void* context, stogger_text, stogger_text fallback) {
    return host(context).data->ConsumeBool() ? host(context).text() : fallback;
  };
  table.required = [](void* context, stogger_text) {
    return host(context).text();
  };
  table.boolean = [](void* context, stogger_text, int fallback) {
    return host(context).data->ConsumeIntegral<int>() + fallback / 2;
  };
  table.integer = [](void* context, stogger_text, std::int64_t, std::int64_t,
                     std::int64_t) {
    return host(context).data->ConsumeIntegral<std::int64_t>();
  };
  table.real = [](void* context, stogger_text, double, double, double) {
    return host(context).data->ConsumeFloatingPoint<double>();
  };
  table.choice = [](void* context, stogger_text, const stogger_text* names,
                    std::size_t count, std::size_t) {
    for (std::size_t i = 0; i < count; ++i) {
      look_at({names[i].data, names[i].size});
    }
    return host(context).data->ConsumeIntegral<std::size_t>();
  };
  table.list_size = [](void* context, stogger_text) {
    return host(context).data->ConsumeIntegral<std::size_t>();
  };
  table.list_item = [](void* context, stogger_text, std::size_t) {
    return host(context).text();
  };
  table.table_item = [](void* context, stogger_text, std::size_t,
                        stogger_text* name, stogger_text* text) {
    *name = host(context).text();
    *text = host(context).text();
    return host(context).data->ConsumeIntegral<int>();
  };
  table.problem = [](void*, stogger_text, stogger_text) {};
  table.warning = [](void*, stogger_text, stogger_text) {};
  table.finish = [](void* context, stogger_message* message) {
    FuzzedDataProvider& data = *host(context).data;
    message->size = data.ConsumeIntegral<std::size_t>();
    return data.ConsumeBool() ? 0 : data.ConsumeIntegral<stogger_code>();
  };
  table.has_problem = [](void* context, stogger_text) {
    return host(context).data->ConsumeIntegral<int>();
  };
  table.type = host_data->text();
  table.identifier = host_data->text();
  table.sink_name = host_data->text();
  return table;
}

constexpr std::int64_t kWaited = 12345;

class ReadingSink final : public Sink {
 public:
  Status write(const RowBatch& rows, WriteReport& report) override {
    for (std::size_t i = 0; i < rows.column_count; ++i) {
      look_at(rows.columns[i].name);
      must(rows.columns[i].kind < Kind::custom);
    }
    for (std::size_t i = 0; i < rows.row_count * rows.column_count; ++i) {
      const Value& value = rows.values[i];
      must(value.kind() < Kind::custom);
      if (value.kind() == Kind::text || value.kind() == Kind::json) {
        look_at(value.text());
      }
    }
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      report.refuse(row, "refused");
    }
    report.in_doubt(rows.row_count);
    report.in_doubt(SIZE_MAX);
    report.notice("by the way");
    must(report.waited_ns() == 0 || report.waited_ns() == kWaited);
    // Longer than most have room for.
    return Status(Code::rejected, std::string(300, '\xC3'));
  }
  Status check(CheckFindings& findings) override {
    findings.warn("unwise");
    findings.would_change("all");
    return {};
  }
};

Status make_reading_sink(Options& options, SinkPtr* sink) {
  look_at(options.text("a", "b"));
  look_at(options.required("a"));
  look_at(options.list_item("a", options.list_size("a")));
  std::string_view name;
  std::string_view text;
  if (options.table_item("a", 0, &name, &text)) {
    look_at(name);
    look_at(text);
  }
  static_cast<void>(options.choice("a", {"x", "yy"}, "yy"));
  static_cast<void>(options.integer("a", 1, 0, 2));
  static_cast<void>(options.real("a", 1, 0, 2));
  static_cast<void>(options.boolean("a", options.has("b")));
  static_cast<void>(options.has_problem("a"));
  look_at(options.identifier());
  look_at(options.sink_name());
  const Status status = options.finish();
  look_at(status.message());
  must(status.code() <= Code::missing);
  sink->reset(new ReadingSink);
  return {};
}

// Calls it with a message of any room, in memory of just that size.
template <class Call>
void with_message(FuzzedDataProvider& data, Call call) {
  std::vector<char> room(data.ConsumeIntegral<std::uint8_t>());
  room.shrink_to_fit();
  stogger_message message{room.empty() ? nullptr : room.data(), room.size(), 0};
  const stogger_code code = call(&message);
  must(code <= static_cast<stogger_code>(Code::missing));
  must(message.size <= room.size());
  look_at({message.data, message.size});
}

// What a sink says of rows reaches the host with the numbers of the host, once
// each, whatever the module leaves out.
struct Judged {
  std::size_t rows;
  std::vector<std::size_t> refused;
};

stogger_write_report report_to(Judged* judged) {
  return {sizeof(stogger_write_report),
          judged,
          [](void* context, std::size_t row, stogger_text reason) {
            Judged& judged = *static_cast<Judged*>(context);
            look_at({reason.data, reason.size});
            must(row < judged.rows);
            for (const std::size_t other : judged.refused) must(other != row);
            judged.refused.push_back(row);
          },
          [](void*, std::size_t row) { must(row == SIZE_MAX); },
          [](void*, stogger_text what) {
            look_at({what.data, what.size});
          },
          [](void*) { return kWaited; }};
}

void write(const stogger_sink_methods& methods, void* sink, Host& host,
           FuzzedDataProvider& data) {
  std::vector<stogger_column> columns;
  std::vector<stogger_value> values;
  const auto count = data.ConsumeIntegralInRange<std::size_t>(0, 4);
  const auto row_count = data.ConsumeIntegralInRange<std::size_t>(0, 4);
  for (std::size_t i = 0; i < count; ++i) {
    columns.push_back({host.text(), data.ConsumeIntegral<std::uint32_t>()});
  }
  for (std::size_t i = 0; i < count * row_count; ++i) {
    stogger_value value{};
    value.kind = data.ConsumeBool() ? data.ConsumeIntegral<std::uint8_t>() % 9u
                                    : data.ConsumeIntegral<std::uint32_t>();
    if (value.kind % 256 == 5 || value.kind % 256 == 7) {
      const stogger_text text = host.text();
      value.as.text = text.data;
      value.size = text.size;
    } else {
      value.as.integer = data.ConsumeIntegral<std::int64_t>();
      value.size = data.ConsumeIntegral<std::size_t>();
    }
    values.push_back(value);
  }
  const std::vector<std::uint64_t> positions(
      row_count, data.ConsumeIntegral<std::uint64_t>());
  stogger_origin origin{};
  if (data.ConsumeBool()) origin.positions = positions.data();
  stogger_rows rows{columns.data(),
                    count,
                    values.data(),
                    row_count,
                    data.ConsumeIntegral<std::int64_t>(),
                    data.ConsumeBool() ? &origin : nullptr};
  if (data.ConsumeIntegralInRange(0, 4) == 0) {
    // What cannot be: counts without data.
    rows.columns = nullptr;
    rows.column_count = 1 + data.ConsumeIntegral<std::size_t>() / 2;
    rows.row_count = data.ConsumeIntegral<std::size_t>();
  }
  Judged judged{rows.row_count, {}};
  stogger_write_report report = report_to(&judged);
  const bool is_old = data.ConsumeIntegralInRange(0, 9) == 0;
  if (is_old) {
    report.size =
        data.ConsumeIntegral<std::uint16_t>() % STOGGER_WRITE_REPORT_FIRST_SIZE;
  } else if (data.ConsumeBool()) {
    report.size = STOGGER_WRITE_REPORT_FIRST_SIZE;
    report.waited_ns = nullptr;
  }
  with_message(data, [&](stogger_message* message) {
    return methods.write(sink, &rows, &report, message);
  });
  must(!is_old || judged.refused.empty());
  with_message(data, [&](stogger_message* message) {
    return methods.tick(sink, rows.now_ns, nullptr, message);
  });
}

void run(FuzzedDataProvider data) {
  Host host{&data, {}};
  stogger_options table = table_of(&host);
  if (data.ConsumeIntegralInRange(0, 9) == 0) {
    table.size = data.ConsumeIntegral<std::uint16_t>() % table.size;
  }
  if (data.ConsumeIntegralInRange(0, 9) == 0) table.table_item = nullptr;
  const stogger_sink_methods& methods = *module_sink_methods();
  void* sink = nullptr;
  with_message(data, [&](stogger_message* message) {
    return make_module_sink(&make_reading_sink, &table, &sink, message);
  });
  if (sink == nullptr) return;
  for (int i = 0; i < 4 && data.remaining_bytes() > 0; ++i) {
    write(methods, sink, host, data);
  }
  const stogger_findings findings{nullptr, [](void*, stogger_text) {},
                                  [](void*, stogger_text) {}, [](void*) {}};
  with_message(data, [&](stogger_message* message) {
    return methods.check(sink, &findings, message);
  });
  methods.destroy(sink);
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(FuzzedDataProvider(data, size));
  return 0;
}
