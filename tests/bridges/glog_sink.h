// The recipe of docs/migrating.md: what is logged through glog goes to stogger.
#pragma once

#include <glog/logging.h>
#include <stogger/log.h>

#include <cstdint>
#include <ctime>
#include <string_view>

class GlogSink final : public google::LogSink {
 public:
  GlogSink() { google::AddLogSink(this); }
  ~GlogSink() override { google::RemoveLogSink(this); }

  using google::LogSink::send;
  void send(google::LogSeverity severity, const char* file, const char*,
            int line, const google::LogMessageTime& time, const char* message,
            std::size_t size) override {
    const std::int64_t us =
        std::int64_t{time.timestamp()} * 1000000 + time.usec();
    log_.log_at(stogger::Time{us * 1000}, level_of(severity), "glog",
                {{"text", std::string_view(message, size)}}, "{text}",
                {{}, file, static_cast<unsigned>(line)});
    // glog aborts then.
    if (severity == google::GLOG_FATAL) stogger::flush();
  }

 private:
  static stogger::Level level_of(google::LogSeverity severity) {
    switch (severity) {
      case google::GLOG_INFO:
        return stogger::Level::info;
      case google::GLOG_WARNING:
        return stogger::Level::warning;
      case google::GLOG_ERROR:
        return stogger::Level::error;
      default:
        return stogger::Level::critical;
    }
  }

  const stogger::Logger log_ = stogger::logger("glog");
};
