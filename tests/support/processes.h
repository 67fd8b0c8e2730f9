// Child processes for tests. What goes wrong in one is told by its exit status
// alone: assertions of gtest do not reach out of it.
#pragma once

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <vector>

namespace stogger {

// Starts a child that runs the body and exits without any clean-up: with 0 if
// the body returns true, with 1 otherwise.
inline pid_t start_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  return child;
}

// Waits for the child. Whether its body returned true.
inline bool succeeded(pid_t child) {
  int status = -1;
  while (::waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline bool in_child(const std::function<bool()>& body) {
  return succeeded(start_child(body));
}

// Runs the body in several processes at once; true if it was true in all.
inline bool in_children(int count, const std::function<bool(int)>& body) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    children.push_back(start_child([&] { return body(i); }));
  }
  bool fine = true;
  for (const pid_t child : children) fine = succeeded(child) && fine;
  return fine;
}

inline void kill_child(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// A pipe over which processes tell each other how far they are.
class Signal {
 public:
  Signal() : fine_(::pipe(ends_) == 0) {}
  ~Signal() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void give() {
    if (::write(ends_[1], "x", 1) != 1) fine_ = false;
  }
  // Waits until the other side has given one.
  bool take() {
    char byte = 0;
    ssize_t count = -1;
    do {
      count = ::read(ends_[0], &byte, 1);
    } while (count == -1 && errno == EINTR);
    return fine_ && count == 1;
  }
  // How many were given and not taken.
  std::size_t pending() const {
    int bytes = 0;
    ::ioctl(ends_[0], FIONREAD, &bytes);
    return static_cast<std::size_t>(bytes);
  }

 private:
  int ends_[2] = {-1, -1};
  bool fine_;
};

}  // namespace stogger
