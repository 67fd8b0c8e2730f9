#include "tests/postgres/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

constexpr int kGuardSocket = 3;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

// The state and the parent of a process, as /proc has them: system calls only.
// A dot if there is no such process.
char state_of(const char* process, pid_t* parent) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%.20s/stat", process);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file == -1) return '.';
  char text[512];
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) return '.';
  text[size] = '\0';
  // pid (name) state parent ...; the name may hold anything.
  const char* end = std::strrchr(text, ')');
  if (end == nullptr || std::strlen(end) < 4) return '.';
  if (parent != nullptr) *parent = std::atoi(end + 4);
  return end[2];
}

void for_each_child(pid_t parent, const std::function<void(pid_t)>& call) {
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return;
  while (const dirent* entry = ::readdir(processes)) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    pid_t found = -1;
    if (state_of(entry->d_name, &found) != '.' && found == parent) {
      call(std::atoi(entry->d_name));
    }
  }
  ::closedir(processes);
}

// False if there is none. Forgets the daemon when it has ended.
bool reap_children(pid_t* daemon) {
  pid_t ended = 0;
  while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    if (ended == *daemon) *daemon = -1;
  }
  return ended == 0;
}

}  // namespace

bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds most) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::string unprivileged_user() { return ::geteuid() == 0 ? "postgres" : ""; }

void give_to(const std::string& user, const std::string& path) {
  if (user.empty()) return;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("there is no user " + user);
  if (::chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    fail("chown " + path);
  }
}

void run_program(const std::vector<std::string>& command,
                 const std::string& user, const std::string& output) {
  std::string line;
  if (!user.empty()) line = "cd / && exec runuser -u " + user + " --";
  for (const std::string& word : command) line += " '" + word + "'";
  line += " >>'" + output + "' 2>&1 </dev/null";
  if (std::system(line.c_str()) == 0) return;
  throw std::runtime_error(line + ":\n" + read_file(output));
}

ReservedPort::ReservedPort()
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int yes = 1;
  if (socket_ == -1 ||
      ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    fail("no free loopback port");
  }
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() { ::close(socket_); }

bool process_runs(pid_t process) {
  const char state = state_of(std::to_string(process).c_str(), nullptr);
  return state != '.' && state != 'Z';
}

void pause_process(pid_t process) {
  const std::string name = std::to_string(process);
  ::kill(process, SIGSTOP);
  char state = '.';
  const bool stopped = wait_until([&] {
    state = state_of(name.c_str(), nullptr);
    return state == 'T' || state == '.' || state == 'Z';
  });
  if (!stopped || state != 'T') {
    throw std::runtime_error("process " + name + " does not stop: " + state);
  }
}

void resume_process(pid_t process) { ::kill(process, SIGCONT); }

Daemon::Daemon(const Plan& plan)
    : plan_(plan), user_(::geteuid()), group_(::getegid()) {
  for (const std::string& word : plan_.command) {
    arguments_.push_back(word.c_str());
  }
  arguments_.push_back(nullptr);
  if (!plan_.user.empty()) {
    const passwd* entry = ::getpwnam(plan_.user.c_str());
    if (entry == nullptr) throw std::runtime_error("no user " + plan_.user);
    user_ = entry->pw_uid;
    group_ = entry->pw_gid;
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    fail("socketpair");
  }
  guard_ = ::fork();
  if (guard_ == -1) fail("fork");
  if (guard_ == 0) guard(ends[1]);
  ::close(ends[1]);
  socket_ = ends[0];
  // It answers once it is in its namespace.
  if (ask('l') < 0)
    throw std::runtime_error("no guard for " + plan_.command[0]);
}

Daemon::~Daemon() {
  const char quit = 'q';
  static_cast<void>(::send(socket_, &quit, 1, MSG_NOSIGNAL));
  ::close(socket_);
  ::waitpid(guard_, nullptr, 0);
}

