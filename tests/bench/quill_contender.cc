// Quill, if its headers are given: -D STOGGER_BENCH_QUILL=DIR. Its default
// queue, and its sink for JSON files.
#include "contender.h"

#ifdef STOGGER_BENCH_HAS_QUILL

#include <mutex>

#include "quill/Backend.h"
#include "quill/Frontend.h"
#include "quill/LogMacros.h"
#include "quill/Logger.h"
#include "quill/sinks/JsonSink.h"

namespace bench {
namespace {

class QuillFile final : public Contender {
 public:
  std::string name() const override { return "Quill"; }

  void open(const std::string& path) override {
    static std::once_flag once;
    std::call_once(once, [] {
      quill::BackendOptions options;
      options.error_notifier = [](const std::string&) {};  // its queues grow
      quill::Backend::start(options);
    });
    quill::FileSinkConfig config;
    config.set_open_mode('w');
    auto sink = quill::Frontend::create_or_get_sink<quill::JsonFileSink>(
        path, config, quill::FileEventNotifier{});
    log_ = quill::Frontend::create_or_get_logger(
        "bench" + std::to_string(number_++), std::move(sink),
        quill::PatternFormatterOptions{""});
  }
  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      LOG_INFO(log_, "user-login {user_id} {ip} {duration_ms}", login.user_id,
               login.ip, login.duration_ms);
    }
  }
  void flush() override { log_->flush_log(); }
  void close() override {
    log_->flush_log();
    quill::Frontend::remove_logger_blocking(log_);
    log_ = nullptr;
  }

 private:
  quill::Logger* log_ = nullptr;
  int number_ = 0;
};

}  // namespace

ContenderPtr quill_file() { return std::make_unique<QuillFile>(); }

}  // namespace bench

#else

namespace bench {

ContenderPtr quill_file() { return nullptr; }

}  // namespace bench

#endif
