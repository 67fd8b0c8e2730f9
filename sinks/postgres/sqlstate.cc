#include "sinks/postgres/sqlstate.h"

#include <algorithm>
#include <array>

namespace stogger {
namespace {

struct Rule {
  std::string_view beginning;  // of the SQLSTATE
  Remedy remedy;
};

// The longest beginning that fits wins. Names of the codes: PostgreSQL 15
// documentation, appendix A.
constexpr std::array kRules = {
    Rule{"08", Remedy::reconnect},      // connection exceptions
    Rule{"57P01", Remedy::reconnect},   // admin_shutdown
    Rule{"57P02", Remedy::reconnect},   // crash_shutdown
    Rule{"57P03", Remedy::reconnect},   // cannot_connect_now
    Rule{"57P05", Remedy::reconnect},   // idle_session_timeout
    Rule{"25006", Remedy::reconnect},   // read_only_sql_transaction
    Rule{"25P02", Remedy::reconnect},   // in_failed_sql_transaction
    Rule{"25P03", Remedy::reconnect},   // idle_in_transaction_session_timeout
    Rule{"28", Remedy::give_up},        // authorization
    Rule{"3D", Remedy::give_up},        // the database
    Rule{"53", Remedy::give_up},        // disk full, no memory, ...
    Rule{"57P04", Remedy::give_up},     // database_dropped
    Rule{"58", Remedy::give_up},        // of the system: input, output, ...
    Rule{"XX001", Remedy::give_up},     // data_corrupted
    Rule{"XX002", Remedy::give_up},     // index_corrupted
    Rule{"40001", Remedy::retry},       // serialization_failure
    Rule{"40P01", Remedy::retry},       // deadlock_detected
    Rule{"42P01", Remedy::look_again},  // undefined_table
    Rule{"3F000", Remedy::look_again},  // invalid_schema_name
    Rule{"42703", Remedy::look_again},  // undefined_column
    Rule{"42804", Remedy::look_again},  // datatype_mismatch
    Rule{"42704", Remedy::look_again},  // undefined_object
    Rule{"428C9", Remedy::look_again},  // generated_always
    Rule{"XX000", Remedy::look_again},  // internal_error: a type has gone
    Rule{"22P03", Remedy::look_again},  // invalid_binary_representation
    Rule{"0A000", Remedy::look_again},  // cached plan must not change its type
    Rule{"26000", Remedy::be_pooled},   // invalid_sql_statement_name
    Rule{"42P05", Remedy::be_pooled},   // duplicate_prepared_statement
    Rule{"22", Remedy::set_aside},      // data exceptions
    Rule{"23", Remedy::set_aside},      // constraints
    Rule{"44000", Remedy::set_aside},   // with_check_option_violation
    Rule{"54000", Remedy::set_aside},   // a row that an index cannot hold
    Rule{"54001", Remedy::set_aside},   // JSON nested too deeply
    Rule{"P0001", Remedy::set_aside},   // raise_exception, of a trigger
    Rule{"57014", Remedy::slow},        // query_canceled: statement_timeout
    Rule{"55P03", Remedy::slow},        // lock_not_available: lock_timeout
};

// Classes that no server has codes in: only somebody's trigger raises them.
bool is_of_user(std::string_view sqlstate) noexcept {
  if (sqlstate.empty()) return false;
  const char c = sqlstate.front();
  return c >= 'I' && c <= 'Z' && c != 'P' && c != 'X';
}

// As many refusals in a row, all alike, are the table's fault; or two that were
// too slow for it.
constexpr int kMostAlike = 10;
constexpr int kMostSlow = 2;

}  // namespace

Remedy remedy_for(std::string_view sqlstate) noexcept {
  const Rule* best = nullptr;
  for (const Rule& rule : kRules) {
    if (sqlstate.starts_with(rule.beginning) &&
        (best == nullptr || rule.beginning.size() > best->beginning.size())) {
      best = &rule;
    }
  }
  if (best != nullptr) return best->remedy;
  return is_of_user(sqlstate) ? Remedy::set_aside : Remedy::doubt;
}

bool AlikeRefusals::add(std::string_view sqlstate, Remedy remedy) {
  if (!are_like(sqlstate)) {
    sqlstate_ = sqlstate;
    reset();
  }
  // They are not forgotten by a sink that is closed and opened again.
  if (count_ < kMostAlike) ++count_;
  if (remedy == Remedy::slow && slow_ < kMostSlow) ++slow_;
  return remedy != Remedy::set_aside &&
         (count_ >= kMostAlike || slow_ >= kMostSlow);
}

}  // namespace stogger
