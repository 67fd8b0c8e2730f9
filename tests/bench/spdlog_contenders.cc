// spdlog, as its documentation shows it. JSON is made by hand: what does not
// change is in the pattern, the rest in the message. Nothing is escaped.
#define SPDLOG_ACTIVE_LEVEL SPDLOG_LEVEL_TRACE
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <thread>

#include "contender.h"

namespace bench {
namespace {

constexpr const char* kJsonPattern =
    R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","func":"%!",%v})";
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%SZ %L %v";

class SpdlogFile : public Contender {
 public:
  SpdlogFile(Format format, Flush flush) : format_(format), flush_(flush) {}

  std::string name() const override { return "spdlog"; }

  void open(const std::string& path) override {
    log_ = make(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
    log_->set_pattern(format_ == Format::json ? kJsonPattern : kTextPattern,
                      spdlog::pattern_time_type::utc);
    if (flush_ == Flush::line) log_->flush_on(spdlog::level::trace);
  }
  void run(std::size_t count) override {
    if (format_ == Format::json) {
      run_json(count);
    } else {
      run_text(count);
    }
  }
  void flush() override { log_->flush(); }
  void close() override { log_.reset(); }

 protected:
  virtual std::shared_ptr<spdlog::logger> make(spdlog::sink_ptr sink) {
    return std::make_shared<spdlog::logger>("bench", std::move(sink));
  }

  std::shared_ptr<spdlog::logger> log_;

 private:
  void run_json(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      SPDLOG_LOGGER_INFO(
          log_,
          R"("event":"user-login","user_id":{},"ip":"{}","duration_ms":{})",
          login.user_id, login.ip, login.duration_ms);
    }
  }
  void run_text(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      SPDLOG_LOGGER_INFO(log_,
                         "user-login                     user_id={} ip={} "
                         "duration_ms={}",
                         login.user_id, login.ip, login.duration_ms);
    }
  }

  const Format format_;
  const Flush flush_;
};

class SpdlogBelowLevel final : public SpdlogFile {
 public:
  SpdlogBelowLevel() : SpdlogFile(Format::json, Flush::line) {}

  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      SPDLOG_LOGGER_DEBUG(
          log_,
          R"("event":"user-login","user_id":{},"ip":"{}","duration_ms":{})",
          login.user_id, login.ip, login.duration_ms);
    }
  }
};

class SpdlogMessage final : public SpdlogFile {
 public:
  SpdlogMessage() : SpdlogFile(Format::text, Flush::block) {}

  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      SPDLOG_LOGGER_INFO(log_,
                         "user-login                     User {} from {} took "
                         "{:.3f} ms",
                         login.user_id, login.ip, login.duration_ms);
    }
  }
};

class SpdlogAsync final : public SpdlogFile {
 public:
  explicit SpdlogAsync(bool waits)
      : SpdlogFile(Format::json, Flush::block), waits_(waits) {}

  std::string name() const override { return "spdlog async"; }
  void flush() override {
    if (!waits_) return;
    log_->flush();
    while (pool_->queue_size() != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  void close() override {
    pool_.reset();  // waits for its thread
    SpdlogFile::close();
  }

 private:
  std::shared_ptr<spdlog::logger> make(spdlog::sink_ptr sink) override {
    constexpr std::size_t kQueueSize = 65536;
    pool_ = std::make_shared<spdlog::details::thread_pool>(kQueueSize, 1);
    return std::make_shared<spdlog::async_logger>("bench", std::move(sink),
                                                  pool_);
  }

  const bool waits_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
};

}  // namespace

ContenderPtr spdlog_file(Format format, Flush flush) {
  return std::make_unique<SpdlogFile>(format, flush);
}
ContenderPtr spdlog_below_level() {
  return std::make_unique<SpdlogBelowLevel>();
}
ContenderPtr spdlog_message() { return std::make_unique<SpdlogMessage>(); }
ContenderPtr spdlog_async(bool waits) {
  return std::make_unique<SpdlogAsync>(waits);
}

}  // namespace bench
