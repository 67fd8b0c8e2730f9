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
    Rule{"25P03", Remedy::reconnect},   // idle_in_transaction_session_timeout
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
};

}  // namespace

Remedy remedy_for(std::string_view sqlstate) noexcept {
  const Rule* best = nullptr;
  for (const Rule& rule : kRules) {
    if (sqlstate.starts_with(rule.beginning) &&
        (best == nullptr || rule.beginning.size() > best->beginning.size())) {
      best = &rule;
    }
  }
  return best == nullptr ? Remedy::give_up : best->remedy;
}

}  // namespace stogger
