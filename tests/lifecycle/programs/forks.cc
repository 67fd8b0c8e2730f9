// Processes that split.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/lifecycle/programs/scenario.h"

namespace {

// True if the child ended well.
bool wait_for(pid_t child) {
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

template <class Body>
pid_t in_child(Body body) {
  // What stdio holds would be printed twice.
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  body();
  std::exit(0);
}

// Log until they are told to stop.
class Loggers {
 public:
  explicit Loggers(int count) {
    for (int thread = 0; thread < count; ++thread) {
      threads_.emplace_back([this, thread] {
        const std::string prefix = "thread" + std::to_string(thread) + "-";
        for (int i = 0; !stop_; ++i) {
          log_checked(prefix + std::to_string(i));
          ++logged_;
        }
      });
    }
  }
  // Prints how many events there were.
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    std::printf("%d\n", logged_.load());
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> logged_{0};
  std::vector<std::thread> threads_;
};

int both_log(const Arguments&) {
  log_many("before", 50);  // some of it is in buffers now
  const pid_t child = in_child([] { log_many("child", 50); });
  log_many("parent", 50);
  return wait_for(child) ? 0 : 4;
}

int child_that_logs_nothing(const Arguments&) {
  log_many("before", 50);
  if (!wait_for(in_child([] {}))) return 4;
  if (!wait_for(in_child([] { ::_exit(0); }))) return 5;
  log_many("after", 50);
  return 0;
}

int parent_ends_first(const Arguments& arguments) {
  log_many("before", 50);
  int gate[2];
  if (::pipe(gate) != 0) return 4;
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 5;
  in_child([&] {
    ::close(gate[1]);
    char end;
    static_cast<void>(::read(gate[0], &end, 1) == 0);  // until the parent ends
    log_many("child", 50);
    static_cast<void>(stogger::shutdown());
    ++progress->returned[0];
  });
  return 0;
}

int grandchildren(const Arguments&) {
  log_many("before", 20);
  const pid_t child = in_child([] {
    log_many("child", 20);
    const pid_t grandchild = in_child([] {
      if (!wait_for(in_child([] { log_many("great-grandchild", 20); }))) {
        ::_exit(4);
      }
      log_many("grandchild", 20);
    });
    log_many("child-again", 20);
    if (!wait_for(grandchild)) ::_exit(5);
  });
  log_many("parent", 20);
  return wait_for(child) ? 0 : 6;
}

int while_threads_log(const Arguments& arguments) {
  const int rounds = std::atoi(arguments.argument.c_str());
  Loggers loggers(4);
  bool fine = true;
  for (int round = 0; round < rounds && fine; ++round) {
    const std::string prefix = "child" + std::to_string(round);
    const pid_t child = in_child([&] {
      ::alarm(10);  // a child that hangs is a failure, not a test that hangs
      log_many(prefix, 3);
      // No static objects: the threads whose locks they would want are gone.
      static_cast<void>(stogger::shutdown());
      ::_exit(0);
    });
    fine = wait_for(child);
  }
  loggers.stop();
  return fine ? 0 : 4;
}

// A thread uses SQLite for the program's own ends.
int while_a_thread_uses_sqlite(const Arguments& arguments) {
  const int rounds = std::atoi(arguments.argument.c_str());
  std::atomic<bool> stop{false};
  std::thread user([&] {
    while (!stop) {
      sqlite3* database = nullptr;
      sqlite3_open(":memory:", &database);
      sqlite3_exec(database, "CREATE TABLE t (x); INSERT INTO t VALUES (1)",
                   nullptr, nullptr, nullptr);
      sqlite3_close(database);
    }
  });
  bool fine = true;
  for (int round = 0; round < rounds && fine; ++round) {
    const std::string prefix = "child" + std::to_string(round);
    fine = wait_for(in_child([&] {
      ::alarm(10);
      log_many(prefix, 1);
      ::_exit(0);
    }));
  }
  stop = true;
  user.join();
  return fine ? 0 : 4;
}

// The first events of all threads, which set the library up, and forks.
int while_the_library_is_set_up(const Arguments&) {
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&go] {
      while (!go) {
      }
      stogger::info("first", {{"a", 1}});
    });
  }
  go = true;
  std::vector<pid_t> children;
  for (int i = 0; i < 5; ++i) {
    children.push_back(in_child([] {
      ::alarm(10);
      stogger::info("child", {{"a", 1}});
      ::_exit(0);
    }));
  }
  bool fine = true;
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) fine = wait_for(child) && fine;
  return fine ? 0 : 4;
}

