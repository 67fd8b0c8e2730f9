// System: a set of sinks and the loggers that write to them, as an object.
//
// Most programs need only the default system behind the free functions of
// log.h. A System of its own suits a library inside a larger program, and
// tests. Loggers keep what they need of their system alive: using one after
// its system is gone is safe, and does what logging after close() does.
#pragma once

#include <string_view>

#include "stogger/clock.h"
#include "stogger/export.h"
#include "stogger/level.h"
#include "stogger/log.h"
#include "stogger/sink.h"
#include "stogger/stats.h"
#include "stogger/status.h"

namespace stogger {

class Hub;

class STOGGER_API System {
 public:
  // Without sinks: every call is filtered. Without memory for it, and of a
  // system that was moved from, calls fail, and loggers are those of the
  // default system.
  explicit System(Clock* clock = nullptr) noexcept;  // null: Clock::real()
  ~System();                                         // closes
  System(System&& other) noexcept;
  System& operator=(System&& other) noexcept;

  // Replaces all sinks and settings by those of a TOML file, or of TOML text
  // (`name` stands for the file in messages). As init() does, it starts what is
  // right, prints each problem, and returns the first one; if a configuration
  // was loaded before and a sink of it runs, one with a problem changes
  // nothing.
  Status load(std::string_view path) noexcept;
  Status load_text(std::string_view toml, std::string_view name) noexcept;

  // Adds a sink. It gets the events of that level and above from now on; a
  // failure to open it counts as a failure of the sink and is retried.
  // `dead_letter` is the path of a file for rows that its target refuses; empty
  // for none.
  Status add_sink(std::string_view name, SinkPtr sink,
                  Level level = Level::trace,
                  std::string_view dead_letter = {}) noexcept;
  // Flushes and closes the sink of that name, and takes it away. It is
  // destroyed, as those are that load() replaces, when no call goes by it any
  // more: a pointer to it that was kept is not to be used from now on.
  Status remove_sink(std::string_view name) noexcept;
  // The rows that a sink of type memory keeps: see visit_rows() in sink.h.
  Status visit_rows(std::string_view name, RowVisitor visit,
                    void* argument) const noexcept;

  [[nodiscard]] Logger logger(std::string_view name = {}) const noexcept;

  Status set_level(Level level) noexcept;  // see log.h
  Status set_level(std::string_view logger, Level level) noexcept;

  Status flush() noexcept;
  Status flush(double seconds) noexcept;  // see log.h
  // Flushes and closes every sink. See shutdown() in log.h for what becomes of
  // events logged later.
  Status close() noexcept;
  Stats stats() const noexcept;

 private:
  friend Hub& hub_of(const System& system);
  Hub* hub_;
};

}  // namespace stogger
