// Runs of the program `stogger` in tests.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "tests/support/temp_folder.h"

namespace stogger {

#ifdef STOGGER_PROGRAM
inline constexpr const char* kProgram = STOGGER_PROGRAM;
#else
inline constexpr const char* kProgram = nullptr;  // it is not built
#endif

struct ProgramRun {
  int code = -1;
  std::string out;
  std::string err;
};

// Runs it in a folder, with arguments that suit a shell. What it prints goes
// through files there.
inline ProgramRun run_program(const TempFolder& folder,
                              const std::string& arguments) {
  const std::string command = "cd '" + folder.path() + "' && '" + kProgram +
                              "' " + arguments + " </dev/null >'" +
                              folder.file("out") + "' 2>'" +
                              folder.file("err") + "'";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          read_file(folder.file("out")), read_file(folder.file("err"))};
}

}  // namespace stogger
