// What to do about an error that PostgreSQL reports.
#pragma once

#include <string_view>

namespace stogger {

enum class Remedy {
  give_up,     // fail now; the next attempt after a while may work
  retry,       // the same again, at once: a conflict with another transaction
  reconnect,   // on a new connection: this one, or its server, is of no use
  look_again,  // on a new connection that has looked at the table again
  be_pooled,   // without named statements: there is a pooler in between
  set_aside,   // the row itself is at fault
};

// For the five characters of an SQLSTATE that the server reported for a
// statement that it did not execute.
Remedy remedy_for(std::string_view sqlstate) noexcept;

}  // namespace stogger
