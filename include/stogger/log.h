// Logging: the one header most files need.
//
//   stogger::init("stogger.toml");
//   stogger::info("user-login", {{"user_id", 42}, {"ip", ip}});
//   stogger::warning("disk-low", {{"free_mb", 120.5}},
//                    "Only {free_mb:.1f} MB left on {mount}");
//   auto log = stogger::logger("http").with({{"request_id", id}});
//   log.error("upstream-timeout", {{"ms", 1500}});
//
// An event is a short fixed name and fields that keep their types. The third
// argument is an optional message template for people, a literal: {name} and
// {name:spec} with the format specifications of {fmt}. A field that is missing
// or null reads <missing>, a specification that does not fit reads <bad
// format>.
//
// What every logging call promises:
//   - it is noexcept and returns nothing; bad input is marked, not refused;
//   - it may be made from any thread, from constructors and destructors of
//     static objects, and in a child after fork();
//   - when it returns, each sink has taken the event or counted its loss (see
//     stats.h), and the caller's memory is no longer read;
//   - below every sink's level it costs one relaxed load and a branch. (Its
//     arguments are evaluated all the same; STOGGER_AT avoids that.)
// It must not be made from a signal handler.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

// First, and not by way of another header: an error about a value then names
// its type within the first three lines.
// clang-format off
#include "stogger/value.h"
// clang-format on
#include "stogger/context.h"
#include "stogger/export.h"
#include "stogger/level.h"
#include "stogger/stats.h"
#include "stogger/status.h"

namespace stogger {

// Where a call stands in the source. Filled in by the compiler; pass one only
// to log on behalf of someone else.
struct Where {
  std::string_view function;
  std::string_view file;
  unsigned line = 0;

  static constexpr Where here(const char* function = __builtin_FUNCTION(),
                              const char* file = __builtin_FILE(),
                              unsigned line = __builtin_LINE()) noexcept {
    return {function, file, line};
  }
};

// A message template. String literals and other constants convert to it; text
// that is known only at run time does not, since whoever wrote such a text
// could have any field repeated as often as he likes. Text of users is a field:
//
//   log.info("comment", {{"text", comment}}, "New comment: {text}");
class MessageTemplate {
 public:
  constexpr MessageTemplate() noexcept = default;
  template <class T>
  requires std::convertible_to<const T&, std::string_view>
  consteval MessageTemplate(const T& literal) noexcept : text_(literal) {}

  constexpr std::string_view text() const noexcept { return text_; }

 private:
  friend constexpr MessageTemplate runtime_template(std::string_view) noexcept;

  std::string_view text_;
};

// For templates that are the program's own but no constants, such as
// translations. Never for text that others wrote.
constexpr MessageTemplate runtime_template(std::string_view text) noexcept {
  MessageTemplate message;
  message.text_ = text;
  return message;
}

namespace detail {

struct Call {
  Level level;
  std::string_view event;
  Fields fields;
  std::string_view message;
  Where where;
};

// The threshold of the default system: calls below it are filtered. Lets
// everything through until the system exists. Relaxed atomic access only.
STOGGER_API extern std::int32_t default_threshold;

struct LoggerRep;

inline bool enabled(const std::int32_t* threshold, Level level) noexcept {
  return static_cast<std::int32_t>(level) >=
         __atomic_load_n(threshold, __ATOMIC_RELAXED);
}

// A null rep is the unnamed logger of the default system.
STOGGER_API void log(const LoggerRep* rep, const Call& call) noexcept;
STOGGER_API void log_at(Time time, const LoggerRep* rep,
                        const Call& call) noexcept;
STOGGER_API void log_exception(const LoggerRep* rep, const Call& call) noexcept;
STOGGER_API void retain(const LoggerRep* rep) noexcept;
STOGGER_API void release(const LoggerRep* rep) noexcept;

}  // namespace detail

class Logger;

// A logger of the default system.
STOGGER_API [[nodiscard]] Logger logger(std::string_view name = {}) noexcept;

// A name and bound fields, which go with every event logged through it. Cheap
// to copy (a counted reference); copies share nothing that changes, so each
// may be used from any thread.
class Logger {
 public:
  // The unnamed logger of the default system.
  Logger() noexcept : threshold_(&detail::default_threshold) {}
  Logger(const Logger& other) noexcept
      : threshold_(other.threshold_), rep_(other.rep_) {
    if (rep_ != nullptr) detail::retain(rep_);
  }
  Logger(Logger&& other) noexcept
      : threshold_(other.threshold_), rep_(other.rep_) {
    other.threshold_ = &detail::default_threshold;
    other.rep_ = nullptr;
  }
  Logger& operator=(const Logger& other) noexcept {
    return *this = Logger(other);
  }
  Logger& operator=(Logger&& other) noexcept {
    if (this != &other) {
      if (rep_ != nullptr) detail::release(rep_);
      threshold_ = other.threshold_;
      rep_ = other.rep_;
      other.threshold_ = &detail::default_threshold;
      other.rep_ = nullptr;
    }
    return *this;
  }
  ~Logger() {
    if (rep_ != nullptr) detail::release(rep_);
  }

