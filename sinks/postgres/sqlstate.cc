#include "sinks/postgres/sqlstate.h"

#include <algorithm>
#include <array>

namespace stogger {
namespace {

struct Rule {
  std::string_view beginning;  // of the SQLSTATE
  Remedy remedy;
  Remedy in_session = remedy;  // see remedy_in_session()
};

// The longest beginning that fits wins. Names of the codes: PostgreSQL 15
// documentation, appendix A.
constexpr std::array kRules = {
    // In a session that works on, only somebody's trigger says so.
    Rule{"08", Remedy::reconnect, Remedy::look_again},  // connections
    Rule{"57P01", Remedy::reconnect, Remedy::doubt},    // admin_shutdown
    Rule{"57P02", Remedy::reconnect, Remedy::doubt},    // crash_shutdown
    Rule{"57P03", Remedy::reconnect, Remedy::doubt},    // cannot_connect_now
    Rule{"57P04", Remedy::give_up, Remedy::doubt},      // database_dropped
    Rule{"57P05", Remedy::reconnect, Remedy::doubt},    // idle for too long
    Rule{"25006", Remedy::reconnect, Remedy::doubt},    // read-only
    Rule{"25P02", Remedy::reconnect, Remedy::doubt},    // failed before
    Rule{"25P03", Remedy::reconnect, Remedy::doubt},    // idle in transaction
    Rule{"26000", Remedy::be_pooled, Remedy::doubt},    // no such statement
    Rule{"42P05", Remedy::be_pooled, Remedy::doubt},    // there is one already
    Rule{"28", Remedy::give_up, Remedy::doubt},         // authorization
    Rule{"3D", Remedy::give_up, Remedy::doubt},         // the database
    Rule{"53400", Remedy::give_up, Remedy::doubt},      // configured limits
    Rule{"53", Remedy::give_up},        // disk full, no memory, ...
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

// Null if there is none.
const Rule* find_rule(std::string_view sqlstate) noexcept {
  const Rule* best = nullptr;
  for (const Rule& rule : kRules) {
    if (sqlstate.starts_with(rule.beginning) &&
        (best == nullptr || rule.beginning.size() > best->beginning.size())) {
      best = &rule;
    }
  }
  return best;
}

Remedy without_rule(std::string_view sqlstate) noexcept {
  return is_of_user(sqlstate) ? Remedy::set_aside : Remedy::doubt;
}

}  // namespace

Remedy remedy_for(std::string_view sqlstate) noexcept {
  const Rule* const rule = find_rule(sqlstate);
  return rule == nullptr ? without_rule(sqlstate) : rule->remedy;
}

Remedy remedy_in_session(std::string_view sqlstate) noexcept {
  const Rule* const rule = find_rule(sqlstate);
  return rule == nullptr ? without_rule(sqlstate) : rule->in_session;
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
