#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/buffer.h"
#include "base/json.h"
#include "base/utf8.h"
#include "format/csv.h"
#include "sinks/postgres/postgres.h"
#include "tests/contract/field_names.h"
#include "tests/contract/sink_contract.h"
#include "tests/postgres/fixture.h"
#include "tests/support/for_samples.h"
#include "tests/support/json_rows.h"

namespace stogger {
namespace {

// One for all tests of a process: each of them gets a table of its own.
PostgresServer& shared_server() {
  static PostgresServer server;
  return server;
}

// A sink that failed connects anew by itself, if it is still there.
void wait_for_session() {
  wait_until(
      [] {
        return shared_server().number(
                   "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' "
                   "AND query LIKE 'INSERT%'") > 0;
      },
      milliseconds(1000));
  // Its last answer is on its way.
  std::this_thread::sleep_for(milliseconds(20));
}

// Breaks because another session keeps the table to itself.
class PostgresDriver : public SinkDriver {
 public:
  explicit PostgresDriver(bool use_copy) : use_copy_(use_copy) {
    shared_server().execute("DROP TABLE IF EXISTS stogger_logs");
  }

  SinkPtr make() override {
    const std::string dsn = shared_server().dsn();
    return make_postgres({{"dsn", dsn},
                          {"use_copy", use_copy_},
                          {"deadline_ms", 2000},
                          {"batch_deadline_ms", 20000},
                          {"statement_timeout_ms", 500},
                          {"start_wait_ms", 20000}});
  }

  void break_target() override {
    make_table();
    other_ = std::make_unique<PostgresClient>(shared_server().dsn());
    other_->execute("BEGIN; LOCK TABLE stogger_logs IN ACCESS EXCLUSIVE MODE");
  }
  void mend_target() override {
    other_.reset();
    wait_for_session();
  }

  std::string_view unforkable() const override { return kNoThreadsInChildren; }
  std::string_view allocates() const override {
    return "libpq allocates for every answer of the server";
  }

 protected:
  virtual void make_table() = 0;

 private:
  const bool use_copy_;
  std::unique_ptr<PostgresClient> other_;
};

// The table of log events: fields are keys of `data`.
template <bool kUseCopy>
class StandardDriver : public PostgresDriver {
 public:
  StandardDriver() : PostgresDriver(kUseCopy) {}
  void make_table() override {
    shared_server().execute(
        "CREATE TABLE IF NOT EXISTS stogger_logs (id BIGSERIAL PRIMARY KEY, "
        "timestamp TIMESTAMPTZ NOT NULL, level TEXT NOT NULL, event TEXT NOT "
        "NULL, func TEXT, scope TEXT, data JSONB NOT NULL DEFAULT '{}')");
  }

  Rows rows(const std::vector<std::vector<Field>>& events, Time now) override {
    std::vector<std::string> texts;
    for (const auto& event : events) {
      Buffer text;
      for (const Field& field : event) {
        text.append(text.empty() ? "{" : ",");
        append_json_string(text, field.key);
        text.append(":");
        append_json_value(text, field.value);
      }
      text.append("}");
      texts.emplace_back(text.view());
    }
    std::vector<TableRow> table;
    for (const std::string& text : texts) {
      table.push_back({.timestamp = now, .data = text});
    }
    return table_rows(table, now);
  }

  std::vector<OwnedRow> read_back(Sink&) override {
    std::string lines;
    for (const SqlRow& row : shared_server().query(
             "SELECT timestamp, level, event, func, scope, data FROM "
             "stogger_logs ORDER BY id")) {
      EXPECT_EQ(row[1] + row[2] + row[3] + row[4],
                "infouser-loginhandle(null)");
      lines += row[5] + "\n";
    }
    return read_json_lines(lines);
  }

  // As the server understands the same JSON.
  OwnedField expected(std::string_view name, const Value& value) override {
    Buffer text;
    append_json_value(text, value);
    std::string quoted;
    for (const char c : text.view()) quoted.append(c == '\'' ? 2 : 1, c);
    return json_field(name, nlohmann::ordered_json::parse(shared_server().one(
                                "SELECT '" + quoted + "'::jsonb")));
  }
};

// Breaks because the server stops.
class StoppedDriver final : public StandardDriver<true> {
 public:
  void break_target() override { shared_server().stop(); }
  void mend_target() override {
    shared_server().start();
    wait_for_session();
  }
};

// A table with a column for each field, of the type that suits it.
template <bool kUseCopy>
class TypedDriver : public PostgresDriver {
 public:
  TypedDriver() : PostgresDriver(kUseCopy) {
    std::string sql =
        "CREATE TABLE stogger_logs (id BIGSERIAL PRIMARY KEY, data JSONB";
    for (const std::string_view name : kFieldNames) {
      (sql += ", \"") += name;
      (sql += "\" ") += type_of(name);
    }
    shared_server().execute(sql + ")");
  }
  void make_table() override {}

