// PostgresPolicy: what differs between log events and samples, besides their
// options and times: see settings.h.
#pragma once

namespace stogger {

struct PostgresPolicy {
  // The table has the columns of log events, or gets them from a session that
  // finds none. `data` takes what fits no other column, and is never null;
  // `event` and `level` are cut to what an index takes. Otherwise no column is
  // special, and the first batch makes the table.
  bool has_standard_columns;
  // In jsonb, which indexes are made of, JSON with very many values becomes
  // text, for an event has less time than they take: see few_values.h.
  bool limits_json;
  // A statement has all the time there is, and so has the lock that it waits
  // for: what took too long is not tried again in parts. Otherwise a lock has
  // a part of the statement's time, a row is tried again after it, and rows
  // that took too long are isolated.
  bool has_one_try;
};
inline constexpr PostgresPolicy kPostgresEvents = {true, true, false};
inline constexpr PostgresPolicy kPostgresSamples = {false, false, true};

}  // namespace stogger
