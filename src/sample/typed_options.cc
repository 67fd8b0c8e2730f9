#include "sample/typed_options.h"

#include <string_view>

#include "base/json.h"

namespace stogger {
namespace {

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

std::vector<Field> given_of(const TypedOptions& typed, Buffer* table) {
  std::vector<Field> given;
  append_table(*table, typed.columns);
  if (table->size() != 0) given.emplace_back("columns", Json{table->view()});
  for (const Field& option : typed.options) {
    const Value& value = option.value;
    if (value.kind() == Kind::text && value.text().empty()) continue;
    given.push_back(option);
  }
  return given;
}

TypedOptions options_of(const MemoryConfig& config) {
  return {{{"max_rows", unless_zero(config.max_rows)}}, {}};
}

TypedOptions options_of(const CsvConfig& config) {
  return {{{"path", config.path},
           {"mode", mode_of(config.append)},
           {"on_new_column", config.on_new_column},
           {"for_people", config.for_people},
           {"file_mode", config.file_mode},
           {"folder_mode", config.folder_mode}},
          config.columns};
}

TypedOptions options_of(const JsonlConfig& config) {
  return {{{"path", config.path},
           {"mode", mode_of(config.append)},
           {"rotation", config.rotation},
           {"time", config.local_time ? "local" : "utc"},
           {"max_bytes", config.max_bytes},
           {"backup_count", config.backup_count},
           {"compress", config.compress},
           {"flush", config.flush},
           {"file_mode", config.file_mode},
           {"folder_mode", config.folder_mode}},
          {}};
}

TypedOptions options_of(const SqliteConfig& config) {
  return {{{"path", config.path},
           {"table", config.table},
           {"create_table", config.create_table},
           {"journal_mode", config.journal_mode},
           {"synchronous", config.synchronous},
           {"busy_timeout_ms", config.busy_timeout_ms},
           {"file_mode", config.file_mode},
           {"folder_mode", config.folder_mode}},
          config.columns};
}

TypedOptions options_of(const ParquetConfig& config) {
  return {{{"path", config.path},
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
           {"on_new_column", config.on_new_column},
           {"file_mode", config.file_mode},
           {"folder_mode", config.folder_mode}},
          config.columns};
}

TypedOptions options_of(const PostgresConfig& config) {
  const bool has_dsn = !config.dsn.empty();
  // What was not set must not be in the way of what the dsn says.
  const PostgresConfig unset;
  const bool has_port = !has_dsn || config.port != unset.port;
  const bool has_timeout =
      !has_dsn || config.connect_timeout_s != unset.connect_timeout_s;
  return {{{"dsn", config.dsn},
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
          config.columns};
}

}  // namespace stogger
