// Every message about a sink, as it stands on stderr, compared with a file.
// With STOGGER_UPDATE_GOLDEN=1 in the environment the file is written.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "deliver/sink_reports.h"
#include "deliver/verdicts.h"
#include "os/diagnostics.h"
#include "stogger/testing.h"
#include "tests/deliver/scripted_sink.h"
#include "tests/support/rows.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr std::int64_t kSecond = 1000000000;
constexpr std::int64_t kFirstTry = kSecond / 10;

// A sink that fails, and what is reported of it.
class Subject {
 public:
  Subject(SinkTitle title, std::string_view target, bool is_queued)
      : title_(std::move(title)), is_queued_(is_queued) {
    script_->target = target;
  }

  void fail(const Status& why, const char* action,
            const FailureNumbers& numbers) {
    reports_.failure(why, action, numbers);
  }
  void refuse(const std::string& letters, std::string_view reason, int count) {
    DeadLetters file({letters});
    Verdicts said(file, title_.hidden);
    const Rows rows = field_rows(
        {{{"event", "login"}, {"user", 1}}, {{"event", "login"}, {"user", 2}}});
    const RowBatch batch = rows.batch();
    said.expect(batch);
    for (int i = 0; i < count; ++i) {
      said.refuse(static_cast<std::size_t>(i), reason);
    }
    if (count == 0) said.in_doubt(0);
    reports_.failed_rows(said, said.counts().dropped);
  }
  void notice(std::string_view what) {
    DeadLetters none;
    Verdicts said(none, title_.hidden);
    said.notice(what);
    reports_.notices(said);
  }
  void wait(double time) { clock_.advance(time); }
  SinkReports* operator->() { return &reports_; }

 private:
  const SinkTitle title_;
  const bool is_queued_;
  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  const ScriptedSink sink_{script_};
  testing::ManualClock clock_;
  SinkReports reports_{title_, sink_, clock_, is_queued_};
};

Subject postgres() {
  return {{"pg", "postgres"}, "127.0.0.1:5432/shop", false};
}
Subject queued() { return {{"pg", "postgres"}, "127.0.0.1:5432/shop", true}; }

void report_failures() {
  const Status refused(Code::unavailable, "connection refused");
  postgres().fail(refused, "open", {0, 0, kFirstTry});
  postgres().fail(refused, "write", {0, 1, kFirstTry});
  postgres().fail(refused, "write", {62 * kSecond, 1204, 5 * kSecond});
  postgres().fail(refused, "close", {0, 0, 0});
  postgres().fail(refused, "close", {2 * kSecond, 3, 0});
  queued().fail(refused, "open", {0, 0, kFirstTry});
  queued().fail(refused, "write", {3600 * kSecond, 1234567, 5 * kSecond});
  Subject({"log", "file"}, "/var/log/shop.log", false)
      .fail(Status(Code::unavailable,
                   "cannot open \"/var/log/shop.log\": No space left on "
                   "device"),
            "open", {0, 1, kFirstTry});
  Subject({"mine", "parquet"}, "", false)
      .fail(
          Status(Code::config, "the package stogger-parquet is not installed"),
          "open", {0, 0, kFirstTry});
  Subject({"pg", "postgres", {{"hunter2", "${PASSWORD}"}}}, "", false)
      .fail(Status(Code::unavailable, "no role \"hunter2\""), "open",
            {0, 0, kFirstTry});
  Subject({"rig", "csv", {}, "sample"}, "/data/rig.csv", true)
      .fail(Status(Code::unavailable, "cannot write: Input/output error"),
            "write", {0, 0, kFirstTry});
  postgres()->failed_flush(refused, 0);
  postgres()->failed_flush(refused, 42);
}

void report_ends() {
  postgres()->recovery(12 * kSecond + kSecond / 3, 0);
  postgres()->recovery(3723 * kSecond, 1204);
  postgres()->end_of_outage(12 * kSecond, 1);
  postgres()->left_behind(42);
}

void report_rows() {
  postgres().refuse("", "value too long", 1);
  postgres().refuse("", "value too long", 2);
  postgres().refuse("/dev/null", "value too long", 1);
  postgres().refuse("/dev/null", "value too long", 2);
  postgres().refuse("/dev/full", "value too long", 1);
  postgres().refuse("", "", 0);
  postgres().notice("there is no column \"a\"");
}

void report_queues() {
  queued()->full_queue(1204);
  queued()->no_queue(Status(Code::unavailable, "cannot start a thread"));
  queued()->no_spool(
      Status(Code::config, "spool_dir must be absolute, not \"spool\""));
  queued()->left_on_disk(1);
  queued()->left_on_disk(1204);
  postgres()->long_wait(std::chrono::milliseconds(750));
}

// Ten of them pass; the one a minute later says how many did not.
void report_many() {
  Subject often = postgres();
  for (int i = 0; i < 12; ++i) often.notice("there is no column \"a\"");
  often.wait(61);
  often.notice("there is no column \"b\"");
}

std::string all_lines() {
  const Diagnostics diagnostics;
  report_failures();
  report_ends();
  report_rows();
  report_queues();
  report_many();
  std::string text;
  for (const std::string& line : diagnostics.lines()) {
    text += stderr_line(kTestTime, "shop", line) + "\n";
  }
  return text;
}

TEST(GoldenReports, AreWhatTheFileSays) {
  const std::string path =
      std::string(STOGGER_SOURCE_DIR) + "/tests/golden/reports.txt";
  const std::string found = all_lines();
  const char* const update = std::getenv("STOGGER_UPDATE_GOLDEN");
  if (update != nullptr && update == std::string_view("1")) {
    write_file(path, found);
  }
  EXPECT_EQ(found, read_file(path)) << "if this is meant to be so, write "
                                    << path << " with STOGGER_UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace stogger