int other_programs(const Arguments& arguments) {
  log_many("before", 20);
  const pid_t child = in_child([&] {
    log_many("child", 20);
    static_cast<void>(stogger::flush());
    ::execl("/proc/self/exe", "lifecycle_program", "exec-target",
            arguments.config.c_str(), nullptr);
    ::_exit(5);
  });
  log_many("parent", 20);
  return wait_for(child) ? 0 : 4;
}

int exec_target(const Arguments&) {
  log_many("exec", 20);
  return 0;
}

int commands_while_threads_log(const Arguments&) {
  Loggers loggers(4);
  bool fine = true;
  for (int round = 0; round < 10; ++round) {
    fine = std::system("true") == 0 && fine;
    std::FILE* output = ::popen("echo hello", "r");
    char line[16] = {};
    fine = output != nullptr && fine &&
           std::fgets(line, sizeof line, output) != nullptr &&
           ::pclose(output) == 0;
  }
  loggers.stop();
  return fine ? 0 : 4;
}

int statistics_of_the_child(const Arguments&) {
  log_many("before", 10);
  const pid_t child = in_child([] {
    for (const stogger::SinkStats& stats : stogger::stats()) {
      if (stats.accepted != 0 || stats.written != 0 || stats.pending != 0) {
        ::_exit(4);
      }
    }
    log_many("child", 5);
    for (const stogger::SinkStats& stats : stogger::stats()) {
      if (stats.accepted != 5 || stats.written + stats.pending != 5) {
        ::_exit(5);
      }
    }
    if (!stogger::flush().ok()) ::_exit(6);
    for (const stogger::SinkStats& stats : stogger::stats()) {
      if (stats.written != 5) ::_exit(7);
    }
  });
  const bool fine = wait_for(child);
  for (const stogger::SinkStats& stats : stogger::stats()) {
    if (stats.accepted != 10) return 8;
  }
  return fine ? 0 : 9;
}

int loggers_and_scopes_go_on(const Arguments&) {
  const stogger::Logger log = stogger::logger("http").with({{"bound", 1}});
  const stogger::Scope scope("request", {{"scoped", 2}});
  const pid_t child = in_child([&] {
    log.info("child", {{"check", "child"}});
    static_cast<void>(stogger::shutdown());
    ::_exit(0);
  });
  if (!wait_for(child)) return 4;
  log.info("parent", {{"check", "parent"}});
  return 0;
}

int child_sets_up_anew(const Arguments& arguments) {
  log_many("before", 20);
  const pid_t child = in_child([&] {
    if (!stogger::init(arguments.argument).ok()) ::_exit(4);
    log_many("child", 20);
  });
  const bool fine = wait_for(child);
  log_many("parent", 20);
  return fine ? 0 : 5;
}

int fork_and_close_everything(const Arguments&) {
  log_many("before", 20);
  // What a daemon does: it closes all descriptors, the library's too.
  const pid_t child = in_child([] {
    for (int descriptor = 3; descriptor < 256; ++descriptor) {
      ::close(descriptor);
    }
    log_many("child", 20);
  });
  const bool fine = wait_for(child);
  log_many("parent", 20);
  return fine ? 0 : 4;
}

// The process that was started ends at once.
int becomes_a_daemon(const Arguments& arguments) {
  Progress* progress = Progress::open(arguments.argument);
  if (progress == nullptr) return 4;
  log_many("before", 20);
  if (::daemon(1, 1) != 0) return 5;
  log_many("daemon", 20);
  static_cast<void>(stogger::shutdown());
  ++progress->returned[0];
  return 0;
}

constexpr Scenario kScenarios[] = {
    {"fork", &both_log},
    {"fork-silent", &child_that_logs_nothing},
    {"fork-orphan", &parent_ends_first},
    {"fork-deep", &grandchildren},
    {"fork-threads", &while_threads_log},
    {"fork-sqlite", &while_a_thread_uses_sqlite},
    {"fork-set-up", &while_the_library_is_set_up},
    {"fork-exec", &other_programs},
    {"exec-target", &exec_target},
    {"commands", &commands_while_threads_log},
    {"fork-stats", &statistics_of_the_child},
    {"fork-scopes", &loggers_and_scopes_go_on},
    {"fork-init", &child_sets_up_anew},
    {"fork-daemon", &fork_and_close_everything},
    {"daemon", &becomes_a_daemon},
};

}  // namespace

const Scenario* find_fork(std::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}
