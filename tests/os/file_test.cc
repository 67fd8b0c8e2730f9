#include "os/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "tests/support/open_file.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  Status open() { return open_append(file_, path_); }
  Status write(std::string_view bytes) { return file_.write(bytes, &written_); }
  std::string failure(const Status& status) {
    EXPECT_EQ(status.code(), Code::unavailable);
    return std::string(status.message());
  }

  TempFolder folder_;
  std::string path_ = folder_.file("file");
  File file_;
  std::size_t written_ = 0;
};

TEST_F(FileTest, AppendsAndCounts) {
  write_file(path_, "old ");
  ASSERT_OK(open());
  EXPECT_OK(write("new"));
  EXPECT_EQ(written_, 3u);
  EXPECT_EQ(read_file(path_), "old new");
  EXPECT_EQ(file_.size(), 7u);
  EXPECT_EQ(file_.position(), 7u);
  EXPECT_TRUE(file_.is_regular());
}

TEST_F(FileTest, TruncatesIfAsked) {
  write_file(path_, "old");
  ASSERT_OK(open_append(file_, path_, true));
  EXPECT_EQ(file_.size(), 0u);
}

TEST_F(FileTest, CutsWhatIsThere) {
  ASSERT_OK(open());
  EXPECT_OK(write("whole\ntorn"));
  EXPECT_TRUE(file_.truncate(6));
  EXPECT_OK(write("next\n"));
  EXPECT_EQ(read_file(path_), "whole\nnext\n");
}

TEST_F(FileTest, WritingToNothingFails) {
  EXPECT_THAT(failure(write("x")), HasSubstr("not open"));
  EXPECT_FALSE(file_.is_open());
  EXPECT_FALSE(file_.is_deleted());
  EXPECT_EQ(file_.size(), 0u);
  EXPECT_OK(file_.close());
}

TEST_F(FileTest, MovingPassesTheDescriptorOn) {
  ASSERT_OK(open());
  const int descriptor = file_.descriptor();
  File other(std::move(file_));
  EXPECT_EQ(other.descriptor(), descriptor);
  EXPECT_OK(other.write("x", &written_));
  File third;
  third = std::move(other);
  EXPECT_OK(third.write("y", &written_));
  EXPECT_EQ(read_file(path_), "xy");
}

