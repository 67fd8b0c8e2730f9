#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

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

struct Arguments {
  std::string file;
  bool connect = false;
  std::vector<std::string> known_types;
  std::string sink;
  std::string path;
  std::string ring_dir;
  std::uint64_t most = UINT64_MAX;
};

CLI::App* add_check(CLI::App& app, Arguments* given) {
  CLI::App* const command = app.add_subcommand(
      "check",
      "Print every problem of a configuration file (exit code 78), or the "
      "configuration in effect with all defaults (exit code 0).");
  command->add_option("FILE", given->file, "The TOML file")->required();
  command->add_flag("--connect", given->connect,
                    "Look at the target of every sink too, and print what "
                    "opening it would change; changes nothing itself; exit "
                    "code 69 if one cannot be opened");
  command
      ->add_option("--known", given->known_types,
                   "A sink type that the program registers itself: its sinks "
                   "are taken as they are; may be given several times")
      ->allow_extra_args(false);
  return command;
}

void add_ring_dir(CLI::App& command, Arguments* given) {
  command.add_option("--ring-dir", given->ring_dir,
                     "Where rings lie, if the sink has a ring_dir");
}

void add_list(CLI::App& spool, Arguments* given) {
  CLI::App* const command = spool.add_subcommand(
      "ls", "Print one line for each queue; changes nothing.");
  command->add_option("SPOOL_DIR", given->path, "The spool_dir of a sink")
      ->required();
  add_ring_dir(*command, given);
}

CLI::App* add_queue_command(CLI::App& spool, Arguments* given, const char* name,
                            const char* what) {
  CLI::App* const command = spool.add_subcommand(name, what);
  command
      ->add_option("QUEUE_FOLDER", given->path,
                   "The folder of a queue: SPOOL_DIR/SINK/UUID")
      ->required();
  add_ring_dir(*command, given);
  return command;
}

CLI::App* add_verify(CLI::App& spool, Arguments* given) {
  return add_queue_command(
      spool, given, "verify",
      "Read all of a queue, and print what it has and each damage (exit code "
      "1); changes nothing.");
}

CLI::App* add_show(CLI::App& spool, Arguments* given) {
  CLI::App* const command = add_queue_command(
      spool, given, "show",
      "Print the events of a queue as JSON lines, the oldest first; changes "
      "nothing.");
  command->add_option("--limit", given->most, "The most events to print");
  return command;
}

CLI::App* add_replay(CLI::App& spool, Arguments* given) {
  CLI::App* const command = spool.add_subcommand(
      "replay",
      "Deliver a queue that nobody uses, or a copy of one, through a sink of a "
      "configuration file, and remove it when all is delivered; exit code 69 "
      "if the target fails, and then nothing is lost.");
  command->add_option("FILE", given->file, "The TOML file")->required();
  command->add_option("SINK", given->sink, "The name of the sink")->required();
  command
      ->add_option("QUEUE_FOLDER", given->path,
                   "The folder of a queue: SPOOL_DIR/SINK/UUID")
      ->required();
  add_ring_dir(*command, given);
  return command;
}

// Without a slash at its end; an empty path stays one.
std::string absolute(const std::string& path) {
  if (path.empty()) return path;
  std::filesystem::path whole =
      std::filesystem::absolute(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  return whole.string();
}

int run(int argc, char** argv) {
  CLI::App app("Looks after the logs that programs write through stogger.",
               "stogger");
  app.set_version_flag("--version", "stogger " STOGGER_VERSION);
  app.require_subcommand(1);

  Arguments given;
  CLI::App* const checking = add_check(app, &given);
  CLI::App* const spool = app.add_subcommand(
      "spool", "Look at queues on disk, and deliver what is in them.");
  spool->require_subcommand(1);
  add_list(*spool, &given);
  CLI::App* const verifying = add_verify(*spool, &given);
  CLI::App* const showing = add_show(*spool, &given);
  CLI::App* const replaying = add_replay(*spool, &given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitOk : kExitUsage;
  }
  look_beside_program();
  if (checking->parsed()) {
    return check(given.file, given.connect, given.known_types);
  }
  const std::string path = absolute(given.path);
  const std::string ring_dir = absolute(given.ring_dir);
  if (verifying->parsed()) return verify_queue(path, ring_dir);
  if (showing->parsed()) return show_queue(path, ring_dir, given.most);
  if (replaying->parsed()) {
    return replay_queue(given.file, given.sink, path, ring_dir);
  }
  return list_spool(path, ring_dir);
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
