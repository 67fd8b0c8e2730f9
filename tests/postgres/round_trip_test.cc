// What is encoded is what a real server stores, whichever way it goes there.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "sinks/postgres/array_encoder.h"
#include "sinks/postgres/encode_value.h"
#include "sinks/postgres/introspection.h"
#include "sinks/postgres/sql.h"
#include "sinks/postgres/statements.h"
#include "sinks/postgres/wire.h"
#include "tests/postgres/event_encoder.h"
#include "tests/postgres/server.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"

namespace stogger {
namespace {

using namespace std::string_literals;

// A bare connection. What fails throws, with the server's message.
class Client {
 public:
  explicit Client(const std::string& dsn)
      : connection_(PQconnectdb(dsn.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) fail();
    PQsetClientEncoding(connection_, "UTF8");
  }
  ~Client() { PQfinish(connection_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  ResultPtr run(const std::string& sql, std::size_t count,
                const char* const* values, const int* lengths,
                const Oid* types) {
    const std::vector<int> binary(count, lengths == nullptr ? 0 : 1);
    return checked(PQexecParams(connection_, sql.c_str(),
                                static_cast<int>(count), types, values, lengths,
                                binary.data(), 0));
  }
  void copy(const std::string& sql, std::string_view data) {
    ResultPtr started(PQexec(connection_, sql.c_str()));
    if (PQresultStatus(started.get()) != PGRES_COPY_IN) fail();
    PQputCopyData(connection_, data.data(), static_cast<int>(data.size()));
    PQputCopyEnd(connection_, nullptr);
    checked(PQgetResult(connection_));
    while (ResultPtr(PQgetResult(connection_)) != nullptr) continue;
  }

 private:
  ResultPtr checked(PGresult* result) {
    ResultPtr owned(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail();
    return owned;
  }
  [[noreturn]] void fail() {
    throw std::runtime_error(PQerrorMessage(connection_));
  }

  PGconn* connection_;
};

enum class Way { insert, unnest, copy };

std::string name_of(Way way) {
  return way == Way::insert ? "insert" : way == Way::unnest ? "unnest" : "copy";
}

class RoundTrip : public ::testing::TestWithParam<Way> {
 protected:
  static void SetUpTestSuite() {
    if (PostgresServer::why_not().empty()) {
      server_ = std::make_unique<PostgresServer>();
    }
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    const std::string why_not = PostgresServer::why_not();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    server_->execute(
        "DROP SCHEMA IF EXISTS \"my logs\" CASCADE; "
        "CREATE SCHEMA \"my logs\"");
    client_ = std::make_unique<Client>(server_->dsn());
  }

  // Creates the table with those columns.
  void create(const std::string& columns) {
    server_->execute("CREATE TABLE " + table_ + " (" + columns + ")");
  }

  std::vector<PostgresColumn> introspect() {
    std::vector<PostgresColumn> columns;
    const std::string id = server_->one("SELECT coalesce(to_regclass('" +
                                        table_ + "')::oid::text, '0')");
    const char* const parameter = id.c_str();
    const ResultPtr result = client_->run(std::string(introspection_sql()), 1,
                                          &parameter, nullptr, nullptr);
    for (int i = 0; i < PQntuples(result.get()); ++i) {
      std::vector<const char*> row;
      for (int j = 0; j < PQnfields(result.get()); ++j) {
        row.push_back(PQgetisnull(result.get(), i, j) != 0
                          ? nullptr
                          : PQgetvalue(result.get(), i, j));
      }
      PostgresColumn column;
      std::string problem;
      if (read_column(row, &column, &problem)) columns.push_back(column);
      if (!problem.empty()) problems_.push_back(problem);
    }
    return columns;
  }

  void store(const Rows& rows) {
    const std::vector<PostgresColumn> columns = introspect();
    EventEncoder encoder(columns);
    const RowBatch batch = rows;
    encoder.match(batch);
    StatementCache statements;
    statements.begin(table_, columns, true);
    ArrayEncoder arrays(columns);
    Buffer copy;
    const Statements* current = nullptr;
    const auto finish = [&] {
      if (current == nullptr) return;
      if (GetParam() == Way::unnest) {
        arrays.finish();
        client_->run(current->unnest, current->types.size(),
                     arrays.parameter_values(), arrays.parameter_lengths(),
                     current->array_types.data());
      } else if (GetParam() == Way::copy) {
        RowEncoder::append_copy_trailer(&copy);
        client_->copy(current->copy, copy.view());
      }
    };
    for (std::size_t i = 0; i < batch.row_count; ++i) {
      ASSERT_OK(encoder.encode(batch, i));
      const Statements* const next = &statements.find(encoder.left_out());
      if (next != current) {
        finish();
        current = next;
        arrays.begin(current->types);
        copy.clear();
        RowEncoder::append_copy_header(&copy);
      }
      if (GetParam() == Way::insert) {
        client_->run(current->insert, current->types.size(),
                     encoder.parameter_values(), encoder.parameter_lengths(),
                     current->types.data());
      }
      arrays.add(encoder);
      encoder.append_tuple(&copy);
    }
    finish();
  }

  // Stores one column `c` of that type, and reads it back as text, in order.
  std::vector<std::string> stored(const std::string& type,
                                  const std::vector<Value>& values,
                                  const std::string& read = "c::text") {
    server_->execute("DROP TABLE IF EXISTS " + table_);
    create("id bigserial, c " + type + ", data jsonb");
    Rows rows({{"c"}});
    for (const Value& value : values) rows.add({value});
    store(rows);
    EXPECT_EQ(
        server_->one("SELECT count(*) FROM " + table_ + " WHERE data <> '{}'"),
        "0");
    return read_back(read);
  }

  std::vector<std::string> read_back(const std::string& what) {
    std::vector<std::string> texts;
    for (const SqlRow& row : server_->query("SELECT " + what + " FROM " +
                                            table_ + " ORDER BY id")) {
      texts.push_back(row[0]);
    }
    return texts;
  }

  static std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<Client> client_;
  std::vector<std::string> problems_;
  const std::string table_ = qualified_table("my logs", "the \"table\"");
};

std::unique_ptr<PostgresServer> RoundTrip::server_;

using Texts = std::vector<std::string>;

std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts = {
      "",
      " ",
      "plain",
      "'; DROP TABLE x; --",
      "\\",
      "\\N",
      "\\.",
      "\"quoted\" 'text'",
      "line\nline\r\n\ttab",
      "\x01\x1F\x7F",
      "\xC2\x80\xC2\x9F",          // C1 controls
      "\xE2\x80\xA8\xE2\x80\xA9",  // line separators
      "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80",
      "\xEF\xBF\xBF\xEF\xBF\xBE",  // no characters, yet valid
      "\xF4\x8F\xBF\xBF",          // the last code point
      "{\"json\": \"\\u0000\"}",
      "$1",
      "NULL",
      "nul\0nul"s,
      "\0"s,
      "\xFF\xFE",
      "\xC0\x80",
      "\xED\xA0\x80\xED\xB0\x80",  // surrogates
      "cut \xE2\x82",
      "\x80",
  };
  for (int byte = 0; byte < 256; ++byte) {
    texts.push_back("<" + std::string(1, static_cast<char>(byte)) + ">");
  }
  texts.push_back(std::string(100000, 'x'));
  texts.push_back(std::string(100000, '\xFF'));
  return texts;
}

std::string mended(std::string_view text) {
  Buffer out;
  append_clean_text(out, text);
  return std::string(out.view());
}

TEST_P(RoundTrip, HostileTexts) {
  const std::vector<std::string> texts = hostile_texts();
  const std::vector<Value> values(texts.begin(), texts.end());
  Texts wanted;
  for (const std::string& text : texts) wanted.push_back(mended(text));
  EXPECT_EQ(stored("text", values), wanted);
  EXPECT_EQ(stored("varchar", values), wanted);
  // As a JSON string.
  EXPECT_EQ(stored("jsonb", values, "c #>> '{}'"), wanted);
  EXPECT_EQ(stored("json", values, "c #>> '{}'"), wanted);
}

TEST_P(RoundTrip, HostileTextsThatDoNotFitAreInData) {
  create(
      "id bigserial, event text, c smallint, data jsonb NOT NULL DEFAULT '{}'");
  const std::vector<std::string> texts = hostile_texts();
  Rows rows({{"event"}, {"c"}, {"data"}});
  Texts wanted;
  for (const std::string& text : texts) {
    rows.add({text, text, Json{R"({"a": [1]})"}});
    wanted.push_back(mended(text));
  }
  store(rows);
  EXPECT_EQ(read_back("data->>'c'"), wanted);
  EXPECT_EQ(read_back("coalesce(data->>'_event_full', event)"), wanted);
  EXPECT_EQ(server_->number("SELECT count(*) FROM " + table_ +
                            " WHERE c IS NULL AND data->>'a' = '[1]'"),
            static_cast<long long>(texts.size()));
}

TEST_P(RoundTrip, Integers) {
  EXPECT_EQ(stored("bigint", {0, -1, INT64_MIN, INT64_MAX, nullptr}),
            (Texts{"0", "-1", "-9223372036854775808", "9223372036854775807",
                   "(null)"}));
  EXPECT_EQ(stored("int", {INT32_MIN, INT32_MAX}),
            (Texts{"-2147483648", "2147483647"}));
  EXPECT_EQ(stored("smallint", {-32768, 32767}), (Texts{"-32768", "32767"}));
  EXPECT_EQ(stored("text", {INT64_MIN, UINT64_MAX}),
            (Texts{"-9223372036854775808", "18446744073709551615"}));
  EXPECT_EQ(stored("jsonb", {INT64_MIN, UINT64_MAX}),
            (Texts{"-9223372036854775808", "18446744073709551615"}));
}

TEST_P(RoundTrip, RealNumbers) {
  const double numbers[] = {0.0,
                            -0.0,
                            0.1,
                            1.0 / 3,
                            5e-324,
                            std::numeric_limits<double>::max(),
                            std::numeric_limits<double>::lowest(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            std::nan("")};
  std::vector<Value> values;
  for (const double number : numbers) values.emplace_back(number);
  const Texts texts = stored("double precision", values);
  ASSERT_EQ(texts.size(), std::size(numbers));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const double read = std::stod(texts[i] == "5e-324" ? "0" : texts[i]);
    if (std::isnan(numbers[i])) {
      EXPECT_TRUE(std::isnan(read));
    } else if (texts[i] != "5e-324") {
      EXPECT_EQ(read, numbers[i]);
      EXPECT_EQ(std::signbit(read), std::signbit(numbers[i]));
    }
  }
  EXPECT_EQ(texts[4], "5e-324");
  EXPECT_EQ(stored("real", {0.5, 0.1, 7, std::nan("")}),
            (Texts{"0.5", "0.1", "7", "NaN"}));
  EXPECT_EQ(stored("jsonb", {0.1, 1e300, std::nan("")}, "c #>> '{}'"),
            (Texts{"0.1", "1" + std::string(300, '0'), "NaN"}));
}

TEST_P(RoundTrip, NumericHasTheDigitsThatAreShown) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(
      stored("numeric",
             {0,         0.0,        -0.0,         1,           -10,
              9999,      10000,      100000000,    12345678.25, 0.1,
              -0.05,     14.7,       0.00012345,   1e-7,        1e22,
              INT64_MIN, UINT64_MAX, std::nan(""), kInfinity,   -kInfinity}),
      (Texts{"0",
             "0",
             "0",
             "1",
             "-10",
             "9999",
             "10000",
             "100000000",
             "12345678.25",
             "0.1",
             "-0.05",
             "14.7",
             "0.00012345",
             "0.0000001",
             "10000000000000000000000",
             "-9223372036854775808",
             "18446744073709551615",
             "NaN",
             "Infinity",
             "-Infinity"}));
  std::vector<Value> numbers;
  for (const double number :
       {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
        std::numeric_limits<double>::denorm_min(), 1.0 / 3, 2.0 / 3e-5, 1e15,
        1e16, 123456789012345678.0, 5e-324, 1.7976931348623157e+308}) {
    numbers.emplace_back(number);
    numbers.emplace_back(-number);
  }
  const Texts texts = stored("numeric", numbers);
  ASSERT_EQ(texts.size(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(std::strtod(texts[i].c_str(), nullptr), numbers[i].real())
        << texts[i];
  }
}

TEST_P(RoundTrip, NumericIsRoundedAsTheServerDoes) {
  const std::vector<double> numbers = {0.005,  0.0049, -0.005, 9.995,
                                       99.994, 99.99,  -9.999, 0.995,
                                       0.5,    2.675,  1e-300, 12.345};
  const std::vector<Value> values(numbers.begin(), numbers.end());
  for (const char* type : {"numeric(4,2)", "numeric(5,1)", "numeric(6)",
                           "numeric(5,-1)", "numeric(9,7)"}) {
    Texts wanted;
    for (const double number : numbers) {
      char text[32];
      *write_real(text, number) = '\0';
      wanted.push_back(server_->one("SELECT ('" + std::string(text) +
                                    "'::numeric)::" + type));
    }
    EXPECT_EQ(stored(type, values), wanted) << type;
  }
}

TEST_P(RoundTrip, NumbersTooLargeForNumericAreInData) {
  create("id bigserial, data jsonb, a numeric(4,2), b numeric(3,5)");
  Rows rows({{"a"}, {"b"}});
  rows.add({100, 0.01})
      .add({99.995, 0.009999999})
      .add({-100.0, 1})
      .add({std::numeric_limits<double>::infinity(), "1"})
      .add({99.9949, 0.00999});
  store(rows);
  EXPECT_EQ(read_back("coalesce(a::text, '') || ' ' || coalesce(b::text, '')"),
            (Texts{" ", " ", " ", " ", "99.99 0.00999"}));
  EXPECT_EQ(nlohmann::json::parse(read_back("data").at(1)),
            (nlohmann::json{{"a", 99.995}, {"b", 0.009999999}}));
}

TEST_P(RoundTrip, Times) {
  const Time times[] = {Time{0},
                        Time{-1},
                        Time{-1000},
                        Time{1700000000123456789},
                        Time{946684800000000000},
                        Time{946684799999999999},
                        Time{INT64_MAX},
                        Time{INT64_MIN}};
  std::vector<Value> values;
  Texts wanted;
  Texts days;
  for (const Time time : times) {
    values.emplace_back(time);
    // Cut down to whole microseconds, as the column does it.
    char text[kTimestampSize];
    wanted.emplace_back(text, write_timestamp(text, time));
    days.push_back(wanted.back().substr(0, 10));
  }
  const std::string format = ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
  EXPECT_EQ(
      stored("timestamptz", values, "to_char(c AT TIME ZONE 'UTC'" + format),
      wanted);
  EXPECT_EQ(stored("timestamp", values, "to_char(c" + format), wanted);
  EXPECT_EQ(stored("date", values), days);
}

TEST_P(RoundTrip, OtherTypes) {
  server_->execute(
      "CREATE TYPE \"my logs\".\"The Mood\" AS ENUM ('good', 'so, so', "
      "'\xC3\xA4\n\"x\"'); "
      "CREATE DOMAIN \"my logs\".five AS varchar(5); "
      "CREATE DOMAIN \"my logs\".inner AS \"my logs\".five NOT NULL DEFAULT "
      "'def'; "
      "CREATE DOMAIN \"my logs\".\"outer\" AS \"my logs\".inner");
  const std::string uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  EXPECT_EQ(stored("boolean", {true, false}), (Texts{"true", "false"}));
  EXPECT_EQ(stored("uuid", {uuid}), Texts{uuid});
  EXPECT_EQ(
      stored("\"my logs\".\"The Mood\"", {"good", "so, so", "\xC3\xA4\n\"x\""}),
      (Texts{"good", "so, so", "\xC3\xA4\n\"x\""}));
  EXPECT_EQ(stored("\"my logs\".\"outer\"",
                   {"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"}),
            Texts{"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"});
  EXPECT_EQ(stored("varchar(3)", {"abc", 123, ""}), (Texts{"abc", "123", ""}));
  EXPECT_EQ(stored("char(3)", {"ab"}, "'[' || c::varchar || ']'"),
            Texts{"[ab]"});
  EXPECT_EQ(stored("name", {std::string(63, 'x')}),
            Texts{std::string(63, 'x')});
  EXPECT_EQ(stored("jsonb", {Json{R"({"b":[1,null],"a":"\u00e4"})"}, true}),
            (Texts{"{\"a\": \"\xC3\xA4\", \"b\": [1, null]}", "true"}));
  EXPECT_EQ(stored("json", {Json{R"({"b": 1, "b": 2})"}}),
            Texts{R"({"b": 1, "b": 2})"});
}

TEST_P(RoundTrip, WhatDoesNotFitIsInData) {
  server_->execute("CREATE TYPE \"my logs\".mood AS ENUM ('good')");
  create(
      "id bigserial, data jsonb, i smallint, f real, b boolean, u uuid, "
      "m \"my logs\".mood, v varchar(3), n name, t timestamptz");
  Rows rows({{"i"}, {"f"}, {"b"}, {"u"}, {"m"}, {"v"}, {"n"}, {"t"}, {"data"}});
  rows.add({32768, 1e300, 1, "none", "bad", "abcd", std::string(64, 'n'), "now",
            Json{R"({"a":1})"}});
  store(rows);
  EXPECT_EQ(nlohmann::json::parse(read_back("data").at(0)),
            (nlohmann::json{{"a", 1},
                            {"i", 32768},
                            {"f", 1e300},
                            {"b", 1},
                            {"u", "none"},
                            {"m", "bad"},
                            {"v", "abcd"},
                            {"n", std::string(64, 'n')},
                            {"t", "now"}}));
  EXPECT_EQ(read_back("coalesce(i::text, f::text, b::text, u::text, m::text, "
                      "v::text, n::text, t::text)"),
            Texts{"(null)"});
}

TEST_P(RoundTrip, DefaultsStandInForNull) {
  server_->execute(
      "CREATE DOMAIN \"my logs\".d AS text DEFAULT 'of the domain' NOT NULL");
  create(
      "id bigserial, a int NOT NULL DEFAULT 1 + 1, b text DEFAULT 'it''s', c "
      "timestamptz NOT NULL DEFAULT now(), d \"my logs\".d, e int");
  Rows rows({{"a"}, {"b"}, {"e"}});
  rows.add({7, nullptr, 1}).add({nullptr, "x", nullptr});
  store(rows);
  EXPECT_EQ(server_->query("SELECT a, b, c > now() - interval '1 hour', d, e "
                           "FROM " +
                           table_ + " ORDER BY id"),
            (std::vector<SqlRow>{{"7", "it's", "t", "of the domain", "1"},
                                 {"2", "x", "t", "of the domain", "(null)"}}));
}

INSTANTIATE_TEST_SUITE_P(Ways, RoundTrip,
                         ::testing::Values(Way::insert, Way::unnest, Way::copy),
                         [](const auto& way) { return name_of(way.param); });

// ---- The columns of a table

class Introspection : public RoundTrip {};

TEST_P(Introspection, WhatCanBeWrittenIsFound) {
  server_->execute(
      "CREATE TYPE \"my logs\".mood AS ENUM ('good', '1:bad', '');"
      "CREATE DOMAIN \"my logs\".positive AS int CHECK (VALUE > 0);"
      "CREATE DOMAIN \"my logs\".needed AS \"my logs\".positive NOT NULL");
  create(
      "id bigserial, data jsonb NOT NULL DEFAULT '{}', gone int, n int NOT "
      "NULL, v varchar(5), c char(3), p point, g int GENERATED ALWAYS AS (1) "
      "STORED, a bigint GENERATED ALWAYS AS IDENTITY, d bigint GENERATED BY "
      "DEFAULT AS IDENTITY, m \"my logs\".mood, nd \"my logs\".needed, \"Odd "
      "\"\"name\"\"\" text DEFAULT 'x', arr int[], num numeric, money "
      "numeric(6,2)");
  server_->execute("ALTER TABLE " + table_ + " DROP COLUMN gone");
  const auto columns = introspect();
  EXPECT_TRUE(problems_.empty()) << problems_[0];
  ASSERT_EQ(columns.size(), 9u);
  EXPECT_EQ(columns[0].name, "n");
  EXPECT_TRUE(columns[0].required);
  EXPECT_EQ(columns[0].type, PostgresType::int4);
  EXPECT_EQ(columns[0].type_id, 23u);
  EXPECT_EQ(columns[0].array_type_id, 1007u);
  EXPECT_EQ(columns[1].name, "v");
  EXPECT_EQ(columns[1].most_characters, 5u);
  EXPECT_FALSE(columns[1].required);
  EXPECT_EQ(columns[2].name, "c");
  EXPECT_EQ(columns[2].most_characters, 3u);
  EXPECT_EQ(columns[3].name, "m");
  EXPECT_TRUE(columns[3].is_enum);
  EXPECT_EQ(columns[3].labels, (Texts{"good", "1:bad", ""}));
  EXPECT_EQ(columns[3].type_name, "\"my logs\".mood");
  EXPECT_EQ(columns[4].name, "nd");
  EXPECT_TRUE(columns[4].required);
  EXPECT_EQ(columns[4].type_id, 23u);
  EXPECT_EQ(columns[5].name, "Odd \"name\"");
  EXPECT_TRUE(columns[5].has_default);
  EXPECT_EQ(columns[6].name, "num");
  EXPECT_EQ(columns[6].type, PostgresType::numeric);
  EXPECT_EQ(columns[6].numeric.precision, 0);
  EXPECT_EQ(columns[7].name, "money");
  EXPECT_EQ(columns[7].numeric.precision, 6);
  EXPECT_EQ(columns[7].numeric.scale, 2);
  // Last, for it takes what the others cannot.
  EXPECT_EQ(columns[8].name, "data");
  EXPECT_TRUE(columns[8].has_default);
  EXPECT_FALSE(columns[8].required);
}

TEST_P(Introspection, ATypeThatCannotBeWrittenIsAProblemOnlyIfRequired) {
  create("id bigserial, p point NOT NULL DEFAULT '(1,2)', q point NOT NULL");
  EXPECT_TRUE(introspect().empty());
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_NE(problems_[0].find("\"q\""), std::string::npos) << problems_[0];
  EXPECT_NE(problems_[0].find("point"), std::string::npos) << problems_[0];
}

TEST_P(Introspection, ColumnsThatTheRoleMayNotWriteAreLeftOut) {
  create("id bigserial, a int, b int");
  server_->execute(
      "DROP ROLE IF EXISTS partial; CREATE ROLE partial LOGIN; "
      "GRANT USAGE ON SCHEMA \"my logs\" TO partial; "
      "GRANT INSERT (a) ON " +
      table_ + " TO partial");
  client_ = std::make_unique<Client>(server_->dsn("user=partial"));
  const auto columns = introspect();
  server_->execute("DROP OWNED BY partial");
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns[0].name, "a");
}

TEST_P(Introspection, ATableThatIsNotThereHasNone) {
  EXPECT_TRUE(introspect().empty());
}

TEST_P(Introspection, TheTableThatIsCreatedHasTheStandardColumns) {
  PostgresSettings settings;
  settings.schema = "my logs";
  settings.table = "the \"table\"";
  for (int round = 0; round < 2; ++round) {
    std::string sql = "BEGIN";
    for (const std::string& statement : create_table_sql(settings)) {
      sql += ";" + statement;
    }
    server_->execute(sql + ";COMMIT");
  }
  const auto columns = introspect();
  const auto wanted = standard_columns();
  ASSERT_EQ(columns.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(columns[i].name, wanted[i].name);
    EXPECT_EQ(columns[i].type, wanted[i].type);
    EXPECT_EQ(columns[i].type_id, wanted[i].type_id);
    EXPECT_EQ(columns[i].array_type_id, wanted[i].array_type_id);
    EXPECT_EQ(columns[i].type_name, wanted[i].type_name);
    EXPECT_EQ(columns[i].required, wanted[i].required);
    EXPECT_EQ(columns[i].has_default, wanted[i].name == "data");
  }
  EXPECT_EQ(server_->number("SELECT count(*) FROM pg_indexes WHERE schemaname "
                            "= 'my logs'"),
            5);
}

TEST_P(Introspection, TheGrantsAreEnough) {
  PostgresSettings settings;
  settings.schema = "my logs";
  settings.table = "the \"table\"";
  for (const std::string& statement : create_table_sql(settings)) {
    server_->execute(statement);
  }
  server_->execute("DROP ROLE IF EXISTS writer; CREATE ROLE writer LOGIN");
  server_->execute(grants_sql(settings, "writer", false));
  PostgresClient writer(server_->dsn("user=writer"));
  writer.execute("INSERT INTO " + table_ +
                 " (timestamp, level, event) VALUES (now(), 'info', 'e')");
  server_->execute("DROP OWNED BY writer");
}

// The way does not matter.
INSTANTIATE_TEST_SUITE_P(Table, Introspection, ::testing::Values(Way::insert));

}  // namespace
}  // namespace stogger
