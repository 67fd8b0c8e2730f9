#include "deliver/system.h"

#include <cstdlib>
#include <utility>

#include "base/diagnostics.h"
#include "event/logger.h"

namespace stogger {
namespace {

void close_at_exit() { static_cast<void>(default_hub().close()); }

// Without a configuration: info and above, or what $STOGGER_LEVEL says, on
// stderr.
void install_console(Hub& hub) {
  Level level = Level::info;
  if (const char* name = std::getenv("STOGGER_LEVEL")) {
    if (!parse_level(name, &level)) {
      report("$STOGGER_LEVEL is no level; info is used");
    }
  }
  SinkPtr console;
  if (make_sink("console", {}, &console).ok()) {
    std::vector<HubSink> sinks;
    sinks.push_back({"console", "console", level, std::move(console)});
    hub.install({}, std::move(sinks));
  }
}

}  // namespace

Hub& default_hub() noexcept {
  static Hub* const hub = [] {
    auto* made = new Hub(Clock::real(), &detail::default_threshold);
    install_console(*made);
    std::atexit(&close_at_exit);
    return made;
  }();
  return *hub;
}

EventTarget& default_target() noexcept { return default_hub(); }

Status flush() noexcept { return default_hub().flush(); }
Status shutdown() noexcept { return default_hub().close(); }
Stats stats() noexcept { return default_hub().stats(); }

Hub& hub_of(System& system) noexcept { return *system.hub_; }

System::System(Clock* clock) noexcept
    : hub_(new Hub(clock != nullptr ? clock : Clock::real())) {}

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

Status System::add_sink(std::string_view name, SinkPtr sink,
                        Level level) noexcept {
  try {
    if (!sink) return Status(Code::invalid, "add_sink: the sink is null");
    return hub_->add({std::string(name), "custom", level, std::move(sink)});
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  }
}

Logger System::logger(std::string_view name) const noexcept {
  const auto* rep = detail::make_logger_rep(*hub_, name, {}, {});
  return rep != nullptr ? Logger(hub_->threshold(), rep) : Logger();
}

Status System::flush() noexcept { return hub_->flush(); }
Status System::close() noexcept { return hub_->close(); }
Stats System::stats() const noexcept { return hub_->stats(); }

}  // namespace stogger
