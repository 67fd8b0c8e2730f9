#include "tests/support/journal.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace stogger {
namespace {

constexpr char kUsualRuntime[] = "/run/systemd/journal";
constexpr char kUsualLogs[] = "/run/log/journal";
constexpr const char* kPrograms[] = {"/lib/systemd/systemd-journald",
                                     "/usr/lib/systemd/systemd-journald"};
// Without a limit to the rate, and without the messages of the kernel.
constexpr std::string_view kConfiguration =
    "[Journal]\nStorage=volatile\nRateLimitBurst=0\nReadKMsg=no\nAudit=no\n"
    "SplitMode=none\nRuntimeMaxUse=1G\nRuntimeKeepFree=1M\n";

const char* program() {
  for (const char* path : kPrograms) {
    if (::access(path, X_OK) == 0) return path;
  }
  return nullptr;
}

std::string last_error() { return std::generic_category().message(errno); }

// True if somebody listens on that socket.
bool is_served(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool served =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                sizeof address) == 0;
  ::close(socket);
  return served;
}

// ---- Between fork() and exec(): system calls only, and no way back.

[[noreturn]] void give_up(const char* what) {
  ::dprintf(STDERR_FILENO, "%s: %s\n", what, std::strerror(errno));
  ::_exit(127);
}

void need(bool worked, const char* what) {
  if (!worked) give_up(what);
}

void write_text(const char* path, std::string_view text) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  need(file >= 0 && ::write(file, text.data(), text.size()) ==
                        static_cast<ssize_t>(text.size()),
       path);
  ::close(file);
}

// Root keeps its rights; others become root of a user namespace.
void enter_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWNS) == 0) return;
  need(::unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0, "unshare");
  char map[64];
  write_text("/proc/self/setgroups", "deny");
  std::snprintf(map, sizeof map, "0 %u 1", static_cast<unsigned>(user));
  write_text("/proc/self/uid_map", map);
  std::snprintf(map, sizeof map, "0 %u 1", static_cast<unsigned>(group));
  write_text("/proc/self/gid_map", map);
}

void cover_run(const char* sockets, const char* logs) {
  need(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0,
       "mount --make-rprivate /");
  need(::mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0,
       "mount tmpfs /run");
  for (const char* folder :
       {"/run/systemd", "/run/systemd/journal", "/run/systemd/journald.conf.d",
        "/run/log", "/run/log/journal"}) {
    need(::mkdir(folder, 0755) == 0, folder);
  }
  write_text("/run/systemd/journald.conf.d/test.conf", kConfiguration);
  need(::mount(sockets, "/run/systemd/journal", nullptr, MS_BIND, nullptr) == 0,
       "mount --bind /run/systemd/journal");
  need(::mount(logs, "/run/log/journal", nullptr, MS_BIND, nullptr) == 0,
       "mount --bind /run/log/journal");
}

}  // namespace

Journal::Journal(Place place) : place_(place) {
  runtime_ = kUsualRuntime;
  if (place_ == Place::own_namespace) {
    // Others than the one who made the folder may log.
    std::filesystem::permissions(folder_.path(),
                                 std::filesystem::perms::others_exec |
                                     std::filesystem::perms::group_exec,
                                 std::filesystem::perm_options::add);
    runtime_ = folder_.file("run");
    std::filesystem::create_directories(runtime_);
    std::filesystem::create_directories(folder_.file("log"));
  } else if (place_ == Place::usual) {
    for (const char* folder : {kUsualRuntime, kUsualLogs}) {
      if (std::filesystem::create_directories(folder))
        created_.push_back(folder);
    }
  }
  socket_ = runtime_ + "/socket";
}

Journal::~Journal() {
  kill();
  std::error_code ignored;
  for (const auto& folder : created_) {
    std::filesystem::remove_all(folder, ignored);
  }
}

