// Samples by COPY, against bytes that are ready.
#include <cstdio>

#include "base/buffer.h"
#include "sinks/postgres/column.h"
#include "sinks/postgres/row_encoder.h"
#include "tests/bench/postgres/libpq.h"
#include "tests/bench/samples/samples_bench.h"
#include "tests/postgres/server.h"
#include "tests/support/kept_report.h"

namespace bench {
namespace {

using stogger::Buffer;
using stogger::Kind;
using stogger::PostgresColumn;
using stogger::PostgresServer;
using stogger::RowBatch;
using stogger::RowEncoder;

constexpr char kCopy[] =
    "COPY bare (device,unit_id,requested_at,received_at,midpoint_at,latency_s,"
    "pressure,flow,status) FROM STDIN (FORMAT binary)";

std::vector<PostgresColumn> columns_of(const RowBatch& rows) {
  constexpr std::uint32_t kText = 25;
  constexpr std::uint32_t kReal = 701;
  constexpr std::uint32_t kTime = 1184;
  std::vector<PostgresColumn> columns;
  for (std::size_t i = 0; i < rows.column_count; ++i) {
    const Kind kind = rows.at(0, i).kind();
    PostgresColumn& column = columns.emplace_back();
    column.name = rows.columns[i].name;
    require(set_builtin_type(kind == Kind::real   ? kReal
                             : kind == Kind::time ? kTime
                                                  : kText,
                             &column),
            "type");
  }
  return columns;
}

std::string encode(const RowBatch& rows) {
  stogger::Schema schema;
  RowEncoder encoder(columns_of(rows), stogger::kPostgresSamples, schema);
  encoder.match(rows);
  Buffer out;
  RowEncoder::append_copy_header(&out);
  for (std::size_t row = 0; row < rows.row_count; ++row) {
    require(encoder.encode(rows, row));
    encoder.append_tuple(&out);
  }
  RowEncoder::append_copy_trailer(&out);
  return std::string(out.view());
}

}  // namespace

void compare_postgres(const Settings& settings) {
  if (const std::string why = PostgresServer::why_not(); !why.empty()) {
    std::fprintf(stderr, "samples_bench: no PostgreSQL: %s\n", why.c_str());
    return;
  }
  constexpr std::size_t kBatch = 1000;
  // The tests' servers are set to be quick instead.
  const PostgresServer server(PostgresServer::Plan{
      .settings = {"fsync = on", "full_page_writes = on",
                   "shared_buffers = 128MB", "min_wal_size = 80MB",
                   "max_wal_size = 1GB"}});
  const Samples samples(kBatch);
  const std::string dsn = server.socket_dsn();
  stogger::SinkPtr sink;
  require(make_sample_sink("postgres", {{"dsn", dsn}, {"create_table", true}},
                           &sink));
  require(write_to(*sink, samples.batch()));
  server.execute("CREATE TABLE bare (LIKE samples)");
  Libpq bare(dsn);
  const std::string bytes = encode(samples.batch());
  compare(settings, "PostgreSQL, batches of 1,000, COPY", 0.9, 0, kBatch,
          settings.calls(100),
          {[&] { server.execute("TRUNCATE samples; CHECKPOINT"); },
           [&] { require(write_to(*sink, samples.batch())); }},
          {[&] { server.execute("TRUNCATE bare; CHECKPOINT"); },
           [&] { bare.copy(kCopy, bytes); }});
  require(sink->close());
}

}  // namespace bench
