// The file of refused rows, on a disk that takes only a part of one.
#include "sinks/postgres/dead_letters.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "os/descriptor.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

class DeadLettersTest : public ::testing::Test {
 protected:
  Status add(const std::string& event) {
    return letters_.add(table_rows({{.event = event}}), 0, "23514", "why");
  }
  // On a disk that has room for that many bytes more.
  Status add_with_room(const std::string& event, std::uintmax_t bytes) {
    rlimit before;
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit = {std::filesystem::file_size(path_) + bytes,
                          before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Status status = add(event);
    ::setrlimit(RLIMIT_FSIZE, &before);
    return status;
  }

  const TempFolder folder_;
  const std::string path_ = folder_.file("dead.jsonl");
  DeadLetters letters_{path_};
};

TEST_F(DeadLettersTest, ALetterThatTheDiskTakesAPartOfDoesNotStay) {
  ASSERT_OK(add("one"));
  const std::string one = read_file(path_);
  EXPECT_FALSE(add_with_room("two", 20).ok());
  EXPECT_EQ(read_file(path_), one);
  ASSERT_OK(add("one"));
  EXPECT_EQ(read_file(path_), one + one);
}

TEST_F(DeadLettersTest, ATornLetterOfAnotherProcessIsEndedFirst) {
  write_file(path_, "{\"event\":\"to");
  ASSERT_OK(add("one"));
  EXPECT_TRUE(read_file(path_).starts_with("{\"event\":\"to\n{"))
      << read_file(path_);
}

TEST_F(DeadLettersTest, ATornLetterInAPipeIsEndedByTheNextOne) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const Descriptor reader(
      ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  ASSERT_TRUE(reader);
  std::string buffer(1 << 20, '\0');
  EXPECT_FALSE(add(std::string(buffer.size(), 'x')).ok());
  EXPECT_GT(::read(reader.get(), buffer.data(), buffer.size()), 0);
  ASSERT_OK(add("one"));
  const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
  ASSERT_GT(size, 0);
  EXPECT_TRUE(buffer.starts_with("\n{")) << buffer.substr(0, 20);
  EXPECT_EQ(buffer[static_cast<std::size_t>(size) - 1], '\n');
}

}  // namespace
}  // namespace stogger
