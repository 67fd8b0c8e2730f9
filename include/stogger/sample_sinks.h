// make_sample_sink() in typed form: a structure of options for each sink.
//
//   stogger::SinkPtr sink;
//   stogger::Status s = stogger::make_sample_sink(
//       stogger::SqliteConfig{.path = "run.db"}, &sink);
//
// What is said there holds here, too. Views have to live until the call
// returns. A text that is empty is an option not given.
//
// `columns` declares columns that a file or a table gets though the first batch
// lacks them: {{"pressure", "real"}, {"flow", "real"}}; types are text,
// integer, real, boolean, time and json.
#pragma once

#include <cstdint>
#include <string_view>

#include "stogger/export.h"
#include "stogger/sample.h"

namespace stogger {

// Keeps rows in memory, until the sink is destroyed, whether open or closed.
struct MemoryConfig {
  std::int64_t max_rows = 0;  // 0: all of them; else the newest
};

// Empties the file first unless `append`.
struct CsvConfig {
  std::string_view path = {};
  bool append = false;
  Fields columns = {};
  std::string_view on_new_column = "drop";  // or roll: it begins a new file
  bool for_people = false;                  // see configuration.md
  std::string_view file_mode = {};    // such as "0600"; empty: the usual one
  std::string_view folder_mode = {};  // likewise
};

// Empties the file first unless `append`.
struct JsonlConfig {
  std::string_view path = {};
  bool append = false;
  std::string_view rotation = "none";  // or size, daily, hourly
  bool local_time = false;             // days and hours of the time zone
  std::int64_t max_bytes = 10000000;
  std::int64_t backup_count = 5;
  std::string_view compress = "none";  // or zstd, gzip
  std::string_view flush = "line";     // or block
  std::string_view file_mode = {};     // such as "0600"; empty: the usual one
  std::string_view folder_mode = {};   // likewise
};

struct SqliteConfig {
  std::string_view path = {};
  std::string_view table = "samples";
  bool create_table = true;
  std::string_view journal_mode = "WAL";    // or DELETE, TRUNCATE
  std::string_view synchronous = "NORMAL";  // or OFF, FULL
  std::int64_t busy_timeout_ms = 5000;
  Fields columns = {};
  std::string_view file_mode = {};    // such as "0600"; empty: the usual one
  std::string_view folder_mode = {};  // likewise
};

// Needs the parquet module. Batches are gathered into row groups unless
// row_groups is "batch": then each is one of its own, or several, as in files
// that are written by hand. With small batches, as those of a pipe are, that
// makes for large files.
struct ParquetConfig {
  std::string_view path = {};
  std::string_view mode = "keep";         // or truncate, if there is a file
  std::string_view compression = "zstd";  // or snappy, gzip, none
  std::int64_t compression_level = 0;     // 0: the default of zstd and gzip
  bool use_dictionary = true;             // where it makes the file smaller
  std::string_view row_groups = "rows";   // or batch
  // The most rows in a row group. 0: 65536, or any number if row_groups is
  // "batch".
  std::int64_t row_group_rows = 0;
  // When the rows so far become readable in the file. 0: not for that reason.
  double checkpoint_s = 10;
  std::int64_t checkpoint_rows = 0;
  // When the next file begins. 0: not for that reason.
  std::int64_t roll_bytes = 0;
  double roll_s = 0;
  bool sync = true;         // checkpoints are on the disk, not only written
  bool text_times = false;  // times as RFC 3339 text
  Fields columns = {};
  std::string_view on_new_column = "drop";  // or roll: it begins a new file
  std::string_view file_mode = {};    // such as "0600"; empty: the usual one
  std::string_view folder_mode = {};  // likewise
};

// Needs the postgres module. Either `dsn` or `host`.
struct PostgresConfig {
  std::string_view dsn = {};
  std::string_view host = {};
  std::int64_t port = 5432;
  std::string_view user = {};
  std::string_view password = {};  // in no message, ever
  std::string_view database = {};
  std::string_view sslmode = {};
  std::string_view sslrootcert = {};
  std::string_view schema = "public";
  std::string_view table = "samples";
  // The calls to a sink never overlap, so that it never has more than one
  // connection: a minimum above 1 is refused.
  std::int64_t pool_min_size = 1;
  std::int64_t pool_max_size = 4;
  // Of a statement, and of the lock it waits for; nine tenths of
  // command_timeout_s at most, so that the answer of the server comes in time.
  // 0: that.
  std::int64_t statement_timeout_ms = 30000;
  double command_timeout_s = 10;  // of a batch, and of all it takes
  double connect_timeout_s = 30;  // how long it takes to open
  double close_timeout_s = 10;    // closing never waits for the server anyway
  bool create_table = false;      // from the first batch, if it is missing
  bool trust_table = false;       // whoever's functions it runs
  std::string_view synchronous_commit = {};  // empty: as the server is set
  bool use_copy = true;                      // else INSERT
  bool text_times = false;                   // when it creates the table
  Fields columns = {};                       // likewise
};

STOGGER_API Status make_sample_sink(const MemoryConfig& config,
                                    SinkPtr* sink) noexcept;
STOGGER_API Status make_sample_sink(const CsvConfig& config,
                                    SinkPtr* sink) noexcept;
STOGGER_API Status make_sample_sink(const JsonlConfig& config,
                                    SinkPtr* sink) noexcept;
STOGGER_API Status make_sample_sink(const SqliteConfig& config,
                                    SinkPtr* sink) noexcept;
STOGGER_API Status make_sample_sink(const ParquetConfig& config,
                                    SinkPtr* sink) noexcept;
STOGGER_API Status make_sample_sink(const PostgresConfig& config,
                                    SinkPtr* sink) noexcept;

}  // namespace stogger
