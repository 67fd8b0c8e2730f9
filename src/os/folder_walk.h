// FolderWalk: the way from a path to the folder that its file lies in, one
// component at a time, so that each link on the way can be judged before it is
// followed. See folder.h for the rules.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "os/descriptor.h"
#include "stogger/status.h"

namespace stogger {

// Where others keep changing what is there.
inline constexpr int kMostAttempts = 16;

class FolderWalk {
 public:
  // What to do where a folder is missing.
  enum class Missing : unsigned char {
    fail,
    create,  // with `mode`
    stop     // is_complete() is then false, and name() that of the folder
  };
  FolderWalk(Missing missing, mode_t mode) noexcept
      : missing_(missing), mode_(mode) {}

  // Sets *error to the errno of a failure.
  Status go(const std::string& path, int* error);

  Descriptor take_folder() noexcept { return std::move(folder_); }
  // Of the folder, without links.
  const std::string& path() const noexcept { return path_; }
  const std::string& name() const noexcept { return name_; }
  bool is_complete() const noexcept { return complete_; }
  // True if the name is a link of procfs, which the kernel has to follow: it
  // leads to a file, and its text is no path.
  bool ends_in_magic_link() const noexcept { return magic_; }

 private:
  bool next();
  std::string path_of(const std::string& name) const;
  Status fail(int error, const std::string& name, const char* why = nullptr);
  Status start();
  Status step();
  Status step_up();
  Status enter(Descriptor folder, const Descriptor& parent);
  Status create();
  Status finish();
  Status follow(const Descriptor& link, bool* magic);

  const Missing missing_;
  const mode_t mode_;
  Descriptor folder_;
  std::string path_;
  std::string rest_;  // of the path; what is left to go
  std::string name_;  // the component that is looked at
  bool last_ = false;
  bool names_folder_ = false;  // the path ends in a slash
  bool complete_ = true;
  bool magic_ = false;
  bool done_ = false;
  int links_ = 0;
  int error_ = 0;
};

}  // namespace stogger
