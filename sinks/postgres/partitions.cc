#include "sinks/postgres/partitions.h"

#include <string_view>
#include <utility>

#include "sinks/postgres/reply.h"

namespace stogger {
namespace {

// Of those that have partitions themselves, the last ones say all. One without
// a condition is the only one, and the default. The second column: whether all
// keys are columns that are known beforehand, at every depth.
constexpr const char* kConditions = R"(
SELECT coalesce(pg_catalog.pg_get_partition_constraintdef(t.relid), 'true'),
       (SELECT pg_catalog.bool_and(coalesce(
                 a.attname OPERATOR(pg_catalog.=) 'timestamp'
                 OR a.attname OPERATOR(pg_catalog.=) 'level'
                 OR a.attname OPERATOR(pg_catalog.=) 'event', false))
          FROM pg_catalog.pg_partition_tree(
                 $1::pg_catalog.oid::pg_catalog.regclass) b
          JOIN pg_catalog.pg_partitioned_table p
            ON p.partrelid OPERATOR(pg_catalog.=) b.relid::pg_catalog.oid
         CROSS JOIN pg_catalog.unnest(
                      p.partattrs::pg_catalog.int2[]) AS k(position)
          LEFT JOIN pg_catalog.pg_attribute a
            ON a.attrelid OPERATOR(pg_catalog.=) p.partrelid
           AND a.attnum OPERATOR(pg_catalog.=) k.position)
  FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) t
 WHERE t.isleaf LIMIT 1001)";
// Their conditions, of which that of a default partition names all others, have
// room in one answer: see kMostOfAnswer.
constexpr int kMostPartitions = 1000;

}  // namespace

Partitions::Partitions(Connection& connection, const std::string& table_id,
                       std::string table, Deadline deadline)
    : connection_(connection), table_(std::move(table)), deadline_(deadline) {
  const char* const id = table_id.c_str();
  ResultPtr result;
  const Answer answer = connection_.run(
      kConditions, {1, &id, nullptr, nullptr, nullptr}, deadline_, &result);
  const int count = PQntuples(result.get());
  if (!answer.ok() || count > kMostPartitions) return;
  for (int i = 0; i < count; ++i) {
    std::string_view text;
    if (!cell(result.get(), i, 1, &text).ok() || text != "t") return;
    if (!cell(result.get(), i, 0, &text).ok()) return;
    condition_ += i == 0 ? "(" : ") OR (";
    condition_ += text;
  }
  condition_ += count == 0 ? "false" : ")";
  is_known_ = true;
}

bool Partitions::lack(int days) {
  if (!is_known_) return false;
  const std::string from_now = std::to_string(days);
  const char* const parameter = from_now.c_str();
  ResultPtr result;
  const Answer answer = connection_.run(
      "SELECT " + condition_ +
          " FROM pg_catalog.jsonb_populate_record(NULL::" + table_ +
          ", pg_catalog.jsonb_build_object('timestamp', pg_catalog.now() "
          "OPERATOR(pg_catalog.+) pg_catalog.make_interval(days => "
          "$1::pg_catalog.int4), 'level', 'info', 'event', 'stogger'))",
      {1, &parameter, nullptr, nullptr, nullptr}, deadline_, &result);
  const char* takes = nullptr;
  return answer.ok() && nullable_cell(result.get(), 0, 0, &takes).ok() &&
         takes != nullptr && *takes == 'f';
}

}  // namespace stogger
