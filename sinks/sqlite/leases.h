// OpensAtOnce: open(2) waits for a lease that the owner of a file holds on it,
// up to 45 s; with O_NONBLOCK, which changes nothing else for a file, it fails
// at once. While one of these lives, SQLite opens so on the thread that made
// it.
#pragma once

namespace stogger {

class OpensAtOnce {
 public:
  OpensAtOnce() noexcept;
  ~OpensAtOnce();
  OpensAtOnce(const OpensAtOnce&) = delete;
  OpensAtOnce& operator=(const OpensAtOnce&) = delete;
};

}  // namespace stogger
