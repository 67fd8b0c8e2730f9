// Running the program of this folder's tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/sanitizer.h"
#include "tests/support/temp_folder.h"

namespace stogger {

// How a process ended.
struct Ending {
  int code = -1;      // its exit code; -1 if a signal ended it
  int signal = 0;     // that signal
  bool late = false;  // it had to be killed
  std::string out;
  std::string err;
};

inline std::ostream& operator<<(std::ostream& out, const Ending& ending) {
  if (ending.late) out << "did not end; ";
  return out << "exit code " << ending.code << ", signal " << ending.signal
             << ", stdout: " << ending.out.substr(0, 1000)
             << ", stderr: " << ending.err.substr(0, 3000);
}

// In a child, LeakSanitizer looks for the threads of the parent, and says that
// it does not find them.
inline std::string without_notices(const std::string& text) {
  if (!kSanitized) return text;
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" was not suspended. False leaks") == line.npos) {
      kept += line + "\n";
    }
  }
  return kept;
}

class Process {
 public:
  // The scenario, the configuration ("-" for none), an argument.
  Process(const std::string& scenario, const std::string& config,
          const std::string& argument = "") {
    const char* arguments[] = {LIFECYCLE_PROGRAM, scenario.c_str(),
                               config.c_str(), argument.c_str(), nullptr};
    child_ = ::fork();
    if (child_ != 0) return;
    redirect(output_.file("out"), 1);
    redirect(output_.file("err"), 2);
    ::execv(arguments[0], const_cast<char* const*>(arguments));
    ::_exit(127);
  }
  ~Process() {
    if (child_ > 0) kill();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void kill(int signal = SIGKILL) {
    ::kill(child_, signal);
    static_cast<void>(wait());
  }

  Ending wait(std::chrono::seconds most = std::chrono::seconds(60)) {
    const auto deadline = std::chrono::steady_clock::now() + most;
    Ending ending;
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(child_, &status, WNOHANG)) == 0) {
      if (std::chrono::steady_clock::now() > deadline && !ending.late) {
        ending.late = true;
        ::kill(child_, SIGKILL);
      }
      ::usleep(500);
    }
    child_ = -1;
    if (ended > 0 && WIFEXITED(status)) ending.code = WEXITSTATUS(status);
    if (ended > 0 && WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
    ending.out = read_file(output_.file("out"));
    ending.err = without_notices(read_file(output_.file("err")));
    return ending;
  }

 private:
  static void redirect(const std::string& path, int descriptor) {
    const int file =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file == -1 || ::dup2(file, descriptor) == -1) ::_exit(126);
  }

  TempFolder output_;
  pid_t child_ = -1;
};

inline Ending run(const std::string& scenario, const std::string& config,
                  const std::string& argument = "") {
  return Process(scenario, config, argument).wait();
}

// PREFIX-0, PREFIX-1, ...
inline std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(prefix + "-" + std::to_string(i));
  }
  return names;
}

inline std::vector<std::string> all_of(
    const std::vector<std::vector<std::string>>& parts) {
  std::vector<std::string> all;
  for (const auto& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Waits for something that another process is about to do.
template <class Condition>
bool wait_until(Condition condition) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::usleep(500);
  }
  return true;
}

}  // namespace stogger

#define EXPECT_ENDED_WELL(ending_)               \
  do {                                           \
    const ::stogger::Ending& e_ = (ending_);     \
    EXPECT_TRUE(e_.code == 0 && !e_.late) << e_; \
  } while (false)
