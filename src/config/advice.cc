// What works but is unwise, as far as a configuration and the folders that it
// names tell. For `stogger check`: a program that starts has no use for advice.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/quote.h"
#include "config/config.h"
#include "config/option.h"

namespace stogger {
namespace {

// The folder that a file of this sink lies in, if everybody can write to it.
std::string open_folder_of(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) return {};
  const std::string folder = absolute.parent_path().string();
  struct stat info = {};
  const bool open = ::stat(folder.c_str(), &info) == 0 &&
                    S_ISDIR(info.st_mode) && (info.st_mode & S_IWOTH) != 0;
  return open ? folder : std::string();
}

void advise_on_folder(const Config& config, const SinkConfig& sink,
                      std::vector<Problem>* problems) {
  for (const char* key : {"path", "dead_letter"}) {
    const OwnedOption* option = find_option(sink.options, key);
    if (option == nullptr || option->value.kind() != Kind::text) continue;
    const std::string folder = open_folder_of(option->value.text());
    if (folder.empty()) continue;
    problems->push_back(
        {config.file, option->where,
         hide_values(sink.hidden,
                     quoted(option->key_in_file()) + " is in " +
                         quoted(folder) +
                         ", where everybody can put files and links; use a "
                         "folder of its own"),
         true});
  }
}

}  // namespace

void add_advice(const Config& config, const std::vector<BuiltSink>& sinks,
                std::vector<Problem>* problems) {
  for (const SinkConfig& sink : config.sinks) {
    const bool is_built = std::any_of(
        sinks.begin(), sinks.end(),
        [&](const BuiltSink& built) { return built.name == sink.name; });
    if (is_built) advise_on_folder(config, sink, problems);
  }
  if (!config.is_public || config.clear_secrets.empty()) return;
  for (const ClearSecret& secret : config.clear_secrets) {
    problems->push_back({config.file, secret.where,
                         quoted(secret.key) +
                             " has a password in a file that everybody can "
                             "read; chmod o-r the file, or write ${VARIABLE}",
                         true});
  }
}

}  // namespace stogger