  std::vector<OwnedRow> read_back(Sink&) override {
    std::string sql = "SELECT id";
    for (const std::string_view name : kFieldNames) {
      const bool time = type_of(name) == "timestamptz";
      sql += time ? ", (extract(epoch FROM \"" : ", \"";
      (sql += name) += time ? "\") * 1000000)::bigint" : "\"";
    }
    std::vector<OwnedRow> rows;
    for (const SqlRow& found :
         shared_server().query(sql + " FROM stogger_logs ORDER BY id")) {
      OwnedRow& row = rows.emplace_back();
      std::size_t i = 1;
      for (const std::string_view name : kFieldNames) {
        row.push_back(read(name, found.at(i++)));
      }
    }
    return rows;
  }

  OwnedField expected(std::string_view name, const Value& value) override {
    if (value.is_null()) return {name, value};
    const std::string_view type = type_of(name);
    if (type == "timestamptz") {
      // Microseconds, and not later than it was.
      std::int64_t microseconds = value.time().ns / 1000;
      if (value.time().ns % 1000 < 0) --microseconds;
      return {name, microseconds};
    }
    if (type == "jsonb") {
      return {name, shared_server().one("SELECT '" + std::string(value.text()) +
                                        "'::jsonb")};
    }
    if (type != "text") return {name, value};
    if (value.kind() == Kind::text) {
      return {name, with_replacements(value.text())};
    }
    Buffer cell;
    append_csv_cell(cell, value);
    return {name, cell.view()};
  }

 private:
  static std::string_view type_of(std::string_view name) {
    static const std::map<std::string_view, std::string_view> types = [] {
      std::map<std::string_view, std::string_view> map;
      for (const std::string_view each : kFieldNames) map[each] = "text";
      for (const char* each :
           {"seq", "b", "zero", "minus_one", "int64_min", "int64_max"}) {
        map[each] = "bigint";
      }
      for (const char* each :
           {"whole_real", "minus_zero", "tenth", "thirds", "pi", "two_to_53",
            "real_max", "real_min", "real_lowest", "denormal", "minus_denormal",
            "nan", "infinity", "minus_infinity", "real"}) {
        map[each] = "double precision";
      }
      for (const char* each : {"true_value", "false_value"}) {
        map[each] = "boolean";
      }
      for (const char* each : {"time", "time_in_nanoseconds", "time_zero",
                               "time_before_1970", "first_time", "last_time"}) {
        map[each] = "timestamptz";
      }
      for (const char* each : {"object", "array", "json_text", "json_null"}) {
        map[each] = "jsonb";
      }
      return map;
    }();
    return types.at(name);
  }

  static OwnedField read(std::string_view name, const std::string& text) {
    const std::string_view type = type_of(name);
    if (text == "(null)") return {name, nullptr};
    if (type == "double precision") {
      return {name, std::strtod(text.c_str(), nullptr)};
    }
    if (type == "boolean") return {name, text == "t"};
    if (type == "bigint" || type == "timestamptz") {
      return {name, static_cast<std::int64_t>(std::atoll(text.c_str()))};
    }
    return {name, text};
  }
};

// The same for samples.
template <bool kUseCopy>
class SamplesDriver final : public TypedDriver<kUseCopy> {
 public:
  SinkPtr make() override {
    const std::string dsn = shared_server().dsn();
    return make_for_samples_or_throw(make_postgres_sink,
                                     {{"dsn", dsn},
                                      {"table", "stogger_logs"},
                                      {"use_copy", kUseCopy},
                                      {"command_timeout_s", 2.0},
                                      {"statement_timeout_ms", 500}});
  }
};

INSTANTIATE_TEST_SUITE_P(SamplesPostgres, SinkContract,
                         ::testing::Values(make_driver<SamplesDriver<true>>,
                                           make_driver<SamplesDriver<false>>));
INSTANTIATE_TEST_SUITE_P(Postgres, SinkContract,
                         ::testing::Values(make_driver<StandardDriver<true>>,
                                           make_driver<StandardDriver<false>>));
INSTANTIATE_TEST_SUITE_P(StoppedPostgres, SinkContract,
                         ::testing::Values(make_driver<StoppedDriver>));
INSTANTIATE_TEST_SUITE_P(TypedPostgres, SinkContract,
                         ::testing::Values(make_driver<TypedDriver<true>>,
                                           make_driver<TypedDriver<false>>));

}  // namespace
}  // namespace stogger
