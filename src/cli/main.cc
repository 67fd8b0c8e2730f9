#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>

#include "cli/commands.h"
#include "module/loader.h"

namespace stogger {
namespace {

// Modules are installed with the program, and both may have been moved to
// another place since they were built.
void look_beside_program() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto folder = program.parent_path();
  if (error || folder.filename() != "bin") return;
  add_module_folder((folder / STOGGER_MODULES).lexically_normal().string());
}

int run(int argc, char** argv) {
  CLI::App app("Looks after the logs that programs write through stogger.",
               "stogger");
  app.set_version_flag("--version", "stogger " STOGGER_VERSION);
  app.require_subcommand(1);

  std::string file;
  bool connect = false;
  CLI::App* const checking = app.add_subcommand(
      "check",
      "Print every problem of a configuration file (exit code 78), or the "
      "configuration in effect with all defaults (exit code 0).");
  checking->add_option("FILE", file, "The TOML file")->required();
  checking->add_flag("--connect", connect,
                     "Look at the target of every sink too, and print what "
                     "opening it would change; changes nothing itself; exit "
                     "code 69 if one cannot be opened");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitOk : kExitUsage;
  }
  look_beside_program();
  return check(file, connect);
}

}  // namespace
}  // namespace stogger

int main(int argc, char** argv) {
  int result = stogger::kExitFailed;
  try {
    result = stogger::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "stogger: %s\n", e.what());
  }
  // What did not reach a full disk or a closed pipe was not printed.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "stogger: cannot write the output: %s\n",
                 std::strerror(errno));
    if (result == stogger::kExitOk) result = stogger::kExitFailed;
  }
  return result;
}