  // A logger with these fields besides its own; later ones win. Copies them.
  [[nodiscard]] Logger with(Fields fields) const noexcept;

  // True if some sink would take an event of this level.
  bool enabled(Level level) const noexcept {
    return detail::enabled(threshold_, level);
  }

  void log(Level level, std::string_view event, Fields fields = {},
           MessageTemplate message = {},
           Where where = Where::here()) const noexcept {
    if (enabled(level)) {
      detail::log(rep_, {level, event, fields, message.text(), where});
    }
  }

  // The same of an event that happened at that time: for bridges from other
  // logging libraries, and for logs that are read back.
  void log_at(Time time, Level level, std::string_view event,
              Fields fields = {}, MessageTemplate message = {},
              Where where = Where::here()) const noexcept {
    if (enabled(level)) {
      detail::log_at(time, rep_, {level, event, fields, message.text(), where});
    }
  }

  void trace(std::string_view event, Fields fields = {},
             MessageTemplate message = {},
             Where where = Where::here()) const noexcept {
    log(Level::trace, event, fields, message, where);
  }
  void debug(std::string_view event, Fields fields = {},
             MessageTemplate message = {},
             Where where = Where::here()) const noexcept {
    log(Level::debug, event, fields, message, where);
  }
  void info(std::string_view event, Fields fields = {},
            MessageTemplate message = {},
            Where where = Where::here()) const noexcept {
    log(Level::info, event, fields, message, where);
  }
  void warning(std::string_view event, Fields fields = {},
               MessageTemplate message = {},
               Where where = Where::here()) const noexcept {
    log(Level::warning, event, fields, message, where);
  }
  void error(std::string_view event, Fields fields = {},
             MessageTemplate message = {},
             Where where = Where::here()) const noexcept {
    log(Level::error, event, fields, message, where);
  }
  void critical(std::string_view event, Fields fields = {},
                MessageTemplate message = {},
                Where where = Where::here()) const noexcept {
    log(Level::critical, event, fields, message, where);
  }
  void alert(std::string_view event, Fields fields = {},
             MessageTemplate message = {},
             Where where = Where::here()) const noexcept {
    log(Level::alert, event, fields, message, where);
  }

  // An error about the exception being handled: adds the fields
  // exception_class; exception_msg, with the messages of nested exceptions
  // joined by ": ", outermost first; and error_code, such as generic:13, if one
  // of them is a std::system_error. Call it inside a catch block; elsewhere it
  // logs without them.
  void exception(std::string_view event, Fields fields = {},
                 MessageTemplate message = {},
                 Where where = Where::here()) const noexcept {
    if (enabled(Level::error)) {
      detail::log_exception(
          rep_, {Level::error, event, fields, message.text(), where});
    }
  }

