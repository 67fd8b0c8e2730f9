// The names of the files, and how they change hands.
#pragma once

#include <string>

#include "stogger/clock.h"
#include "stogger/status.h"

namespace stogger {

// "" if the path is a mere name.
std::string folder_of(const std::string& path);
// .X.parquet.next for X.parquet.
std::string back_path_of(const std::string& path);
// X-2.parquet; the first one has no number.
std::string numbered(const std::string& path, int number);

// Fails with EEXIST rather than overwrite something; where the file system
// cannot promise that, it looks before.
bool rename_to_new(const std::string& from, const std::string& to) noexcept;

// Swaps them: at each moment there is a complete file at the front. Where the
// file system knows neither that nor links, what was at the front has no name
// any more. On failure, errno tells why.
bool exchange_names(const std::string& front, const std::string& back) noexcept;

// Gives what is at the path, if anything, a dated name made of `name`.
Status set_aside(const std::string& path, const std::string& name, Time now);

// Waits until the names in the folder are on the disk, where the file system
// does that and the folder may be read. Returns 0, or else errno.
int sync_folder(const std::string& folder) noexcept;

}  // namespace stogger
