#include <malloc.h>
#include <sqlite3.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include "format/csv.h"
#include "sinks/builtin.h"
#include "tests/contract/field_names.h"
#include "tests/contract/sink_contract.h"
#include "tests/support/for_samples.h"
#include "tests/support/sinks.h"
#include "tests/support/sqlite_query.h"
#include "tests/support/temp_folder.h"

// A sanitizer must see all memory.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define STOGGER_TEST_GLIBC_MALLOC 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef STOGGER_TEST_GLIBC_MALLOC
#endif
#endif
#endif

#if defined(STOGGER_TEST_GLIBC_MALLOC)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void __libc_free(void* block);
}
#endif

namespace stogger {
namespace {

// Lets SQLite, which allocates in every write, have memory that the suite does
// not count: what it counts is then the sink's own. Takes effect only if it
// comes before all other use of SQLite.
bool give_sqlite_its_own_memory() {
#if defined(STOGGER_TEST_GLIBC_MALLOC)
  static const sqlite3_mem_methods methods = {
      [](int size) { return __libc_malloc(static_cast<std::size_t>(size)); },
      [](void* block) { __libc_free(block); },
      [](void* block, int size) {
        return __libc_realloc(block, static_cast<std::size_t>(size));
      },
      [](void* block) { return static_cast<int>(malloc_usable_size(block)); },
      [](int size) { return (size + 7) & ~7; },
      [](void*) { return SQLITE_OK; },
      [](void*) {},
      nullptr};
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK;
#else
  return false;
#endif
}

const bool sqlite_is_not_counted = give_sqlite_its_own_memory();

// The table has a column for each field, without a type of its own.
class SqliteDriver : public SinkDriver {
 public:
  explicit SqliteDriver(std::string_view journal_mode)
      : journal_mode_(journal_mode) {
    std::filesystem::create_directory(folder_.file("sub"));
    std::string sql =
        "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY, timestamp, level, "
        "event, func, scope, data";
    for (const std::string_view name : kFieldNames) {
      (sql += ", \"") += name;
      sql += '"';
    }
    SqliteQuery(path()).run(sql + ")");
  }

  SinkPtr make() override {
    return make_or_throw(make_sqlite_sink, {{"path", path()},
                                            {"journal_mode", journal_mode_},
                                            {"busy_timeout_ms", 20}});
  }

  std::vector<OwnedRow> read_back(Sink&) override {
    return SqliteQuery(path()).rows("SELECT * FROM stogger_logs ORDER BY id");
  }

  OwnedField expected(std::string_view name, const Value& value) override {
    switch (value.kind()) {
      case Kind::boolean:
        return {name, value.boolean() ? 1 : 0};
      case Kind::unsigned_integer:
      case Kind::time: {
        Buffer text;
        append_csv_cell(text, value);
        return {name, text.view()};
      }
      case Kind::real:
        return {name, std::isnan(value.real()) ? Value("NaN") : value};
      case Kind::text:
      case Kind::json:
        return {name, with_replacements(value.text())};
      default:
        return {name, value};
    }
  }

  std::string_view allocates() const override {
    return sqlite_is_not_counted ? "" : "what SQLite allocates is counted too";
  }

 protected:
  std::string folder() const { return folder_.file("sub"); }
  std::string path() const { return folder() + "/log.db"; }

 private:
  TempFolder folder_;
  const std::string journal_mode_;
};

// Breaks because another program keeps the database to itself.
template <bool kWriteAheadLog>
class LockedSqliteDriver final : public SqliteDriver {
 public:
  LockedSqliteDriver() : SqliteDriver(kWriteAheadLog ? "WAL" : "DELETE") {}
  void break_target() override {
    other_ = std::make_unique<SqliteQuery>(path());
    other_->run("BEGIN EXCLUSIVE");
  }
  void mend_target() override { other_.reset(); }

 private:
  std::unique_ptr<SqliteQuery> other_;
};

// Breaks because its folder goes away, and something else takes its place.
class MovedSqliteDriver final : public SqliteDriver {
 public:
  MovedSqliteDriver() : SqliteDriver("WAL") {}
  void break_target() override {
    std::filesystem::rename(folder(), folder() + ".moved");
    write_file(folder(), "no folder");
  }
  void mend_target() override {
    std::filesystem::remove(folder());
    std::filesystem::rename(folder() + ".moved", folder());
  }
};

// The same for samples: of a batch all rows are stored, or none.
class SqliteSamplesDriver final : public SqliteDriver {
 public:
  SqliteSamplesDriver() : SqliteDriver("WAL") {}
  SinkPtr make() override {
    return make_for_samples_or_throw(
        make_sqlite_sink,
        {{"path", path()}, {"table", "stogger_logs"}, {"busy_timeout_ms", 20}});
  }
  OwnedField expected(std::string_view name, const Value& value) override {
    if (value.kind() == Kind::real && std::isnan(value.real())) {
      return {name, nullptr};
    }
    return SqliteDriver::expected(name, value);
  }
  void break_target() override {
    other_ = std::make_unique<SqliteQuery>(path());
    other_->run("BEGIN EXCLUSIVE");
  }
  void mend_target() override { other_.reset(); }

 private:
  std::unique_ptr<SqliteQuery> other_;
};

INSTANTIATE_TEST_SUITE_P(SqliteSamples, SinkContract,
                         ::testing::Values(make_driver<SqliteSamplesDriver>));
INSTANTIATE_TEST_SUITE_P(
    LockedSqlite, SinkContract,
    ::testing::Values(make_driver<LockedSqliteDriver<true>>,
                      make_driver<LockedSqliteDriver<false>>));
INSTANTIATE_TEST_SUITE_P(MovedSqlite, SinkContract,
                         ::testing::Values(make_driver<MovedSqliteDriver>));

}  // namespace
}  // namespace stogger
