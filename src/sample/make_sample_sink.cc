// Sinks for samples: made like any other, for samples, watched over,
// and opened.
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/guarded.h"
#include "base/json.h"
#include "base/options.h"
#include "module/registry.h"
#include "os/program_name.h"
#include "sample/sample_sink.h"
#include "sinks/memory.h"
#include "stogger/sample.h"
#include "stogger/sample_sinks.h"

namespace stogger {
namespace {

// Of a sink that was made with these options.
std::string table_of(const Options& options) {
  for (const UsedOption& option : OptionsAccess::used(options)) {
    const Value value = option.value.view();
    if (option.key == "table" && value.kind() == Kind::text) {
      return std::string(value.text());
    }
  }
  return {};
}

Status make_open(std::string_view name, Fields options, SinkPtr* sink) {
  SinkType type;
  if (Status status = find_sink_type(name, &type); !status.ok()) return status;
  if (!type.missing.ok()) return type.missing;
  Options read(name, options);
  OptionsAccess::set_identifier(read, program_name());
  OptionsAccess::set_for_samples(read);
  SinkPtr bare;
  if (Status status = make_sink(type, read, &bare); !status.ok()) return status;
  SinkPtr made(
      new SampleSink(std::move(bare), std::string(name), table_of(read)));
  if (Status status = made->open(); !status.ok()) {
    return Status(status.code(), std::string(name) + " sink " +
                                     std::string(made->target()) + ": " +
                                     std::string(status.message()));
  }
  *sink = std::move(made);
  return {};
}

// A table of texts, as the value of an option is.
void append_table(Buffer& out, Fields members) {
  for (const Field& member : members) {
    out.push_back(out.size() == 0 ? '{' : ',');
    append_json_string(out, member.key);
    out.push_back(':');
    append_json_value(out, member.value);
  }
  if (out.size() != 0) out.push_back('}');
}

// Without the options that were not given.
Status make_typed(std::string_view name, std::initializer_list<Field> options,
                  Fields columns, SinkPtr* sink) noexcept {
  return guarded([&] {
    std::vector<Field> given;
    Buffer table;
    append_table(table, columns);
    if (table.size() != 0) given.emplace_back("columns", Json{table.view()});
    for (const Field& option : options) {
      const Value& value = option.value;
      if (value.kind() == Kind::text && value.text().empty()) continue;
      given.push_back(option);
    }
    return make_open(name, given, sink);
  });
}

// What it is that keeps the rows; null if it is something else.
const MemorySink* memory_in(const Sink& sink) {
  const auto* const live = dynamic_cast<const SampleSink*>(&sink);
  return dynamic_cast<const MemorySink*>(live == nullptr ? &sink
                                                         : live->inner());
}

std::string_view mode_of(bool append) noexcept {
  return append ? "append" : "truncate";
}

std::string_view times_of(bool text_times) noexcept {
  return text_times ? "text" : "native";
}

// Zero stands for an option that was not given.
Value unless_zero(std::int64_t number) noexcept {
  return number == 0 ? Value() : Value(number);
}

}  // namespace

Status make_sample_sink(std::string_view type, Fields options,
                        SinkPtr* sink) noexcept {
  return guarded([&] { return make_open(type, options, sink); });
}

std::uint64_t dropped_rows(const Sink& memory) noexcept {
  const MemorySink* const kept = memory_in(memory);
  return kept == nullptr ? 0 : kept->dropped();
}

Status visit_rows(const Sink& memory, RowVisitor visit,
                  void* argument) noexcept {
  return guarded([&] {
    const MemorySink* const kept = memory_in(memory);
    if (kept == nullptr) {
      return Status(Code::invalid,
                    "visit_rows: the sink is not of type memory");
    }
    for (const OwnedRow& row : kept->rows()) {
      std::vector<Field> fields;
      for (const OwnedField& field : row) {
        fields.emplace_back(field.name(), field.value());
      }
      visit(fields, argument);
    }
    return Status();
  });
}

Status make_sample_sink(const MemoryConfig& config, SinkPtr* sink) noexcept {
  return make_typed("memory", {{"max_rows", unless_zero(config.max_rows)}}, {},
                    sink);
}

Status make_sample_sink(const CsvConfig& config, SinkPtr* sink) noexcept {
  return make_typed("csv",
                    {{"path", config.path},
                     {"mode", mode_of(config.append)},
                     {"on_new_column", config.on_new_column}},
                    config.columns, sink);
}

Status make_sample_sink(const JsonlConfig& config, SinkPtr* sink) noexcept {
  return make_typed("jsonl",
                    {{"path", config.path}, {"mode", mode_of(config.append)}},
                    {}, sink);
}

Status make_sample_sink(const SqliteConfig& config, SinkPtr* sink) noexcept {
  return make_typed("sqlite",
                    {{"path", config.path},
                     {"table", config.table},
                     {"create_table", config.create_table},
                     {"journal_mode", config.journal_mode},
                     {"synchronous", config.synchronous},
                     {"busy_timeout_ms", config.busy_timeout_ms}},
                    config.columns, sink);
}

Status make_sample_sink(const ParquetConfig& config, SinkPtr* sink) noexcept {
  return make_typed(
      "parquet",
      {{"path", config.path},
       {"mode", config.mode},
       {"compression", config.compression},
       {"compression_level", unless_zero(config.compression_level)},
       {"use_dictionary", config.use_dictionary},
       {"row_groups", config.row_groups},
       {"row_group_rows", unless_zero(config.row_group_rows)},
       {"checkpoint_s", config.checkpoint_s},
       {"checkpoint_rows", config.checkpoint_rows},
       {"roll_bytes", config.roll_bytes},
       {"roll_s", config.roll_s},
       {"sync", config.sync},
       {"times", times_of(config.text_times)},
       {"on_new_column", config.on_new_column}},
      config.columns, sink);
}

Status make_sample_sink(const PostgresConfig& config, SinkPtr* sink) noexcept {
  const bool has_dsn = !config.dsn.empty();
  // What was not set must not be in the way of what the dsn says.
  const PostgresConfig unset;
  const bool has_port = !has_dsn || config.port != unset.port;
  const bool has_timeout =
      !has_dsn || config.connect_timeout_s != unset.connect_timeout_s;
  return make_typed("postgres",
                    {{"dsn", config.dsn},
                     {"host", config.host},
                     {"port", has_port ? Value(config.port) : Value()},
                     {"user", config.user},
                     {"password", config.password},
                     {"database", config.database},
                     {"sslmode", config.sslmode},
                     {"sslrootcert", config.sslrootcert},
                     {"schema", config.schema},
                     {"table", config.table},
                     {"pool_min_size", config.pool_min_size},
                     {"pool_max_size", config.pool_max_size},
                     {"statement_timeout_ms", config.statement_timeout_ms},
                     {"command_timeout_s", config.command_timeout_s},
                     {"connect_timeout_s",
                      has_timeout ? Value(config.connect_timeout_s) : Value()},
                     {"close_timeout_s", config.close_timeout_s},
                     {"create_table", config.create_table},
                     {"trust_table", config.trust_table},
                     {"synchronous_commit", config.synchronous_commit},
                     {"use_copy", config.use_copy},
                     {"times", times_of(config.text_times)}},
                    config.columns, sink);
}

}  // namespace stogger