int Daemon::ask(char question) {
  int answer = -1;
  if (::send(socket_, &question, 1, MSG_NOSIGNAL) != 1) return -1;
  ssize_t size = -1;
  do {
    size = ::recv(socket_, &answer, sizeof answer, MSG_WAITALL);
  } while (size == -1 && errno == EINTR);
  return size == sizeof answer ? answer : -1;
}

void Daemon::start() {
  pid_ = ask('s');
  if (pid_ <= 0) throw std::runtime_error("cannot start " + plan_.command[0]);
}

bool Daemon::is_running() { return ask('l') == 1; }

void Daemon::wait_for_end() {
  if (!wait_until([this] { return !is_running(); })) {
    throw std::runtime_error(plan_.command[0] + " does not end");
  }
}

void Daemon::pause() const {
  pause_process(pid_);
  for_each_child(pid_, [](pid_t child) { ::kill(child, SIGSTOP); });
  const bool stopped = wait_until([this] {
    bool all = true;
    for_each_child(pid_, [&](pid_t child) {
      const char state = state_of(std::to_string(child).c_str(), nullptr);
      all = all && (state == 'T' || state == 'Z' || state == '.');
    });
    return all;
  });
  if (!stopped) throw std::runtime_error(plan_.command[0] + " does not stop");
}

void Daemon::resume() const {
  for_each_child(pid_, [](pid_t child) { ::kill(child, SIGCONT); });
  ::kill(pid_, SIGCONT);
}

// ---- In the guard, which is no fit place for exceptions.

void Daemon::guard(int socket) const {
  if (socket != kGuardSocket) ::dup2(socket, kGuardSocket);
  // What it holds open of the test would not be seen to close.
  ::close_range(kGuardSocket + 1, ~0u, 0);
  ::fcntl(kGuardSocket, F_SETFD, FD_CLOEXEC);
  ::setsid();
  ::prctl(PR_SET_NAME, "test-guard");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int output = ::open(plan_.output.c_str(),
                            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (output == -1 || input == -1 || ::chdir(plan_.folder.c_str()) != 0 ||
      (plan_.own_network && ::unshare(CLONE_NEWNET) != 0)) {
    ::_exit(1);
  }
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  pid_t daemon = -1;
  for (;;) {
    pollfd wait = {kGuardSocket, POLLIN, 0};
    const int ready = ::poll(&wait, 1, 50);
    const bool any = reap_children(&daemon);
    if (ready <= 0) continue;
    char question = 'q';
    if (::read(kGuardSocket, &question, 1) != 1 || question == 'q') break;
    int answer = any ? 1 : 0;
    if (question == 's') answer = daemon = launch();
    static_cast<void>(
        ::send(kGuardSocket, &answer, sizeof answer, MSG_NOSIGNAL));
  }
  end_all(daemon);
  ::execl("/bin/rm", "rm", "-rf", plan_.folder.c_str(),
          static_cast<char*>(nullptr));
  ::_exit(1);
}

pid_t Daemon::launch() const {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (user_ != ::geteuid() && (::initgroups(plan_.user.c_str(), group_) != 0 ||
                               ::setgid(group_) != 0 || ::setuid(user_) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execv(arguments_[0], const_cast<char* const*>(arguments_.data()));
  ::dprintf(STDERR_FILENO, "%s: %s\n", arguments_[0], std::strerror(errno));
  ::_exit(127);
}

// First the way that leaves nothing behind, then the sure one. Others than the
// daemon's own processes are not waited for: a sanitizer keeps its symbolizer
// as a child.
void Daemon::end_all(pid_t daemon) const {
  if (daemon > 0) {
    for_each_child(daemon, [](pid_t child) { ::kill(child, SIGCONT); });
    ::kill(daemon, SIGCONT);
    ::kill(daemon, plan_.end_signal);
  }
  for (int i = 0; i < 5000 && reap_children(&daemon) && daemon > 0; ++i) {
    ::usleep(2000);
  }
  while (reap_children(&daemon)) {
    for_each_child(::getpid(), [](pid_t child) { ::kill(child, SIGKILL); });
    ::usleep(2000);
  }
}

}  // namespace stogger
