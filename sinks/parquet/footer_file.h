// The footer of a Parquet file that lies in a folder, whoever wrote it.
#pragma once

#include <string>

#include "os/folder.h"

namespace stogger {

// What the machine has too little of now, and more later.
bool is_for_later(int error) noexcept;

// The footer of a file. Empty, with 0, if the file is not one of Parquet, or
// must not be touched, for it belongs to others.
std::string footer_of(const Folder& folder, const std::string& name,
                      int* error);

}  // namespace stogger
