// SmallDisk: a file system of its own that can be filled up.
#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/temp_folder.h"

namespace stogger {

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes) {
    const std::string size = "size=" + std::to_string(bytes);
    if (::mount("stogger-test", folder_.path().c_str(), "tmpfs", 0,
                size.c_str()) != 0) {
      why_not_ = std::string("cannot mount a tmpfs: ") + std::strerror(errno);
    }
  }
  ~SmallDisk() {
    if (why_not_.empty()) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Why there is no such disk here; empty if there is one.
  const std::string& why_not() const { return why_not_; }

  std::string file(std::string_view name) const { return folder_.file(name); }

  // Takes all the room that is left, or gives it back.
  void fill() {
    std::ofstream out(file("filler"), std::ios::binary | std::ios::app);
    const std::string page(4096, 'x');
    while (out.write(page.data(), 4096) && out.flush()) {
    }
  }
  void make_room() { std::filesystem::remove(file("filler")); }

  void set_read_only(bool read_only) {
    unsigned long flags = MS_REMOUNT;
    if (read_only) flags |= MS_RDONLY;
    ::mount("stogger-test", folder_.path().c_str(), "tmpfs", flags, nullptr);
  }

 private:
  TempFolder folder_;
  std::string why_not_;
};

}  // namespace stogger
