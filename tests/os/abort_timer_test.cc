#include "os/abort_timer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "tests/support/processes.h"

namespace stogger {
namespace {

int signal_that_ends(const std::function<bool()>& body) {
  const pid_t child = start_child(body);
  int status = -1;
  while (::waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(AbortTimerTest, EndsAProcessThatTakesTooLong) {
  EXPECT_EQ(signal_that_ends([] {
              const AbortTimer timer(std::chrono::milliseconds(20));
              for (;;) ::pause();
              return true;
            }),
            SIGABRT);
}

TEST(AbortTimerTest, DoesSoInAThreadThatGetsNoSignals) {
  EXPECT_EQ(signal_that_ends([] {
              sigset_t all;
              sigfillset(&all);
              sigprocmask(SIG_BLOCK, &all, nullptr);
              const AbortTimer timer(std::chrono::milliseconds(20));
              for (;;) ::pause();
              return true;
            }),
            SIGABRT);
}

TEST(AbortTimerTest, LeavesOneAloneThatIsDoneInTime) {
  EXPECT_EQ(signal_that_ends([] {
              { const AbortTimer timer(std::chrono::milliseconds(20)); }
              ::usleep(60000);
              return true;
            }),
            0);
}

}  // namespace
}  // namespace stogger
