// OwnersStay: as root, SQLite gives the log of a database and its index the
// owner of the database whenever it opens them, also where it only reads. While
// one of these lives, it does not, on the thread that made it.
#pragma once

namespace stogger {

class OwnersStay {
 public:
  OwnersStay() noexcept;
  ~OwnersStay();
  OwnersStay(const OwnersStay&) = delete;
  OwnersStay& operator=(const OwnersStay&) = delete;
};

}  // namespace stogger