std::unique_ptr<Journal> Journal::start(std::string* why_not) {
  const bool root = ::geteuid() == 0;
  const bool served = is_served(std::string(kUsualRuntime) + "/socket");
  const bool installed = program() != nullptr;
  *why_not = installed ? "" : "systemd-journald is not installed";
  const auto attempt = [&](Place place) {
    std::unique_ptr<Journal> journal(new Journal(place));
    std::string why;
    if (journal->launch(&why)) return journal;
    *why_not += (why_not->empty() ? "" : "; ") + why;
    return std::unique_ptr<Journal>();
  };
  std::unique_ptr<Journal> journal;
  if (installed) journal = attempt(Place::own_namespace);
  if (!journal && installed && root && !served) journal = attempt(Place::usual);
  if (!journal && root && served) journal = attempt(Place::machine);
  if (!journal && !root) *why_not += "; as root there are other ways";
  return journal;
}

bool Journal::launch(std::string* why) {
  if (place_ != Place::machine) {
    daemon_ = ::fork();
    if (daemon_ == 0) run_daemon();
    if (daemon_ == -1) {
      *why = "fork: " + last_error();
      return false;
    }
  }
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!synchronize()) {
    int exit_status = 0;
    if (is_ours() && ::waitpid(daemon_, &exit_status, WNOHANG) == daemon_) {
      daemon_ = -1;
      std::string output = read_file(folder_.file("journald.err"));
      while (output.ends_with('\n')) output.pop_back();
      *why = "systemd-journald does not start: " + output;
      return false;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      *why = "systemd-journald does not answer on " + runtime_;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Journal::run_daemon() const {
  const std::string errors = folder_.file("journald.err");
  const std::string logs = folder_.file("log");
  const int output =
      ::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (place_ == Place::own_namespace) {
    enter_namespace();
    cover_run(runtime_.c_str(), logs.c_str());
  }
  ::setenv("SYSTEMD_LOG_TARGET", "console", 1);
  ::execl(program(), program(), static_cast<char*>(nullptr));
  give_up(program());
}

void Journal::kill() {
  if (daemon_ == -1) return;
  ::kill(daemon_, SIGKILL);
  ::waitpid(daemon_, nullptr, 0);
  daemon_ = -1;
}

void Journal::restart() {
  kill();
  std::string why;
  if (!launch(&why)) throw std::runtime_error(why);
}

void Journal::pause() {
  ::kill(daemon_, SIGSTOP);
  // The signal has arrived when the parent can see it.
  ::waitpid(daemon_, nullptr, WUNTRACED);
}

void Journal::resume() { ::kill(daemon_, SIGCONT); }

// Asks journald to write out all it was sent, and waits for the answer.
bool Journal::synchronize() {
  // The NUL at its end is part of the call.
  constexpr char kCall[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = runtime_ + "/io.systemd.journal";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {30, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char answer[4096];
  bool answered = ::connect(socket, reinterpret_cast<sockaddr*>(&address),
                            sizeof address) == 0;
  answered = answered && ::send(socket, kCall, sizeof kCall, MSG_NOSIGNAL) > 0;
  answered = answered && ::recv(socket, answer, sizeof answer, 0) > 0;
  ::close(socket);
  return answered;
}

std::string Journal::journalctl(std::string_view identifier) {
  std::string command = "journalctl --quiet --no-pager --all -o json";
  if (place_ == Place::own_namespace) {
    command += " --directory='" + folder_.file("log") + "'";
  }
  command += " 'SYSLOG_IDENTIFIER=" + std::string(identifier) + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error(command + ": " + last_error());
  std::string output;
  char part[65536];
  for (std::size_t size; (size = std::fread(part, 1, sizeof part, pipe)) > 0;) {
    output.append(part, size);
  }
  const int exit_status = ::pclose(pipe);
  if (exit_status != 0) {
    throw std::runtime_error(command + ": status " +
                             std::to_string(exit_status));
  }
  return output;
}

std::vector<nlohmann::json> Journal::entries(std::string_view identifier) {
  if (!synchronize()) throw std::runtime_error("journald does not synchronize");
  std::vector<nlohmann::json> entries;
  std::istringstream lines(journalctl(identifier));
  for (std::string line; std::getline(lines, line);) {
    entries.push_back(nlohmann::json::parse(line));
    // Text with control characters is shown as a list of bytes.
    for (auto& value : entries.back()) {
      if (!value.is_array() || value.empty() || !value[0].is_number()) continue;
      std::string text;
      for (const auto& byte : value) {
        text += static_cast<char>(byte.get<int>());
      }
      value = text;
    }
  }
  return entries;
}

}  // namespace stogger
