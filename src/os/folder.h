// Folder: the one way to a file. Every file that a sink opens, creates,
// renames, cuts, rotates or sets aside is reached through the folder it lies
// in, which is opened and checked once; all names are then relative to it
// (openat(2), renameat(2)). So nobody who may write to some folder on the way
// can lead a service with more rights to another file.
//
// What is refused, by name and with the remedy:
//   - a symbolic link, in the middle of the path or at its end, unless root or
//     the user of this process owns it and only they may change the folder it
//     lies in. Links of /proc/self/fd, and so /dev/stdout, lead to what the
//     process was started with, and are followed;
//   - a file that another user owns, unless root does, or it belongs to a group
//     of this process and others may not touch it (mode & 0007 is 0);
//   - a file with several names (hard links) in a folder that others may
//     change;
//   - a folder of another user than root and the one of this process, on the
//     way or at its end, in a folder that all may write to and that is not his:
//     he can delete and rename what is in it, and says who may read it;
//   - in a program with more rights to files than its caller, what is reached
//     by the working folder or a link of /proc/self/fd: these are his choice.
// Whose the process is, and which groups are its own: ownership.h.
//
// Others may change a folder if it is writable for all, with or without the
// sticky bit, or writable for a group that this process is not in, or if
// another user than root and the one of this process owns it.
//
// What is new is created with O_EXCL and the given mode less the umask, and is
// never writable for all, whatever the umask. In a folder of another user (a
// service's, given to him by root; a home, and a program run by sudo) it gets
// no rights for a group, unless the folder belongs to a group of this process,
// and a file none by an access list: these are the choice of the folder's
// owner. The umask of a caller who has fewer rights to files does not count.
//
// Not safe for concurrent calls. Nothing here throws but std::bad_alloc.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "os/descriptor.h"
#include "os/folder_walk.h"
#include "stogger/status.h"

namespace stogger {

// Of what is created.
struct FileModes {
  mode_t file = 0640;
  mode_t folder = 0750;
};

// The mode of a lock file beside a file: only who may write the file may open
// its lock, for a lock can be held by whoever can open it to read. 0600 for
// 0640, 0660 for 0664.
mode_t lock_mode(mode_t file_mode) noexcept;

// Which folder is the root of this process; of two that are not known, it is
// the same.
struct RootFolder {
  dev_t device = 0;
  ino_t inode = 0;

  static RootFolder now() noexcept;
  bool operator==(const RootFolder&) const noexcept = default;
};

class Folder {
 public:
  // Opens the folder that the file at `path` lies in. With `create`, folders
  // that are missing are created. Where the path ends in a link that may be
  // followed, this is the folder of its target, so that rotation stays on the
  // disk that the link leads to. On failure it is closed.
  Status open(const std::string& path, const FileModes& modes, bool create);
  // For a check, which creates nothing: where a folder is missing, *complete is
  // false, and this is the folder that it would be created in, by name().
  Status open_for_check(const std::string& path, const FileModes& modes,
                        bool* complete);
  // The same for what was opened through `before`: after chroot(2), that folder
  // once more, for the path leads elsewhere.
  Status open_again(const Folder& before, const std::string& path,
                    const FileModes& modes);
  // That folder and name once more.
  Status open_same(const Folder& other);
  bool is_open() const noexcept { return static_cast<bool>(descriptor_); }
  void close() noexcept { descriptor_.reset(); }

  // The file's name in this folder, and its path without links.
  const std::string& name() const noexcept { return name_; }
  std::string path() const { return path_of(name_); }
  std::string path_of(const std::string& name) const;
  // For *at() calls.
  int descriptor() const noexcept { return descriptor_.get(); }
  // True if others than root and the user of this process may change it.
  bool is_open_to_others() const noexcept { return open_to_others_; }
  // True if the name is a link of /proc/self/fd. What it leads to has its name
  // elsewhere, if it has one: it is neither checked, nor can it be renamed.
  bool is_magic() const noexcept { return magic_; }
  // True if the process has another root folder than when this was opened: only
  // the names in this folder mean what they meant then.
  bool has_other_root() const noexcept;
  // True if `path`, which was opened, still leads to this name in this folder,
  // or cannot, after chroot(2).
  bool is_at(const std::string& path) const;
  // Whether it still leads to that file, or, after chroot(2), whether the name
  // does.
  enum class Way : unsigned char {
    to_file,  // whose size is in *size
    elsewhere,
    unknown  // this user may not see it any more
  };
  Way find_way(const std::string& path, const struct stat& file,
               std::uint64_t* size) const noexcept;

  // What open_file() does with a file that is missing or there.
  enum class Creation : unsigned char {
    never,  // Code::unavailable if it is missing, with ENOENT in *error
    if_missing,
    always_new  // EEXIST in *error if something of that name is there
  };
  // Opens `name`, checked as above; a link is not followed. `flags` are those
  // of open(2) without O_CREAT; O_CLOEXEC, O_NOCTTY, O_NONBLOCK and O_NOFOLLOW
  // are added; O_TRUNC comes last, when all is found to be right. The
  // descriptor is never one of the standard three and belongs to the caller; -1
  // on failure, with the errno in *error: ELOOP, EPERM or EMLINK for what is
  // refused. `mode`: of a new file, 0 for that of open(). The file need not be
  // a regular one, but is no folder.
  Status open_file(const std::string& name, int flags, Creation creation,
                   mode_t mode, int* descriptor, int* error) const;

  // What is known of a name without opening it: lstat(2). Whether it worked.
  bool look_up(const std::string& name, struct stat* info) const noexcept;
  // True also if it is not known: what may be there must not be overwritten.
  bool exists(const std::string& name) const noexcept;
  // Ok if open_file() would take what is there, or nothing is there. Nothing is
  // opened or changed. `writable`: this process has to have the right to write
  // to it, or to create it.
  Status check_file(const std::string& name, bool writable) const;

  // Creates an empty file without opening it: closing a file takes away the
  // locks that other parts of the process have on it. 0, or else errno.
  int create_empty(const std::string& name, mode_t mode) const;
  // The rights of what is created here, of those in `mode`, less the umask.
  mode_t mode_of_new(mode_t mode) const;

  // Each returns 0, or else errno. None follows a link.
  int rename(const std::string& from, const std::string& to) const noexcept;
  // EEXIST rather than overwrite something; where the file system cannot
  // promise that, it looks before.
  int rename_to_new(const std::string& from,
                    const std::string& to) const noexcept;
  int remove(const std::string& name) const noexcept;
  // Of an empty folder.
  int remove_folder(const std::string& name) const noexcept;
  // Waits until the names are on the disk.
  int sync() const noexcept;
  // Of all that is in it, but for "." and "..": 0, or else errno.
  int list(std::vector<std::string>* names) const;
  // The same; empty if it may not be listed.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    static_cast<void>(list(&names));
    return names;
  }

 private:
  Status walk(const std::string& path, const FileModes& modes,
              FolderWalk::Missing missing, bool* complete);
  int open_or_create(const std::string& name, int flags, Creation creation,
                     mode_t mode, bool* created) const noexcept;
  Status refuse(const std::string& name, const struct stat& info,
                int* error) const;
  Status failure(const std::string& name, int error) const;
  bool stat_target(const std::string& name, struct stat* info) const noexcept;

  std::string path_;  // without links, "" for the working folder
  std::string name_;
  FileModes modes_;
  Descriptor descriptor_;
  bool open_to_others_ = false;
  // Whoever may reach it may create files in it, and they get its group.
  bool gives_group_to_all_ = false;
  bool magic_ = false;
  RootFolder root_;  // when it was opened
};

}  // namespace stogger
