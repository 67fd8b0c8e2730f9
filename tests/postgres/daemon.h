// Daemon: a program that serves a test, with all processes it starts. None of
// them outlives the test, however that ends.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace stogger {

// Polls, for things that other processes are about to do. False if it did not
// come true in time.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds most = std::chrono::seconds(30));

// Who runs programs that refuse to be run by root: `postgres` if the test is
// root's, else nobody in particular (an empty name).
std::string unprivileged_user();
void give_to(const std::string& user, const std::string& path);

// Runs a program to its end, with its output in the file. Throws, with that
// output, if it fails.
void run_program(const std::vector<std::string>& command,
                 const std::string& user, const std::string& output);

// A loopback port that nobody else gets as long as this lives. A server may
// listen on it all the same, for both allow the other to (SO_REUSEADDR).
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;
  int number() const { return number_; }

 private:
  int socket_;
  int number_ = 0;
};

class Daemon {
 public:
  struct Plan {
    std::vector<std::string> command;  // the first one is a path
    std::string user;                  // empty: the one who runs the test
    std::string folder;  // where it runs; removed when the daemon ends
    std::string output;  // the file that gets what it prints
    int end_signal = SIGTERM;
    bool own_network = false;  // a network namespace of its own, if possible
  };

  // Starts a guard, a child of the test that has the daemon as its child: it
  // ends all when the test ends. Throws if that cannot be had.
  explicit Daemon(const Plan& plan);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  pid_t pid() const { return pid_; }
  pid_t guard() const { return guard_; }
  // Whether any process is left, of those that it started too.
  bool is_running();
  // Throws if that takes more than half a minute.
  void wait_for_end();

  void signal(int number) const { ::kill(pid_, number); }
  // Stops the daemon and all its children; returns when none of them runs.
  void pause() const;
  void resume() const;

 private:
  int ask(char question);
  [[noreturn]] void guard(int socket) const;
  pid_t launch() const;
  void end_all(pid_t daemon) const;

  Plan plan_;
  std::vector<const char*> arguments_;
  uid_t user_;
  gid_t group_;
  int socket_ = -1;
  pid_t guard_ = -1;
  pid_t pid_ = -1;
};

// False for one that has ended and waits for its parent to see it.
bool process_runs(pid_t process);
// Returns when the process is stopped. Throws if it is none.
void pause_process(pid_t process);
void resume_process(pid_t process);

}  // namespace stogger
