#include "deliver/system.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "base/guarded.h"
#include "base/quote.h"
#include "event/logger.h"
#include "os/diagnostics.h"
#include "os/path_option.h"
#include "os/process.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

std::atomic<Hub*> the_default_hub{nullptr};

void close_at_exit() noexcept { static_cast<void>(default_hub().close()); }

// Without a configuration: info and above, or what $STOGGER_LEVEL says, on
// stderr.
void install_console(Hub& hub) {
  HubSettings settings;
  // Not for programs that run with more rights than who started them.
  if (const char* levels = ::secure_getenv("STOGGER_LEVEL")) {
    const std::string wrong =
        read_levels(levels, &settings.level, &settings.levels);
    if (!wrong.empty()) {
      report("$STOGGER_LEVEL: its value " + wrong + "; info is used");
    }
  }
  SinkPtr console;
  if (make_sink("console", {}, &console).ok()) {
    std::vector<HubSink> sinks;
    sinks.push_back({{"console", "console"}, {}, std::move(console)});
    static_cast<void>(hub.install(settings, std::move(sinks)));
  }
}

Hub& make_default_hub() {
  // A child that inherited it half made would wait for the other half forever.
  const NoFork one_at_a_time;
  if (Hub* hub = the_default_hub.load(std::memory_order_acquire)) return *hub;
  const auto release = [](Hub* hub) { hub->release(); };
  std::unique_ptr<Hub, decltype(release)> made(
      new Hub(Clock::real(), &detail::default_threshold), release);
  install_console(*made);
  handle_exit(ExitPart::systems, &close_at_exit);
  the_default_hub.store(made.get(), std::memory_order_release);
  return *made.release();
}

// Calls into the default system. There may be no memory to make it.
template <class Function>
Status with_default_hub(Function function) noexcept {
  try {
    return function(default_hub());
  } catch (const std::exception& e) {
    return Status(Code::unavailable, e.what());
  }
}

// What is no number, or too large for a clock, is a day.
std::chrono::steady_clock::time_point until(double seconds) noexcept {
  constexpr double kDay = 86400;
  const double most = seconds < kDay ? std::max(seconds, 0.0) : kDay;
  return std::chrono::steady_clock::now() +
         std::chrono::milliseconds(static_cast<std::int64_t>(most * 1000));
}

// Stands in for the default system as long as there is no memory to make it.
class Nowhere final : public EventTarget {
 public:
  void deliver(const detail::LoggerRep*,
               const detail::Call&) noexcept override {}
  void deliver_at(Time, const detail::LoggerRep*,
                  const detail::Call&) noexcept override {}
  bool is_delivering() const noexcept override { return false; }
  Clock* clock() noexcept override { return Clock::real(); }
  const std::int32_t* threshold() const noexcept override {
    return &detail::default_threshold;
  }
  LoggerLevel* take_level(std::string_view) override { return nullptr; }
  void release_level(LoggerLevel*) noexcept override {}
};

EventTarget& nowhere() noexcept {
  alignas(Nowhere) static char place[sizeof(Nowhere)];
  static auto* const instance = new (place) Nowhere;
  return *instance;
}

}  // namespace

Hub& default_hub() {
  Hub* hub = the_default_hub.load(std::memory_order_acquire);
  return hub != nullptr ? *hub : make_default_hub();
}

EventTarget& default_target() noexcept {
  try {
    return default_hub();
  } catch (...) {
    return nowhere();
  }
}

ReportedStatus set_level(Level level) noexcept {
  return with_default_hub([&](Hub& hub) { return hub.set_level(level); });
}

ReportedStatus set_level(std::string_view logger, Level level) noexcept {
  return with_default_hub(
      [&](Hub& hub) { return hub.set_level(logger, level); });
}

ReportedStatus flush() noexcept {
  return with_default_hub([](Hub& hub) { return hub.flush(); });
}

ReportedStatus flush(double seconds) noexcept {
  return with_default_hub([&](Hub& hub) { return hub.flush(until(seconds)); });
}

Stats stats() noexcept {
  Stats stats;
  static_cast<void>(with_default_hub([&](Hub& hub) {
    stats = hub.stats();
    return Status();
  }));
  return stats;
}

Status visit_rows(std::string_view name, RowVisitor visit,
                  void* argument) noexcept {
  return with_default_hub(
      [&](const Hub& hub) { return hub.visit_rows(name, visit, argument); });
}

Hub& hub_of(const System& system) {
  if (system.hub_ == nullptr) throw std::bad_alloc();
  return *system.hub_;
}

System::System(Clock* clock) noexcept : hub_(nullptr) {
  try {
    hub_ = new Hub(clock != nullptr ? clock : Clock::real());
  } catch (...) {
    // Every call says so.
  }
}

System::~System() {
  if (hub_ == nullptr) return;
  static_cast<void>(hub_->close());
  hub_->release();
}

System::System(System&& other) noexcept
    : hub_(std::exchange(other.hub_, nullptr)) {}

System& System::operator=(System&& other) noexcept {
  std::swap(hub_, other.hub_);
  return *this;
}

Status System::add_sink(std::string_view name, SinkPtr sink, Level level,
                        std::string_view dead_letter) noexcept {
  return guarded([&] {
    if (!sink) return Status(Code::invalid, "add_sink: the sink is null");
    if (const std::string_view wrong = wrong_path(dead_letter);
        !wrong.empty()) {
      return Status(Code::invalid,
                    "add_sink: \"dead_letter\" " + std::string(wrong));
    }
    DeadLetterFile letters;
    if (!dead_letter.empty()) {
      letters = {absolute_path(std::string(dead_letter)), default_file_modes()};
    }
    Status opened;
    Status added = hub_of(*this).add({{std::string(name), "custom"},
                                      level,
                                      std::move(sink),
                                      std::move(letters)},
                                     &opened);
    return added.ok() ? opened : added;
  });
}

Status System::remove_sink(std::string_view name) noexcept {
  return guarded([&] {
    Status closed;
    Status removed = hub_of(*this).remove(name, &closed);
    return removed.ok() ? closed : removed;
  });
}

Status System::visit_rows(std::string_view name, RowVisitor visit,
                          void* argument) const noexcept {
  return guarded(
      [&] { return hub_of(*this).visit_rows(name, visit, argument); });
}

Logger System::logger(std::string_view name) const noexcept {
  if (hub_ == nullptr) return {};
  const auto* rep = detail::make_logger_rep(*hub_, name);
  return rep != nullptr ? Logger(rep->threshold(), rep) : Logger();
}

Status System::set_level(Level level) noexcept {
  return guarded([&] { return hub_of(*this).set_level(level); });
}

Status System::set_level(std::string_view logger, Level level) noexcept {
  return guarded([&] { return hub_of(*this).set_level(logger, level); });
}

Status System::flush() noexcept {
  return guarded([&] { return hub_of(*this).flush(); });
}

Status System::flush(double seconds) noexcept {
  return guarded([&] { return hub_of(*this).flush(until(seconds)); });
}

Status System::close() noexcept {
  return guarded([&] { return hub_of(*this).close(); });
}

Stats System::stats() const noexcept {
  return hub_ != nullptr ? hub_->stats() : Stats();
}

}  // namespace stogger
