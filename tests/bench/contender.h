// What log_bench compares: ways to get the same events into a file.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace bench {

// The event that everybody logs.
struct Login {
  int user_id;
  std::string ip;
  double duration_ms;
};

// Different ones in turn, as a clock with nanoseconds would measure them.
inline const Login& login(std::size_t number) {
  constexpr std::size_t kCount = 1024;
  static const auto* const all = [] {
    auto* made = new std::array<Login, kCount>;
    for (std::size_t i = 0; i < kCount; ++i) {
      (*made)[i] = {static_cast<int>(1000 + i * 7919 % 100000),
                    "203.0.113." + std::to_string(i % 256),
                    static_cast<double>(i * 7919 * 31 % 50000000) / 1e6};
    }
    return made;
  }();
  return (*all)[number % kCount];
}

enum class Format { json, text };
enum class Flush { block, line };

class Contender {
 public:
  Contender() = default;
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  virtual std::string name() const = 0;
  // Begins a file of that path, which does not exist yet.
  virtual void open(const std::string& path) = 0;
  // Logs `count` events. Called from several threads at a time.
  virtual void run(std::size_t count) = 0;
  // Hands to the kernel what is still in memory. Counts as part of the work.
  virtual void flush() = 0;
  // Lets go of the file.
  virtual void close() = 0;
};

using ContenderPtr = std::unique_ptr<Contender>;

// Each makes a contender, or null where the machine has not got what it needs.
ContenderPtr stogger_file(Format format, Flush flush);
ContenderPtr stogger_below_level();
ContenderPtr stogger_template();
ContenderPtr stogger_sqlite();
// JSON lines, with that key `delivery`.
ContenderPtr stogger_queued(const std::string& delivery);
ContenderPtr spdlog_file(Format format, Flush flush);
ContenderPtr spdlog_below_level();
ContenderPtr spdlog_message();
// Of these, flush() waits for the writing if `waits` is true; else only the
// caller's side is seen, of a burst that fits the queue.
ContenderPtr spdlog_async(bool waits);
ContenderPtr quill_file();
ContenderPtr sqlite_bare();
ContenderPtr boost_file(Format format, Flush flush);
ContenderPtr glog_file(Format format, Flush flush);

// How often this program asks for memory between the two calls.
void begin_counting_allocations();
std::size_t end_counting_allocations();

}  // namespace bench