 private:
  friend class System;
  friend class Scope;
  friend Logger logger(std::string_view name) noexcept;
  Logger(const std::int32_t* threshold, const detail::LoggerRep* rep) noexcept
      : threshold_(threshold), rep_(rep) {}

  const std::int32_t* threshold_;
  const detail::LoggerRep* rep_ = nullptr;
};

// The calls of the unnamed logger of the default system. It needs no set-up:
// without init(), events of level info and above go to stderr.
inline void log(Level level, std::string_view event, Fields fields = {},
                MessageTemplate message = {},
                Where where = Where::here()) noexcept {
  if (detail::enabled(&detail::default_threshold, level)) {
    detail::log(nullptr, {level, event, fields, message.text(), where});
  }
}
inline void trace(std::string_view event, Fields fields = {},
                  MessageTemplate message = {},
                  Where where = Where::here()) noexcept {
  log(Level::trace, event, fields, message, where);
}
inline void debug(std::string_view event, Fields fields = {},
                  MessageTemplate message = {},
                  Where where = Where::here()) noexcept {
  log(Level::debug, event, fields, message, where);
}
inline void info(std::string_view event, Fields fields = {},
                 MessageTemplate message = {},
                 Where where = Where::here()) noexcept {
  log(Level::info, event, fields, message, where);
}
inline void warning(std::string_view event, Fields fields = {},
                    MessageTemplate message = {},
                    Where where = Where::here()) noexcept {
  log(Level::warning, event, fields, message, where);
}
inline void error(std::string_view event, Fields fields = {},
                  MessageTemplate message = {},
                  Where where = Where::here()) noexcept {
  log(Level::error, event, fields, message, where);
}
inline void critical(std::string_view event, Fields fields = {},
                     MessageTemplate message = {},
                     Where where = Where::here()) noexcept {
  log(Level::critical, event, fields, message, where);
}
inline void alert(std::string_view event, Fields fields = {},
                  MessageTemplate message = {},
                  Where where = Where::here()) noexcept {
  log(Level::alert, event, fields, message, where);
}
inline void exception(std::string_view event, Fields fields = {},
                      MessageTemplate message = {},
                      Where where = Where::here()) noexcept {
  if (detail::enabled(&detail::default_threshold, Level::error)) {
    detail::log_exception(nullptr,
                          {Level::error, event, fields, message.text(), where});
  }
}

// A named stretch of work on this thread, from here to the closing brace.
// Every event logged on the thread inside it, through whatever logger, carries
// the name of the innermost scope in its scope column and the fields of all
// scopes around it. At its end a scope logs `scope-end` at level debug, or
// `scope-failed` at level warning if an exception is leaving it; both carry
// duration_ms and its fields.
//
// The name and the fields are copied. Only for the stack: scopes of a thread
// end in the reverse of the order they began in. One that ends before others
// that began inside it takes these off the thread with it. One that ends on
// another thread than it began on, as in a coroutine that was suspended
// meanwhile, is taken off that thread if a ContextGuard has brought it there;
// where it began, a ContextGuard around it takes it off.
class STOGGER_API Scope {
 public:
  explicit Scope(std::string_view name, Fields fields = {},
                 Where where = Where::here()) noexcept
      : Scope(Logger(), name, fields, where) {}
  // Ends with an event of that logger.
  Scope(const Logger& log, std::string_view name, Fields fields = {},
        Where where = Where::here()) noexcept;
  ~Scope();

  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  static void* operator new(std::size_t) = delete;
  static void* operator new[](std::size_t) = delete;

 private:
  void log_end(bool failed, Level level) const noexcept;

