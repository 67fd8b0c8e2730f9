// Signals, readers that go away, kills, and a set-up that changes.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/lifecycle/progress.h"
#include "tests/lifecycle/run.h"
#include "tests/support/targets.h"

namespace stogger {
namespace {

class Signal : public ::testing::Test {
 protected:
  Targets targets_;
};

// With each way of delivery.
class AnySignal : public ::testing::TestWithParam<const char*> {
 protected:
  AnySignal() { targets_.deliver(GetParam()); }

  Targets targets_;
};

INSTANTIATE_TEST_SUITE_P(, AnySignal,
                         ::testing::Values("sync", "async", "durable"),
                         [](const auto& one) {
                           return std::string(one.param);
                         });

int number_printed(const Ending& ending) {
  return std::atoi(ending.out.c_str());
}

TEST_P(AnySignal, AStormOfSignalsTearsLosesAndDoublesNothing) {
  const Ending ending = run("alarms", targets_.config(), "1000");
  EXPECT_ENDED_WELL(ending);
  EXPECT_EQ(ending.err, "");
  targets_.expect_each_once(numbered("event", number_printed(ending)));
}

TEST_F(Signal, AStormOfSignalsWhileLoggingToAPipe) {
  targets_.keep({"json-line"});
  const std::string path = targets_.all().front().path;
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  // Before the program: a sink does not wait for a reader.
  const int fifo = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_NE(fifo, -1);
  ASSERT_EQ(::fcntl(fifo, F_SETFL, 0), 0);
  std::string received;
  std::thread reader([&] {
    // Until there is a writer, reading would find the end.
    pollfd waiting = {fifo, POLLIN, 0};
    ::poll(&waiting, 1, -1);
    char chunk[3000];
    ssize_t size;
    while ((size = ::read(fifo, chunk, sizeof chunk)) > 0) {
      received.append(chunk, static_cast<std::size_t>(size));
    }
    ::close(fifo);
  });
  const Ending ending = run("alarms", targets_.config(), "5000");
  // In case the program never opened it.
  const int writer = ::open(path.c_str(), O_WRONLY | O_NONBLOCK);
  if (writer != -1) ::close(writer);
  reader.join();
  EXPECT_ENDED_WELL(ending);
  ::unlink(path.c_str());
  write_file(path, received);
  targets_.expect_each_once(numbered("event", number_printed(ending)));
}

TEST_F(Signal, AReaderThatGoesAwayKillsNobody) {
  targets_.keep({"json-line"});
  const std::string path = targets_.all().front().path;
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_NE(reader, -1);
  const std::string progress_path = targets_.file("progress");
  Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  Process process("reader-goes", targets_.config(), progress_path);
  EXPECT_TRUE(wait_until([&] { return progress->returned[0] == 1; }));
  ::close(reader);
  progress->returned[1] = 1;
  EXPECT_ENDED_WELL(process.wait());
}

TEST_F(Signal, AStderrThatNobodyReadsKillsNobody) {
  const std::string progress_path = targets_.file("progress");
  Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  int error_pipe[2];
  ASSERT_EQ(::pipe(error_pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(error_pipe[1], 2);
    ::close(error_pipe[0]);
    ::close(error_pipe[1]);
    ::execl(LIFECYCLE_PROGRAM, "program", "reader-goes", "-",
            progress_path.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(error_pipe[1]);
  EXPECT_TRUE(wait_until([&] { return progress->returned[0] == 1; }));
  ::close(error_pipe[0]);
  progress->returned[1] = 1;
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// A kill can end a call of write() between two pages.
void cut_torn_line(const std::string& path) {
  const std::string text = read_file(path);
  std::filesystem::resize_file(path, text.rfind('\n') + 1);
}

// With flush = "line" an event is with the kernel when its call returns.
TEST_F(Signal, KillLosesNoEventWhoseCallReturned) {
  for (int round = 0; round < 5; ++round) {
    Targets targets;
    targets.keep({"text-line", "json-line", "csv", "sqlite"});
    const std::string progress_path = targets.file("progress");
    Progress* progress = Progress::open(progress_path);
    ASSERT_NE(progress, nullptr);
    Process process("forever", targets.config(), progress_path);
    const std::uint64_t enough = 20 + 37 * static_cast<unsigned>(round);
    ASSERT_TRUE(wait_until([&] {
      return progress->returned[0] > enough && progress->returned[1] > enough;
    }));
    process.kill();
    for (const Target& target : targets.all()) {
      if (target.format != Format::sqlite) cut_torn_line(target.path);
      const auto counts = count_each(names_in(target.format, target.path));
      for (int thread = 0; thread < 2; ++thread) {
        const std::uint64_t returned = progress->returned[thread];
        const std::string prefix = "thread" + std::to_string(thread) + "-";
        for (std::uint64_t i = 0; i < returned; ++i) {
          const auto found = counts.find(prefix + std::to_string(i));
          ASSERT_NE(found, counts.end())
              << target.sink << " lacks " << prefix << i << " of " << returned;
          ASSERT_EQ(found->second, 1);
        }
      }
    }
  }
}

TEST_F(Signal, AKilledProcessLeavesTargetsThatTheNextOneGoesOnWith) {
  const std::string progress_path = targets_.file("progress");
  Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  {
    Process process("forever", targets_.config(), progress_path);
    ASSERT_TRUE(wait_until([&] { return progress->returned[0] > 100; }));
    process.kill();
  }
  EXPECT_ENDED_WELL(run("return", targets_.config()));
  for (const Target& target : targets_.all()) {
    const auto counts = count_each(names_in(target.format, target.path, 1));
    for (const std::string& name : numbered("event", 100)) {
      EXPECT_TRUE(counts.contains(name)) << target.sink << " lacks " << name;
    }
  }
}

// Nothing handles the signal.
TEST_F(Signal, ATermLosesNothingOfAQueueOnDisk) {
  targets_.deliver("durable");
  const std::string progress_path = targets_.file("progress");
  Progress* progress = Progress::open(progress_path);
  ASSERT_NE(progress, nullptr);
  Process process("forever", targets_.config(), progress_path);
  ASSERT_TRUE(wait_until([&] { return progress->returned[0] > 1000; }));
  process.kill(SIGTERM);
  EXPECT_ENDED_WELL(run("return", targets_.config()));
  for (const Target& target : targets_.all()) {
    const auto counts = count_each(names_in(target.format, target.path, 1));
    for (std::uint64_t i = 0; i < progress->returned[0]; ++i) {
      ASSERT_TRUE(counts.contains("thread0-" + std::to_string(i)))
          << target.sink << " lacks " << i;
    }
  }
}

TEST_F(Signal, InitAgainWhileThreadsLogLosesAndDoublesNothing) {
  const Targets others;
  const Ending ending = run("init-again", targets_.config(), others.config());
  EXPECT_ENDED_WELL(ending);
  EXPECT_EQ(ending.err, "");
  for (std::size_t i = 0; i < targets_.all().size(); ++i) {
    const Target& one = targets_.all()[i];
    const Target& two = others.all()[i];
    const auto counts = count_each(all_of(
        {names_in(one.format, one.path), names_in(two.format, two.path)}));
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(number_printed(ending)))
        << one.sink;
    for (const auto& [name, count] : counts) {
      EXPECT_EQ(count, 1) << one.sink << ": " << name;
    }
  }
}

}  // namespace
}  // namespace stogger
