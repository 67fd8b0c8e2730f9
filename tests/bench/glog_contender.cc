// glog. It puts a time and a place of its own before each line, and so takes
// part only where lines are for people.
#include "contender.h"

#ifdef STOGGER_BENCH_HAS_GLOG
#include <glog/logging.h>

namespace bench {
namespace {

class GlogFile final : public Contender {
 public:
  explicit GlogFile(Flush flush) : flush_(flush) {}

  std::string name() const override { return "glog"; }

  void open(const std::string& path) override {
    if (!google::IsGoogleLoggingInitialized()) {
      google::InitGoogleLogging("log_bench");
    }
    FLAGS_stderrthreshold = google::GLOG_FATAL;
    FLAGS_timestamp_in_logfile_name = false;
    FLAGS_logbufsecs = flush_ == Flush::line ? 0 : 30;
    FLAGS_logbuflevel = flush_ == Flush::line ? -1 : google::GLOG_INFO;
    google::SetLogDestination(google::GLOG_INFO, path.c_str());
    google::SetLogSymlink(google::GLOG_INFO, "");
  }
  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Login& login = bench::login(i);
      LOG(INFO) << "user-login user_id=" << login.user_id << " ip=" << login.ip
                << " duration_ms=" << login.duration_ms;
    }
  }
  void flush() override { google::FlushLogFiles(google::GLOG_INFO); }
  void close() override { google::SetLogDestination(google::GLOG_INFO, ""); }

 private:
  const Flush flush_;
};

}  // namespace

ContenderPtr glog_file(Format format, Flush flush) {
  if (format == Format::json) return nullptr;
  return std::make_unique<GlogFile>(flush);
}

}  // namespace bench

#else

bench::ContenderPtr bench::glog_file(Format, Flush) { return nullptr; }

#endif