TEST_F(FileTest, DescriptorsAreNotInherited) {
  ASSERT_OK(open());
  EXPECT_NE(::fcntl(file_.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(FileTest, NeverTakesThePlaceOfAStandardStream) {
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    for (const int descriptor : {0, 1, 2}) ::close(descriptor);
    const bool fine = open().ok() && file_.descriptor() > 2 &&
                      (::fcntl(file_.descriptor(), F_GETFD) & FD_CLOEXEC) != 0;
    ::_exit(fine ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(FileTest, KnowsWhichFileIsItsOwn) {
  ASSERT_OK(open());
  EXPECT_TRUE(file_.is(file_.descriptor()));
  EXPECT_FALSE(file_.is(STDIN_FILENO));
  struct stat own;
  struct stat found;
  ASSERT_EQ(::fstat(file_.descriptor(), &own), 0);
  ASSERT_TRUE(find_file(path_, &found));
  EXPECT_TRUE(is_same_file(own, found));
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_FALSE(find_file(path_, &found));
  ASSERT_TRUE(find_file(path_ + ".1", &found));
  EXPECT_TRUE(is_same_file(own, found));
  write_file(path_, "12345");
  ASSERT_TRUE(find_file(path_, &found));
  EXPECT_FALSE(is_same_file(own, found));
  EXPECT_EQ(found.st_size, 5);
  EXPECT_FALSE(file_.is_deleted());
  std::filesystem::remove(path_ + ".1");
  EXPECT_TRUE(file_.is_deleted());
}

// ---- Failures and what they say

TEST_F(FileTest, AFullDiskIsReportedWithARemedy) {
  path_ = "/dev/full";
  ASSERT_OK(open());
  EXPECT_FALSE(file_.is_regular());
  const std::string message = failure(write("x"));
  EXPECT_THAT(message, HasSubstr("No space left on device"));
  EXPECT_THAT(message, HasSubstr("free some"));
  EXPECT_EQ(written_, 0u);
}

TEST_F(FileTest, AFifoWithoutAReaderIsRefused) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(failure(open()), HasSubstr("FIFO"));
  EXPECT_FALSE(file_.is_open());
}

TEST_F(FileTest, APathThatLeadsInACircleIsRefused) {
  std::filesystem::create_symlink(path_, path_);
  EXPECT_THAT(failure(open()), HasSubstr("another path"));
}

TEST_F(FileTest, AFolderIsRefused) {
  path_ = folder_.path();
  EXPECT_THAT(failure(open()), HasSubstr("Is a directory"));
}

TEST_F(FileTest, LackOfPermissionNamesTheUser) {
  EXPECT_THAT(error_advice(EACCES),
              HasSubstr("uid " + std::to_string(::geteuid())));
}

// ---- Signals

// The signals that the process gets while it lives.
class SignalCounter {
 public:
  explicit SignalCounter(int signal) : signal_(signal) {
    count_ = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { count_ = count_ + 1; };
    ::sigaction(signal, &action, &before_);
  }
  ~SignalCounter() { ::sigaction(signal_, &before_, nullptr); }
  SignalCounter(const SignalCounter&) = delete;
  SignalCounter& operator=(const SignalCounter&) = delete;
  static int count() { return count_; }

 private:
  inline static volatile sig_atomic_t count_ = 0;
  int signal_;
  struct sigaction before_;
};

bool is_pending(int signal) {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, signal) == 1;
}

bool is_blocked(int signal) {
  sigset_t mask;
  sigemptyset(&mask);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

TEST_F(FileTest, ABrokenPipeRaisesNoSignal) {
  const SignalCounter signals(SIGPIPE);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  file_.borrow(ends[1]);
  EXPECT_THAT(failure(write("x")), HasSubstr("Broken pipe"));
  EXPECT_EQ(signals.count(), 0);
  EXPECT_FALSE(is_pending(SIGPIPE));
  EXPECT_FALSE(is_blocked(SIGPIPE));
  ::close(ends[1]);
}

TEST_F(FileTest, ASignalThatWasPendingBeforeStaysSo) {
  sigset_t pipe;
  sigset_t before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ::raise(SIGPIPE);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  file_.borrow(ends[1]);
  EXPECT_FALSE(write("x").ok());
  EXPECT_TRUE(is_pending(SIGPIPE));
  EXPECT_TRUE(is_blocked(SIGPIPE));
  const timespec at_once = {0, 0};
  EXPECT_EQ(sigtimedwait(&pipe, nullptr, &at_once), SIGPIPE);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(ends[1]);
}

TEST_F(FileTest, AFileThatMayNotGrowRaisesNoSignal) {
  const SignalCounter signals(SIGXFSZ);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit = {4, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ASSERT_OK(open());
  const Status status = write("123456");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(failure(status), HasSubstr("File too large"));
  EXPECT_THAT(failure(status),
              HasSubstr("may not make a file larger than 4 bytes (ulimit -f"));
  EXPECT_EQ(written_, 4u);
  EXPECT_EQ(signals.count(), 0);
  EXPECT_FALSE(is_pending(SIGXFSZ));
}

// ---- Descriptors of others

TEST_F(FileTest, ABorrowedDescriptorIsNotClosed) {
  File lender;
  ASSERT_OK(open_append(lender, path_));
  {
    File borrower;
    borrower.borrow(lender.descriptor());
    EXPECT_OK(borrower.write("x", &written_));
    EXPECT_OK(borrower.close());
  }
  EXPECT_OK(lender.write("y", &written_));
  EXPECT_EQ(read_file(path_), "xy");
}

TEST_F(FileTest, ABorrowedPipeMayBecomeAFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  file_.borrow(ends[1]);
  EXPECT_OK(write("x"));
  File other;
  ASSERT_OK(open_append(other, path_));
  ASSERT_NE(::dup2(other.descriptor(), ends[1]), -1);
  EXPECT_OK(write("y"));
  EXPECT_EQ(read_file(path_), "y");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(FileTest, ABorrowedDescriptorThatWasClosedIsAFailure) {
  const int descriptor = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  file_.borrow(descriptor);
  EXPECT_OK(write("x"));
  ::close(descriptor);
  EXPECT_THAT(failure(write("x")), HasSubstr("closed"));
}

TEST_F(FileTest, APatientReaderGetsAllOfALongWrite) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const std::string bytes(4 << 20, 'x');
  const pid_t reader = ::fork();
  ASSERT_NE(reader, -1);
  if (reader == 0) {
    ::close(ends[1]);
    char chunk[1 << 16];
    std::size_t total = 0;
    for (ssize_t count = 1; count > 0;) {
      count = ::read(ends[0], chunk, sizeof chunk);
      if (count > 0) total += static_cast<std::size_t>(count);
    }
    ::_exit(total == bytes.size() ? 0 : 1);
  }
  ::close(ends[0]);
  file_.borrow(ends[1]);
  EXPECT_OK(write(bytes));
  EXPECT_EQ(written_, bytes.size());
  ::close(ends[1]);
  int status = -1;
  ASSERT_EQ(::waitpid(reader, &status, 0), reader);
  EXPECT_EQ(status, 0);
}

// To open it anew is to open it with the rights of this process, which whoever
// gave it the descriptor may not have.
TEST_F(FileTest, ADescriptorThatCannotBeWrittenToIsNotOpenedAgain) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const std::string pipe = "/proc/self/fd/" + std::to_string(ends[1]);
  const int named = ::open(pipe.c_str(), O_PATH);
  for (const int descriptor : {ends[0], named}) {
    file_.borrow(descriptor);
    EXPECT_FALSE(write("forged").ok());
    EXPECT_EQ(written_, 0u);
  }
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), -1);
  file_.borrow(ends[1]);
  EXPECT_OK(write("real"));
  for (const int descriptor : {ends[0], ends[1], named}) ::close(descriptor);
}

// ---- Other processes

TEST_F(FileTest, AChildThatAbandonsAFileLeavesThatOfItsParent) {
  ASSERT_OK(open());
  const pid_t child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    file_.abandon();
    ::_exit(file_.is_open() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_OK(write("still open"));
}

}  // namespace
}  // namespace stogger
