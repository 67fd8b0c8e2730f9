// Several processes that log to one file, rotation included.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/folder.h"
#include "sinks/builtin.h"
#include "sinks/file/compression_job.h"
#include "stogger/clock.h"
#include "tests/support/decompress.h"
#include "tests/support/kept_report.h"
#include "tests/support/rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr int kProcesses = 4;
constexpr int kLines = 4000;

// Runs the body in several processes at once; true if it was true in all.
bool in_processes(const std::function<bool(int process)>& body) {
  int gate[2];
  if (::pipe(gate) != 0) return false;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(gate[1]);
      char end;
      static_cast<void>(::read(gate[0], &end, 1) == 0);
      ::_exit(body(process) ? 0 : 1);
    }
    children.push_back(child);
  }
  ::close(gate[0]);
  ::close(gate[1]);  // they all begin now
  bool fine = true;
  for (const pid_t child : children) {
    int status = -1;
    fine = ::waitpid(child, &status, 0) == child && status == 0 && fine;
  }
  return fine;
}

std::string line_of(int process, int number) {
  return "process " + std::to_string(process) + " line " +
         std::to_string(number) + " " +
         std::string(static_cast<std::size_t>(number % 97), 'x') + ".";
}

// How often each line is in the files of a folder.
std::map<std::string, int> count_lines(const std::string& folder) {
  std::map<std::string, int> counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string text = read_file(entry.path().string());
    if (entry.path().extension() == ".zst") text = unzstd(text);
    EXPECT_TRUE(text.empty() || text.back() == '\n') << entry.path();
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) ++counts[line];
  }
  return counts;
}

class SharedFile : public ::testing::Test {
 protected:
  // Logs all lines of one process with the time going on from line to line.
  bool log_lines(int process, std::vector<Field> fields, double step_s) {
    fields.push_back({"path", path_});
    const SinkPtr sink = make_or_throw(make_file_sink, fields);
    Time now = Clock::real()->now();
    bool fine = true;
    const auto look_at = [&](const Status& status) {
      if (status.ok() || is_expected(status)) return;
      std::cerr << status.message() << '\n';
      fine = false;
    };
    look_at(sink->open());
    for (int i = 0; i < kLines; ++i) {
      const std::string line = line_of(process, i) + "\n";
      now.ns += static_cast<std::int64_t>(step_s * 1e9);
      look_at(write_to(*sink, line_rows({line}, now)));
    }
    look_at(sink->close());
    return fine;
  }

  // On a busy machine a process may keep the lock of rotation for long: the
  // others write on, and say so.
  static bool is_expected(const Status& status) {
    return status.message().find("cannot be rotated, and keeps growing") !=
           std::string::npos;
  }

  void expect_every_line_once() { expect_every_line(1); }

  void expect_every_line(int most) {
    std::map<std::string, int> found = count_lines(folder_.path());
    for (int process = 0; process < kProcesses; ++process) {
      for (int i = 0; i < kLines; ++i) {
        const auto at = found.find(line_of(process, i));
        ASSERT_NE(at, found.end()) << line_of(process, i) << " is missing";
        EXPECT_LE(at->second, most) << at->first;
        found.erase(at);
      }
    }
    EXPECT_TRUE(found.empty()) << "torn: " << found.begin()->first;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("app.log");
};

TEST_F(SharedFile, NoLineIsTornOrLost) {
  ASSERT_TRUE(
      in_processes([this](int process) { return log_lines(process, {}, 0); }));
  expect_every_line_once();
}

TEST_F(SharedFile, NoLineIsTornOrLostInBlocks) {
  ASSERT_TRUE(in_processes([this](int process) {
    return log_lines(process, {{"flush", "block"}}, 0.01);
  }));
  expect_every_line_once();
}

TEST_F(SharedFile, NoLineIsTornOrLostByRotation) {
  ASSERT_TRUE(in_processes([this](int process) {
    return log_lines(
        process,
        {{"rotation", "size"}, {"max_bytes", 8000}, {"backup_count", 10000}},
        0.01);
  }));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".1"));
  expect_every_line_once();
}

TEST_F(SharedFile, NoLineIsTornOrLostByRotationOfBlocks) {
  ASSERT_TRUE(in_processes([this](int process) {
    return log_lines(process,
                     {{"rotation", "size"},
                      {"max_bytes", 8000},
                      {"backup_count", 10000},
                      {"flush", "block"}},
                     0.1);
  }));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".1"));
  expect_every_line_once();
}

// However fast they write, between two looks that time alone would bring.
TEST_F(SharedFile, FilesDoNotGrowMuchBeyondTheirSize) {
  for (const char* flush : {"line", "block"}) {
    ASSERT_TRUE(in_processes([&](int process) {
      return log_lines(process,
                       {{"rotation", "size"},
                        {"max_bytes", 20000},
                        {"backup_count", 10000},
                        {"flush", flush}},
                       0.00001);
    }));
    expect_every_line_once();
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      EXPECT_LT(entry.file_size(), 32000u) << entry.path() << ' ' << flush;
      std::filesystem::remove(entry.path());
    }
  }
}

// By one that is less patient than the library: it leaves files alone for 20
// ms.
TEST_F(SharedFile, NoLineIsTornOrLostByCompression) {
  CompressionJob job(OldFiles{false, 10000, true}, Compression::zstd);
  const auto compress = [&](std::int64_t ahead) {
    Folder folder;
    Time when{};
    if (folder.open(path_, FileModes(), true).ok()) {
      job.look_in(std::move(folder));
    }
    const Time now{Clock::real()->now().ns + ahead};
    while (job.step(now, &when) == CompressionJob::Next::now) {
    }
  };
  ASSERT_TRUE(in_processes([&](int process) {
    std::atomic<bool> stop{process != 0};
    std::thread thread([&] {
      while (!stop) compress(CompressionJob::kQuiet - 20000000);
    });
    const bool fine = log_lines(process,
                                {{"rotation", "size"},
                                 {"max_bytes", 8000},
                                 {"backup_count", 10000},
                                 {"compress", "zstd"}},
                                0.01);
    stop = true;
    thread.join();
    return fine;
  }));
  const auto files = std::filesystem::directory_iterator(folder_.path());
  EXPECT_TRUE(std::any_of(begin(files), end(files), [](const auto& entry) {
    return entry.path().extension() == ".zst";
  })) << "nothing was compressed while lines were written";
  compress(CompressionJob::kQuiet * 2);
  EXPECT_TRUE(std::filesystem::exists(path_ + ".1.zst"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
  // See below; where files are left alone for longer, each is there once.
  expect_every_line(2);
}

TEST_F(SharedFile, NoLineIsTornOrLostByDailyRotation) {
  // Ten days pass.
  ASSERT_TRUE(in_processes([this](int process) {
    return log_lines(process, {{"rotation", "daily"}, {"backup_count", 10000}},
                     10.0 * 24 * 3600 / kLines);
  }));
  expect_every_line_once();
}

TEST_F(SharedFile, NoLineIsTornOrLostByLogrotate) {
  ASSERT_TRUE(in_processes([this](int process) {
    if (process > 0) return log_lines(process, {}, 0.05);
    // This one moves the file away again and again.
    for (int i = 0; i < 200; ++i) {
      std::error_code missing;
      std::filesystem::rename(path_, path_ + "." + std::to_string(i), missing);
      ::usleep(100);
    }
    return log_lines(process, {}, 0.05);
  }));
  // A line whose writer had to wait for its processor while the file was moved
  // is written to the new one, too: nobody knows who else has read the old one.
  expect_every_line(2);
}

}  // namespace
}  // namespace stogger
