// What to do about an error that PostgreSQL reports.
#pragma once

#include <string>
#include <string_view>

namespace stogger {

enum class Remedy {
  give_up,     // fail now; the next attempt after a while may work
  retry,       // the same again, after a moment: a conflict with another
               // transaction
  reconnect,   // on a new connection: this one, or its server, is of no use
  look_again,  // on a new connection that has looked at the table again
  be_pooled,   // without named statements: there is a pooler in between
  set_aside,   // the row itself is at fault
  doubt,       // the row is at fault unless the next ones are refused alike
  slow,        // the same, but it took so long that the next one decides
};

// For the five characters of an SQLSTATE that the server reported for an INSERT
// that it did not execute. A connection that works on has shown something about
// the row, unless it is known better: anybody's trigger may raise anything.
Remedy remedy_for(std::string_view sqlstate) noexcept;
// The same if the session works on, as it does not after such errors of the
// server itself: there somebody's trigger has raised it, or handed it on from
// another server.
Remedy remedy_in_session(std::string_view sqlstate) noexcept;

// Rows that were refused one after the other with the same SQLSTATE, and none
// stored in between.
class AlikeRefusals {
 public:
  // Returns true if it is the table that is at fault, rather than the rows.
  bool add(std::string_view sqlstate, Remedy remedy);
  void reset() noexcept { count_ = slow_ = 0; }
  // True if the last row was refused like that, too.
  bool are_like(std::string_view sqlstate) const noexcept {
    return count_ > 0 && sqlstate == sqlstate_;
  }

 private:
  std::string sqlstate_;
  int count_ = 0;
  int slow_ = 0;  // of them with Remedy::slow
};

}  // namespace stogger
