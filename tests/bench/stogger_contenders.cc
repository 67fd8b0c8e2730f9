// stogger, through its public interface.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "contender.h"
#include "stogger/system.h"

namespace bench {
namespace {

void require(const stogger::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "log_bench: %.*s\n",
               static_cast<int>(status.message().size()),
               status.message().data());
  std::exit(1);
}

class StoggerSink : public Contender {
 public:
  std::string name() const override { return "stogger"; }

  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      log_.info("user-login", {{"user_id", login.user_id},
                               {"ip", login.ip},
                               {"duration_ms", login.duration_ms}});
    }
  }
  void flush() override { require(system_.flush()); }
  void close() override { require(system_.close()); }

 protected:
  void start(std::string_view type, stogger::Fields options) {
    stogger::SinkPtr sink;
    require(stogger::make_sink(type, options, &sink));
    system_ = stogger::System();
    require(system_.add_sink("bench", std::move(sink), stogger::Level::info));
    log_ = system_.logger();
  }

  stogger::System system_;
  stogger::Logger log_;
};

class StoggerFile : public StoggerSink {
 public:
  StoggerFile(Format format, Flush flush) : format_(format), flush_(flush) {}

  void open(const std::string& path) override {
    start("file", {{"path", path},
                   {"format", format_ == Format::json ? "json" : "text"},
                   {"flush", flush_ == Flush::block ? "block" : "line"}});
  }

 private:
  const Format format_;
  const Flush flush_;
};

class StoggerBelowLevel final : public StoggerFile {
 public:
  StoggerBelowLevel() : StoggerFile(Format::json, Flush::line) {}

  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      log_.debug("user-login", {{"user_id", login.user_id},
                                {"ip", login.ip},
                                {"duration_ms", login.duration_ms}});
    }
  }
};

class StoggerTemplate final : public StoggerFile {
 public:
  StoggerTemplate() : StoggerFile(Format::text, Flush::block) {}

  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      log_.info("user-login",
                {{"user_id", login.user_id},
                 {"ip", login.ip},
                 {"duration_ms", login.duration_ms}},
                "User {user_id} from {ip} took {duration_ms:.3f} ms");
    }
  }
};

class StoggerQueued final : public StoggerSink {
 public:
  explicit StoggerQueued(std::string delivery)
      : delivery_(std::move(delivery)) {}

  std::string name() const override { return "stogger " + delivery_; }
  void open(const std::string& path) override {
    std::string text =
        "[stogger]\nlog_to_console = false\n[stogger.sinks.bench]\n"
        "type = \"jsonl\"\npath = \"" +
        path + "\"\ndelivery = \"" + delivery_ + "\"\n";
    if (delivery_ == "durable") {
      text += "spool_dir = \"" + path + ".spool\"\n";
    }
    system_ = stogger::System();
    require(system_.load_text(text, "bench"));
    log_ = system_.logger();
  }

 private:
  const std::string delivery_;
};

class StoggerSqlite final : public StoggerSink {
 public:
  void open(const std::string& path) override {
    start("sqlite", {{"path", path}});
  }
};

}  // namespace

ContenderPtr stogger_file(Format format, Flush flush) {
  return std::make_unique<StoggerFile>(format, flush);
}
ContenderPtr stogger_below_level() {
  return std::make_unique<StoggerBelowLevel>();
}
ContenderPtr stogger_template() { return std::make_unique<StoggerTemplate>(); }
ContenderPtr stogger_queued(const std::string& delivery) {
  return std::make_unique<StoggerQueued>(delivery);
}
ContenderPtr stogger_sqlite() { return std::make_unique<StoggerSqlite>(); }

}  // namespace bench
