#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

#include "os/diagnostics.h"
#include "sinks/builtin.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

// Runs each test with another stream, stderr unless said otherwise, and without
// the variables that decide about colour.
class ConsoleSink : public ::testing::Test {
 protected:
  explicit ConsoleSink(int stream = STDERR_FILENO)
      : stream_(stream), before_(::fcntl(stream, F_DUPFD_CLOEXEC, 10)) {
    ::unsetenv("NO_COLOR");
    ::unsetenv("CLICOLOR_FORCE");
  }
  ~ConsoleSink() override {
    ::dup2(before_, stream_);
    ::close(before_);
    for (const int descriptor : {reader_, other_}) {
      if (descriptor != -1) ::close(descriptor);
    }
  }

  // Each puts something else behind the stream and keeps the other end.
  void use_file() {
    lead_to(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
  }
  void use_pipe() {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    reader_ = ends[0];
    lead_to(ends[1]);
  }
  void use_socket() {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    reader_ = ends[0];
    lead_to(ends[1]);
  }
  // False if this machine has no pseudo terminals.
  bool use_terminal() {
    reader_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (reader_ == -1 || ::grantpt(reader_) != 0 || ::unlockpt(reader_) != 0) {
      return false;
    }
    const int terminal = ::open(::ptsname(reader_), O_RDWR | O_NOCTTY);
    if (terminal == -1) return false;
    lead_to(terminal);
    return true;
  }

  void open() {
    sink_ = make_or_throw(make_console_sink, {});
    ASSERT_OK(sink_->open());
  }
  Status write(std::string_view line) {
    return write_to(*sink_, line_rows({line}));
  }
  std::string read_some() {
    char bytes[65536];
    const ssize_t count = ::read(reader_, bytes, sizeof bytes);
    return {bytes, count > 0 ? static_cast<std::size_t>(count) : 0};
  }
  // Writes until nothing more goes in; how long the call that failed took.
  double fill() {
    const std::string line = std::string(99, 'x') + "\n";
    for (int i = 0; i < 1000000; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const bool fine = write(line).ok();
      const std::chrono::duration<double> took =
          std::chrono::steady_clock::now() - start;
      if (!fine) return took.count();
    }
    ADD_FAILURE() << "it never fills";
    return 0;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("stderr");
  SinkPtr sink_;
  int reader_ = -1;
  int other_ = -1;

 private:
  void lead_to(int descriptor) {
    ASSERT_NE(descriptor, -1);
    ASSERT_EQ(::dup2(descriptor, stream_), stream_);
    ::close(descriptor);
  }

  int stream_;
  int before_;
};

class ConsoleSinkOnStdout : public ConsoleSink {
 protected:
  ConsoleSinkOnStdout() : ConsoleSink(STDOUT_FILENO) {}

  void open(std::string_view format = "text") {
    sink_ = make_or_throw(make_console_sink,
                          {{"stream", "stdout"}, {"format", format}});
    ASSERT_OK(sink_->open());
  }
};

TEST_F(ConsoleSink, OtherOptionsAreRefused) {
  EXPECT_THAT(refusal(make_console_sink, {{"stream", "/dev/stdout"}}),
              HasSubstr("stream"));
  EXPECT_THAT(refusal(make_console_sink, {{"format", "xml"}}),
              HasSubstr("format"));
  EXPECT_THAT(refusal(make_console_sink, {{"color", true}}),
              HasSubstr("color"));
  EXPECT_THAT(refusal(make_console_sink, {{"time", "CET"}}), HasSubstr("time"));
}

TEST_F(ConsoleSink, LinesGoToStderr) {
  use_file();
  open();
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write_to(*sink_, line_rows({"two\n", "three\n"})));
  EXPECT_EQ(read_file(path_), "one\ntwo\nthree\n");
  EXPECT_EQ(sink_->target(), "stderr");
}

TEST_F(ConsoleSink, AFileIsNotColored) {
  use_file();
  open();
  EXPECT_EQ(sink_->form(), RowForm::text);
}

TEST_F(ConsoleSink, ATerminalIsColored) {
  if (!use_terminal()) GTEST_SKIP() << "no pseudo terminal to be had";
  open();
  EXPECT_EQ(sink_->form(), RowForm::colored_text);
  EXPECT_OK(write("one\n"));
  EXPECT_EQ(read_some(), "one\r\n");
}

TEST_F(ConsoleSink, NoColorTurnsColorsOff) {
  if (!use_terminal()) GTEST_SKIP() << "no pseudo terminal to be had";
  ::setenv("NO_COLOR", "", 1);
  ::setenv("CLICOLOR_FORCE", "1", 1);
  open();
  EXPECT_EQ(sink_->form(), RowForm::text);
}

TEST_F(ConsoleSink, ClicolorForceTurnsColorsOn) {
  use_file();
  ::setenv("CLICOLOR_FORCE", "", 1);
  open();
  EXPECT_EQ(sink_->form(), RowForm::colored_text);
}

TEST_F(ConsoleSink, ColorsAreDecidedAgainAtEachOpen) {
  use_file();
  open();
  ::setenv("CLICOLOR_FORCE", "1", 1);
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::colored_text);
}

TEST_F(ConsoleSink, TimesMayBeLocal) {
  use_file();
  sink_ = make_or_throw(make_console_sink, {{"time", "local"}});
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::local_text);
  ::setenv("CLICOLOR_FORCE", "1", 1);
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::colored_local_text);
}

