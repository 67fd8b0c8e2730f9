// Files that others move away, compress, empty and delete while several
// processes log into them at full speed: what counts as written is there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "stogger/clock.h"
#include "tests/sinks/common/moved_kinds.h"
#include "tests/support/document.h"
#include "tests/support/kept_report.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// What a command prints.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char chunk[1 << 16];
  while (const std::size_t size = ::fread(chunk, 1, sizeof chunk, pipe)) {
    text.append(chunk, size);
  }
  return ::pclose(pipe) == 0 ? text : std::string("failed: " + command);
}

std::string read_descriptor(int descriptor) {
  std::string text;
  char chunk[1 << 16];
  ssize_t size = 0;
  while ((size = ::pread(descriptor, chunk, sizeof chunk,
                         static_cast<off_t>(text.size()))) > 0) {
    text.append(chunk, static_cast<std::size_t>(size));
  }
  return text;
}

bool is_fine(const Status& status) {
  if (!status.ok()) std::cerr << status.message() << '\n';
  return status.ok();
}

class MovedFile : public ::testing::TestWithParam<MovedKind> {
 protected:
  // Logs until it is told to stop; tells how many events the sink has taken.
  bool log(int process, const Signal& stop, Buffer* lines) {
    std::vector<Field> options = {{"path", path_}};
    if (*GetParam().flush != '\0') {
      options.push_back({"flush", GetParam().flush});
    } else {
      options.push_back({"columns", Json{R"(["line"])"}});
    }
    const SinkPtr sink = make_or_throw(GetParam().factory, options);
    // It may be moved each time it is opened: then that is tried again.
    Status opened = sink->open();
    for (int i = 0; i < 100 && !opened.ok(); ++i) opened = sink->open();
    bool fine = is_fine(opened);
    const std::string name = std::to_string(process) + "-";
    const std::string filler(50, '.');
    std::int64_t count = 0;
    while (stop.pending() == 0) {
      for (int i = 0; i < 20; ++i) {
        std::string line = name + std::to_string(count) + filler;
        if (*GetParam().flush != '\0') line += "\n";
        // A file that is moved all the time, or locked, may refuse one: that
        // is counted as dropped.
        if (write_to(*sink, line_rows({line}, Clock::real()->now())).ok())
          ++count;
      }
    }
    fine = is_fine(sink->close()) && fine;
    lines->append(std::to_string(count));
    return fine;
  }

  // Runs the writers while `others` goes on. Then takes what there is.
  void run(int writers, const std::function<void()>& others) {
    Signal stop;
    std::vector<pid_t> children;
    for (int i = 0; i < writers; ++i) {
      children.push_back(start_child([&, i] {
        Buffer count;
        const bool fine = log(i, stop, &count);
        write_file(folder_.file("count" + std::to_string(i)), count.view());
        return fine;
      }));
    }
    others();
    stop.give();
    for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
    for (int i = 0; i < writers; ++i) {
      written_.push_back(
          std::stoll(read_file(folder_.file("count" + std::to_string(i)))));
    }
    take(read_file(path_));
  }

  void take(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      ASSERT_NE(end, std::string_view::npos) << "torn: " << text;
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line != "line") ++found_[std::string(line)];
      text.remove_prefix(end + 1);
    }
  }

  // Every event that was written. A few may be there twice.
  void expect_all(std::int64_t most_twice) {
    std::int64_t missing = 0;
    std::int64_t twice = 0;
    std::int64_t total = 0;
    std::string first;
    for (std::size_t i = 0; i < written_.size(); ++i) {
      total += written_[i];
      for (std::int64_t number = 0; number < written_[i]; ++number) {
        const std::string line = std::to_string(i) + "-" +
                                 std::to_string(number) + std::string(50, '.');
        const auto at = found_.find(line);
        if (at == found_.end()) {
          if (missing++ == 0) first = line;
        } else {
          twice += at->second - 1;
          found_.erase(at);
        }
      }
    }
    EXPECT_EQ(missing, 0) << "of " << total << ", first: " << first;
    EXPECT_TRUE(found_.empty()) << found_.begin()->first;
    EXPECT_LE(twice, most_twice) << "of " << total;
    std::cout << "  " << total << " events, " << missing << " missing, "
              << twice << " twice\n";
  }

  void delete_again_and_again(int writers);
  void rotate_again_and_again(int writers, bool delay_compress);

  TempFolder folder_;
  std::string path_ = folder_.file("app.log");
  std::vector<std::int64_t> written_;  // by each process
  std::map<std::string, int> found_;
};

// Keeps what it deletes open, to be able to see what went into it.
void MovedFile::delete_again_and_again(int writers) {
  std::vector<int> deleted;
  run(writers, [&] {
    for (int i = 0; i < 200; ++i) {
      const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
      // Without a file there is none that could be deleted unseen, either.
      if (file != -1) {
        deleted.push_back(file);
        ::unlink(path_.c_str());
      }
      ::usleep(static_cast<useconds_t>(i * 7 % 4000));
    }
  });
  for (const int file : deleted) {
    take(read_descriptor(file));
    ::close(file);
  }
}

TEST_P(MovedFile, NothingIsLostInDeletedFiles) {
  delete_again_and_again(1);
  // What was written in the millisecond before is in the old file, too.
  expect_all(INT64_MAX);
}

TEST_P(MovedFile, NothingIsLostInDeletedFilesThatProcessesShare) {
  delete_again_and_again(3);
  expect_all(INT64_MAX);
}

void MovedFile::rotate_again_and_again(int writers, bool delay_compress) {
  if (output_of("command -v logrotate").starts_with("failed")) {
    GTEST_SKIP() << "logrotate is not installed";
  }
  constexpr int kRounds = 15;
  std::string text = recipe(delay_compress ? "rename" : "compress");
  text = replaced(text, "/var/log/shop/*.log", path_);
  text = replaced(text, "rotate 14", "rotate 1000");
  const std::string configuration = folder_.file("logrotate.conf");
  write_file(configuration, text);
  ASSERT_EQ(::chmod(configuration.c_str(), 0600), 0);
  const std::string command =
      "logrotate -f -s " + folder_.file("state") + " " + configuration;
  run(writers, [&] {
    for (int i = 0; i < kRounds; ++i) {
      // gzip warns of a file that has grown meanwhile.
      static_cast<void>(output_of(command + " 2>&1"));
    }
  });
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_.path())) {
    const std::string name = entry.path().string();
    if (name.ends_with(".gz")) {
      take(output_of("zcat " + name));
    } else if (name.starts_with(path_ + ".") && !name.ends_with(".lock")) {
      take(read_file(name));
    }
  }
}

TEST_P(MovedFile, LogrotateLosesNothing) {
  rotate_again_and_again(2, true);
  if (!IsSkipped()) expect_all(INT64_MAX);
}

TEST_P(MovedFile, LogrotateThatCompressesAtOnceLosesNothing) {
  rotate_again_and_again(1, false);
  // A few, where a writer had to wait for its processor meanwhile.
  if (!IsSkipped()) expect_all(INT64_MAX);
}

TEST_P(MovedFile, LogrotateThatCompressesAtOnceLosesNothingOfSeveral) {
  rotate_again_and_again(3, false);
  if (!IsSkipped()) expect_all(INT64_MAX);
}

INSTANTIATE_TEST_SUITE_P(Kinds, MovedFile, ::testing::ValuesIn(kMovedKinds),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace stogger
