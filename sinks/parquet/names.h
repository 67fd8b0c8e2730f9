// The names of the files, and how they change hands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "os/folder.h"
#include "stogger/clock.h"
#include "stogger/status.h"

namespace stogger {

// Where the extension begins: at the end if there is none.
std::size_t stem_size(std::string_view name) noexcept;

// .X.parquet.next for X.parquet.
std::string back_name_of(const std::string& name);
// .X.parquet.lock
std::string lock_name_of(const std::string& name);
// X-2.parquet; the first one has no number.
std::string numbered(const std::string& name, int number);

// Swaps them: at each moment there is a complete file at the front. Where the
// file system knows neither that nor links, what was at the front has no name
// any more. Returns 0, or else errno.
int exchange_names(const Folder& folder, const std::string& front,
                   const std::string& back) noexcept;

// Gives what has that name, if anything, a dated name made of `wanted`.
Status set_aside(const Folder& folder, const std::string& name,
                 const std::string& wanted, Time now);

// Waits until the names in the folder are on the disk, where the file system
// does that and the folder may be read. Returns 0, or else errno.
int bring_names_to_disk(const Folder& folder) noexcept;

}  // namespace stogger
