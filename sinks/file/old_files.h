// OldFiles: the files that rotation of a log, the name() of a Folder, has moved
// away: PATH.1 or PATH.2026-11-21, and where they are compressed, PATH.1.zst or
// PATH.1.gz.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "os/folder.h"

namespace stogger {

// Which there are, by the options of the log.
struct OldFiles {
  bool dated = false;
  std::size_t count = 5;    // how many are kept
  bool compressed = false;  // those which are compressed are old files, too

  // The suffixes that an old file may have: "", and those of compression.
  std::vector<std::string_view> suffixes() const;

  // Names without such a suffix, the newest first, each once; of those only
  // that this process could have made.
  std::vector<std::string> find(const Folder& folder) const;
  // Those that are not compressed.
  std::vector<std::string> find_plain(const Folder& folder) const;

  // Whether there is one of that name, with any of the suffixes.
  bool has(const Folder& folder, const std::string& name) const;
};

}  // namespace stogger