TEST_F(ConsoleSink, JsonAndLogfmtAreNeverColored) {
  use_file();
  ::setenv("CLICOLOR_FORCE", "1", 1);
  sink_ = make_or_throw(make_console_sink, {{"format", "json"}});
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::json);
  sink_ = make_or_throw(make_console_sink, {{"format", "logfmt"}});
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::logfmt);
}

TEST_F(ConsoleSink, LocalTimesAreForTextOnly) {
  EXPECT_THAT(
      refusal(make_console_sink, {{"format", "json"}, {"time", "local"}}),
      HasSubstr("JSON and logfmt are always in UTC"));
}

TEST_F(ConsoleSinkOnStdout, LinesGoThere) {
  use_file();
  open();
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write_to(*sink_, line_rows({"two\n", "three\n"})));
  EXPECT_EQ(read_file(path_), "one\ntwo\nthree\n");
  EXPECT_EQ(sink_->target(), "stdout");
}

TEST_F(ConsoleSinkOnStdout, ItsOwnTerminalDecidesAboutColors) {
  if (!use_terminal()) GTEST_SKIP() << "no pseudo terminal to be had";
  open();
  EXPECT_EQ(sink_->form(), RowForm::colored_text);
  use_file();
  ASSERT_OK(sink_->close());
  ASSERT_OK(sink_->open());
  EXPECT_EQ(sink_->form(), RowForm::text);
}

// As services of systemd have it.
TEST_F(ConsoleSinkOnStdout, ASocketTakesLines) {
  use_socket();
  open("json");
  EXPECT_EQ(sink_->form(), RowForm::json);
  EXPECT_OK(write("{}\n"));
  EXPECT_EQ(read_some(), "{}\n");
}

TEST_F(ConsoleSinkOnStdout, AClosedOneIsAFailure) {
  use_file();
  open();
  ::close(STDOUT_FILENO);
  EXPECT_EQ(write("one\n").code(), Code::unavailable);
}

// A path cannot lead to a socket. (Nothing is printed while stdout is one.)
TEST_F(ConsoleSinkOnStdout, IsTheRemedyForAPathThatCannotBeOpened) {
  use_socket();
  std::string messages;
  for (const auto& make : {make_file_sink, make_jsonl_sink}) {
    const SinkPtr file = make_or_throw(make, {{"path", "/dev/stdout"}});
    messages += std::string(file->open().message()) + "\n";
  }
  use_file();
  const std::string line =
      "cannot open \"/proc/" + std::to_string(::getpid()) +
      "/fd/1\": it is a socket; name a file instead; instead of /dev/stdout, "
      "use type = \"console\" with stream = \"stdout\" and, for JSON, format = "
      "\"json\"\n";
  EXPECT_EQ(messages, line + line);
}

TEST_F(ConsoleSink, AReplacedStderrIsFollowed) {
  use_pipe();
  open();
  EXPECT_OK(write("one\n"));
  use_file();
  EXPECT_OK(write("two\n"));
  EXPECT_EQ(read_some(), "one\n");
  // Nothing holds on to the pipe.
  EXPECT_EQ(read_some(), "");
  EXPECT_EQ(read_file(path_), "two\n");
}

TEST_F(ConsoleSink, AClosedStderrIsAFailure) {
  use_file();
  open();
  ::close(STDERR_FILENO);
  const Status status = write("one\n");
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("closed"));
}

TEST_F(ConsoleSink, APipeWithoutAReaderIsAFailureAndNoSignal) {
  use_pipe();
  open();
  ::close(reader_);
  reader_ = -1;
  EXPECT_THAT(std::string(write("one\n").message()), HasSubstr("Broken pipe"));
  use_socket();
  ::close(reader_);
  reader_ = -1;
  EXPECT_THAT(std::string(write("one\n").message()), HasSubstr("Broken pipe"));
}

TEST_F(ConsoleSink, AStuckPipeCostsAQuarterOfASecond) {
  use_pipe();
  open();
  const double took = fill();
  EXPECT_GE(took, 0.2);
  EXPECT_LT(took, 2);
  // Whoever shares the pipe still finds it a blocking one.
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
  while (read_some().size() == 65536) {
  }
  EXPECT_OK(write("one\n"));
}

TEST_F(ConsoleSink, AStuckPipeIsWaitedForOnce) {
  use_pipe();
  open();
  fill();
  // There may be room for a shorter line.
  const std::string line(200, 'x');
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(write(line + "\n").ok());
    EXPECT_OK(sink_->close());
    EXPECT_OK(sink_->open());
    report(line);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(200));
  while (read_some().size() == 65536) {
  }
  EXPECT_OK(write("one\n"));
  // What took something is waited for again.
  EXPECT_GE(fill(), 0.2);
}

TEST_F(ConsoleSink, AStuckSocketCostsAQuarterOfASecond) {
  use_socket();
  open();
  const double took = fill();
  EXPECT_GE(took, 0.2);
  EXPECT_LT(took, 2);
}

TEST_F(ConsoleSink, AStuckTerminalCostsAQuarterOfASecond) {
  if (!use_terminal()) GTEST_SKIP() << "no pseudo terminal to be had";
  open();
  const double took = fill();
  EXPECT_GE(took, 0.2);
  EXPECT_LT(took, 2);
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(ConsoleSink, ALineAfterATornOneBeginsAgain) {
  use_pipe();
  open();
  EXPECT_FALSE(write(std::string(1 << 20, 'x') + "\n").ok());
  const std::string torn = read_some();
  EXPECT_EQ(torn, std::string(torn.size(), 'x'));
  EXPECT_OK(write("one\n"));
  EXPECT_OK(write("two\n"));
  EXPECT_EQ(read_some(), "\none\ntwo\n");
}

}  // namespace
}  // namespace stogger
