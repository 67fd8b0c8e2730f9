// What a checkpoint would have to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

struct sqlite3;

namespace stogger {

// The pages that are in the write-ahead log and not yet in the database. A page
// is written to the log as often as it changes, and to the database once: what
// ten thousand small events have put into the log is moved quickly, and what as
// many large ones have put there is not.
class WaitingPages {
 public:
  // Asks for all the memory that it will ever need.
  void set_limit(std::int64_t bytes, std::int64_t page_size);
  void give_back() noexcept { pages_ = std::vector<std::uint32_t>(); }
  // True if there are as many different pages as the limit allows, or a quarter
  // less, in the log's frames from `begin` to `end`. Reads what it has not seen
  // yet, and nothing where so few frames cannot be too many pages. True also
  // while the log cannot be read, before the connection has used it.
  bool reach_limit(sqlite3* connection, int begin, int end) noexcept;

  // What it counts with: one more frame, of that page.
  void add(std::uint32_t page) noexcept;
  bool are_too_many() const noexcept { return too_many_; }

 private:
  void forget(int begin) noexcept;

  std::size_t most_ = 0;
  std::int64_t page_size_ = 0;
  int begin_ = 0;
  int end_ = 0;
  bool too_many_ = false;  // stays so until it counts from the beginning
  std::vector<std::uint32_t> pages_;  // some more than once
};

}  // namespace stogger
