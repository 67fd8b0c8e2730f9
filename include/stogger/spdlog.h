// A sink of spdlog that hands over to stogger what is logged there, so that a
// program can move from one to the other file by file:
//
//   const auto sink = std::make_shared<stogger::SpdlogSink>();
//   spdlog::default_logger()->sinks() = {sink};
//
// Each message becomes an event named `spdlog`, or as is said here. The text is
// its field `text`, and its message; it is never read as a template. Level,
// time, logger and source are those that spdlog has. Patterns and formatters of
// the sink are not used.
#pragma once

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/sink.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "stogger/log.h"
#include "stogger/system.h"

namespace stogger {

// May be used by any number of loggers, on any thread.
class SpdlogSink final : public spdlog::sinks::sink {
 public:
  // To the default system, or to one that lives as long as the sink.
  explicit SpdlogSink(std::string event = "spdlog")
      : event_(std::move(event)) {}
  explicit SpdlogSink(System& system, std::string event = "spdlog")
      : system_(&system), event_(std::move(event)) {}

  void log(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(
        message.time.time_since_epoch());
    logger_of(message).log_at(Time{time.count()}, level_of(message.level),
                              event_, {{"text", text}}, "{text}",
                              where_of(message.source));
  }

  void flush() override {
    if (system_ == nullptr) {
      static_cast<void>(stogger::flush());
    } else {
      static_cast<void>(system_->flush());
    }
  }

  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  static constexpr std::size_t kMostLoggers = 1000;

  // What has no severity, spdlog::level::off, is an info.
  static Level level_of(spdlog::level::level_enum level) noexcept {
    switch (level) {
      case spdlog::level::trace:
        return Level::trace;
      case spdlog::level::debug:
        return Level::debug;
      case spdlog::level::warn:
        return Level::warning;
      case spdlog::level::err:
        return Level::error;
      case spdlog::level::critical:
        return Level::critical;
      default:
        return Level::info;
    }
  }

  static Where where_of(const spdlog::source_loc& source) noexcept {
    const auto text = [](const char* name) {
      return name == nullptr ? std::string_view() : std::string_view(name);
    };
    return {text(source.funcname), text(source.filename),
            static_cast<unsigned>(source.line)};
  }

  // The logger of that name. Of names without end, not all are kept; and
  // nobody waits for another thread, which a child after fork() has not got.
  Logger logger_of(const spdlog::details::log_msg& message) {
    const std::string_view name(message.logger_name.data(),
                                message.logger_name.size());
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return make_logger(name);
    const auto known = loggers_.find(name);
    if (known != loggers_.end()) return known->second;
    if (loggers_.size() == kMostLoggers) loggers_.clear();
    return loggers_.emplace(name, make_logger(name)).first->second;
  }

  Logger make_logger(std::string_view name) const noexcept {
    return system_ == nullptr ? stogger::logger(name) : system_->logger(name);
  }

  System* const system_ = nullptr;
  const std::string event_;
  std::mutex mutex_;
  std::map<std::string, Logger, std::less<>> loggers_;
};

}  // namespace stogger
