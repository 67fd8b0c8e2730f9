// For tests of programs that log: a capture of events, and a clock to set.
//
//   stogger::testing::Capture capture;
//   run_the_code();
//   EXPECT_TRUE(capture.has(stogger::Level::info, "user-login",
//                           {{"user_id", 42}}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/clock.h"
#include "stogger/export.h"
#include "stogger/level.h"
#include "stogger/system.h"
#include "stogger/value.h"

namespace stogger::testing {

// A clock that stands still until it is moved. Callable from any thread.
class STOGGER_API ManualClock final : public Clock {
 public:
  // 2026-01-01T00:00:00Z by default.
  explicit ManualClock(Time start = Time{1767225600000000000}) noexcept
      : now_ns_(start.ns) {}

  void advance(double seconds) noexcept;
  void set(Time now) noexcept;  // does not move the monotonic time

  Time now() noexcept override;
  std::int64_t monotonic_ns() noexcept override;

 private:
  std::int64_t now_ns_;
  std::int64_t monotonic_ns_ = 0;
};

// A value that owns its text.
struct CapturedField {
  std::string key;
  std::string storage;  // of text and JSON
  Value plain;          // of every other kind

  Value value() const noexcept;
};

struct CapturedEvent {
  Time time;
  Level level = Level::off;
  std::string event;
  std::string func;
  std::string scope;
  std::string logger;
  std::string message;  // rendered; empty without a template
  std::vector<CapturedField> fields;

  // The field of that key; null if there is none.
  const CapturedField* find(std::string_view key) const noexcept;
};

// Takes all events, whatever their level, from the default system, or from the
// system given, from here to its end. For the default system it stands in for
// all sinks, which come back untouched afterwards; captures nest. To a system
// given it is added as one more sink, which stops capturing at its end.
class STOGGER_API Capture {
 public:
  Capture();
  explicit Capture(System& system);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // True if an event of that level and name carries at least these fields, as
  // they were passed to the call; func, scope, logger and message are known
  // too. Numbers are equal if their values are, whatever their kind; everything
  // else must be of the same kind. A secret is the text [REDACTED].
  bool has(Level level, std::string_view event, Fields fields = {}) const;
  // How many such events there are.
  std::size_t count(Level level, std::string_view event,
                    Fields fields = {}) const;
  std::size_t count(std::string_view event) const;

  // All events so far, in the order they were delivered in.
  std::vector<CapturedEvent> events() const;
  void clear();

 private:
  struct Rep;
  Rep* rep_;
};

}  // namespace stogger::testing
