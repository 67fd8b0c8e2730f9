// Boost.Log, with a formatter that makes the same lines.
#include "contender.h"

#ifdef STOGGER_BENCH_HAS_BOOST_LOG
#include <boost/log/attributes/clock.hpp>
#include <boost/log/core.hpp>
#include <boost/log/expressions.hpp>
#include <boost/log/sinks/sync_frontend.hpp>
#include <boost/log/sinks/text_ostream_backend.hpp>
#include <boost/log/sources/record_ostream.hpp>
#include <boost/log/sources/severity_logger.hpp>
#include <boost/log/support/date_time.hpp>
#include <boost/make_shared.hpp>
#include <fstream>
#include <iomanip>

namespace bench {
namespace {

namespace expr = boost::log::expressions;
namespace sinks = boost::log::sinks;
using boost::posix_time::ptime;

enum class Severity { debug, info };

std::ostream& operator<<(std::ostream& out, Severity severity) {
  return out << (severity == Severity::info ? "info" : "debug");
}

BOOST_LOG_ATTRIBUTE_KEYWORD(kSeverity, "Severity", Severity)

class BoostFile final : public Contender {
 public:
  BoostFile(Format format, Flush flush) : format_(format), flush_(flush) {}

  std::string name() const override { return "Boost.Log"; }

  void open(const std::string& path) override {
    auto backend = boost::make_shared<sinks::text_ostream_backend>();
    backend->add_stream(boost::make_shared<std::ofstream>(path));
    backend->auto_flush(flush_ == Flush::line);
    sink_ = boost::make_shared<Sink>(backend);
    if (format_ == Format::json) {
      sink_->set_formatter(expr::stream
                           << R"({"timestamp":")"
                           << expr::format_date_time<ptime>(
                                  "TimeStamp", "%Y-%m-%dT%H:%M:%S.%fZ")
                           << R"(","level":")" << kSeverity << "\","
                           << expr::smessage << '}');
    } else {
      sink_->set_formatter(expr::stream
                           << expr::format_date_time<ptime>(
                                  "TimeStamp", "%Y-%m-%dT%H:%M:%SZ ")
                           << kSeverity << ' ' << expr::smessage);
    }
    const auto core = boost::log::core::get();
    core->remove_all_sinks();
    core->add_global_attribute("TimeStamp",
                               boost::log::attributes::utc_clock());
    core->add_sink(sink_);
  }
  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      if (format_ == Format::json) {
        BOOST_LOG_SEV(log_, Severity::info)
            << R"("event":"user-login","func":")" << __func__
            << R"(","user_id":)" << login.user_id << R"(,"ip":")" << login.ip
            << R"(","duration_ms":)" << std::setprecision(9)
            << login.duration_ms;
      } else {
        BOOST_LOG_SEV(log_, Severity::info)
            << "user-login                     user_id=" << login.user_id
            << " ip=" << login.ip << " duration_ms=" << std::setprecision(9)
            << login.duration_ms;
      }
    }
  }
  void flush() override { sink_->flush(); }
  void close() override {
    boost::log::core::get()->remove_all_sinks();
    sink_.reset();
  }

 private:
  using Sink = sinks::synchronous_sink<sinks::text_ostream_backend>;

  const Format format_;
  const Flush flush_;
  boost::shared_ptr<Sink> sink_;
  boost::log::sources::severity_logger_mt<Severity> log_;
};

}  // namespace

ContenderPtr boost_file(Format format, Flush flush) {
  return std::make_unique<BoostFile>(format, flush);
}

}  // namespace bench

#else

bench::ContenderPtr bench::boost_file(Format, Flush) { return nullptr; }

#endif
