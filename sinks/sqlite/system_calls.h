// What SQLite asks of the system in another way than it would, on a thread
// where one of these lives.
#pragma once

namespace stogger {

// open(2) waits for a lease that the owner of a file holds on it, up to 45 s.
// With O_NONBLOCK, which changes nothing else for a file, it fails at once.
class OpensAtOnce {
 public:
  OpensAtOnce() noexcept;
  ~OpensAtOnce();
  OpensAtOnce(const OpensAtOnce&) = delete;
  OpensAtOnce& operator=(const OpensAtOnce&) = delete;
};

// As root, SQLite gives the log of a database and its index the owner of the
// database whenever it opens them, also where it only reads. Here it does not.
class OwnersStay {
 public:
  OwnersStay() noexcept;
  ~OwnersStay();
  OwnersStay(const OwnersStay&) = delete;
  OwnersStay& operator=(const OwnersStay&) = delete;
};

}  // namespace stogger
