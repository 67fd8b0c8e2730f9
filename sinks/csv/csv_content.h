// What a CSV file holds that lines are to be added to.
#pragma once

#include <string_view>

#include "os/file.h"
#include "os/folder.h"
#include "stogger/status.h"

namespace stogger {

enum class CsvContent : unsigned char {
  nothing,  // not even a whole first line
  lines,    // of these columns
  other     // of other columns, or no CSV at all
};

// Looks at the file by that name in the folder. `header`: the first line that
// is wanted, with its end.
Status read_csv_content(const Folder& folder, std::string_view header,
                        CsvContent* content);

// Cuts off the last line if it is not whole. `file` is the one in the folder,
// it holds lines, and nobody else adds any meanwhile.
Status cut_torn_csv_line(const Folder& folder, std::string_view header,
                         File& file);

}  // namespace stogger
