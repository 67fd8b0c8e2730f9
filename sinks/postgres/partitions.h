// Whether a table that is partitioned by time has a partition for an event. The
// server is asked for what its partitions take, and nothing is inserted: that
// would take numbers of sequences and fire triggers.
#pragma once

#include <string>

#include "sinks/postgres/connection.h"

namespace stogger {

class Partitions {
 public:
  // Reads the conditions of all partitions of the table with that OID, whose
  // name is qualified and in quotes. In a transaction that only reads, as the
  // rest.
  Partitions(Connection& connection, const std::string& table_id,
             std::string table, Deadline deadline);

  // True if no partition takes an event of that many days from now on. False
  // also if that cannot be told: it may depend on other columns.
  bool lack(int days);

 private:
  Connection& connection_;
  const std::string table_;
  const Deadline deadline_;
  bool is_known_ = false;
  std::string condition_;  // that one of them takes a row, in SQL
};

}  // namespace stogger