  Logger log_;
  Where where_;
  std::int64_t started_ns_;
  int exceptions_;
  const detail::ScopeRep* rep_;  // name and fields; null without room
};

// Sets the default system up from a TOML file, in place of what it was. Sinks
// whose tables are the same stay open; the new ones are opened first, then the
// old ones flushed and closed. Without a path, and whenever $STOGGER_CONFIG is
// set, the file is that one. Loggers made before keep working.
//
// Problems never stop a program: each is printed on stderr with its line and
// column, whatever is right is started (at the least the console), and the
// first is returned. If a configuration runs already, one with a problem does
// not replace it: what runs is kept, one line says so, and the problem is
// returned. May be called at any time, from one thread at a time.
STOGGER_API ReportedStatus init(std::string_view path = {}) noexcept;
// The same from TOML text; $STOGGER_CONFIG does not matter.
STOGGER_API ReportedStatus init_text(std::string_view toml) noexcept;

// From now on, that signal, SIGHUP say, has the file of the last init() read
// again, as another init() would, on a thread of the library. The handler only
// wakes it up, then calls the one that the program had before. After shutdown()
// and in a child of fork(), the next init() or reload_on() goes on with it.
STOGGER_API ReportedStatus reload_on(int signal) noexcept;

// What init() would return for that file. Nothing is changed, started or
// printed, and no target is checked.
STOGGER_API Status check(std::string_view path) noexcept;

// Sets the level of the sinks that have none of their own, as `level` of
// [stogger] does, or that of a logger and of all whose names go on from its
// name with a dot, as [stogger.levels] does: from now on, until init() is
// called. Level::off ends them; a rule may come before the first such logger.
// May be called while other threads log. Fails, and changes nothing, if the
// name is empty or has a *, a comma or a = in it.
STOGGER_API ReportedStatus set_level(Level level) noexcept;
STOGGER_API ReportedStatus set_level(std::string_view logger,
                                     Level level) noexcept;

// Adds a sink to the default system. `options` are the keys that its table has
// in a TOML file, `level` among them, which is that of [stogger] by default:
//   stogger::add_sink("audit", "jsonl", {{"path", "audit.jsonl"}});
// It gets events from now on. Fails, and adds nothing, if an option is wrong or
// there is a sink of that name; a failure to open it is retried.
STOGGER_API ReportedStatus add_sink(std::string_view name,
                                    std::string_view type,
                                    Fields options = {}) noexcept;
// Flushes and closes the sink of that name, and takes it away.
STOGGER_API ReportedStatus remove_sink(std::string_view name) noexcept;

// Hands all buffered events of the default system to their targets.
STOGGER_API ReportedStatus flush() noexcept;
// The same for events that are queued (delivery = "async"), which it waits for
// in that many seconds, all sinks together: the Status says how many are not
// with their target by then. Without a number, it waits for the `drain_ms` of
// each sink; while a target fails, it does not wait.
STOGGER_API ReportedStatus flush(double seconds) noexcept;

// Flushes and closes every sink of the default system. Happens automatically at
// normal exit. An event logged later still arrives: its sink is opened for it
// alone, which is slow.
STOGGER_API ReportedStatus shutdown() noexcept;

STOGGER_API Stats stats() noexcept;

// Has std::terminate() log the exception that nobody handles, on whatever
// thread, as the event `unhandled-exception` of level critical with the fields
// of exception(); without an exception it has none of these. Then all sinks are
// flushed, and the handler goes on that was there before, which aborts unless
// the program has set another. Whatever holds that up, the program is aborted
// after ten seconds. Once is enough: later calls do nothing.
STOGGER_API void log_unhandled() noexcept;

}  // namespace stogger

// Logs through `log` and evaluates the arguments after `event` only if the
// level is on:
//   STOGGER_AT(log, stogger::Level::debug, "cart", {{"items", count_items()}});
#define STOGGER_AT(log_, level_, ...)                \
  do {                                               \
    const auto& stogger_log = (log_);                \
    const ::stogger::Level stogger_level = (level_); \
    if (stogger_log.enabled(stogger_level)) {        \
      stogger_log.log(stogger_level, __VA_ARGS__);   \
    }                                                \
  } while (false)
