// Finding modules and loading them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stogger/module.h"
#include "stogger/status.h"

namespace stogger {

// What became of looking for a module.
struct ModuleSearch {
  // Null if it could not be loaded. Stays for the life of the process.
  const stogger_module* module = nullptr;
  // True if there is a file of its name, whether it can be loaded or not.
  bool exists = false;
  // Code::missing if there is none, Code::unavailable if it could not be
  // loaded: why, and what to do.
  Status status;
  // If there is none: "there is no FILE in FOLDERS". Empty if none can have the
  // name.
  std::string absence;
};

// Loads the module of a type of sink, stogger_TYPE.so, from the first of
// module_folders() that has it. What has been loaded once is at hand at once;
// what has not is looked for with each call. Callable from any thread.
ModuleSearch load_module(std::string_view type);

// Where modules are looked for, in this order: $STOGGER_MODULE_PATH, the folder
// `stogger` beside the shared library, the folder of the installation. All of
// them are absolute.
std::vector<std::string> module_folders();

// For tests, which must not depend on what is installed on the machine. Returns
// the folder that was. Not to be called while others load.
std::string set_installation_folder(std::string folder);

// Adds a folder to the end of them. Not to be called while others load.
void add_module_folder(std::string folder);

}  // namespace stogger
