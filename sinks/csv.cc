// The csv sink: rows as lines of a CSV file, which several processes may write
// to.
//
// Options: path (required), columns, mode.
// Safe after write(): the rows are with the kernel and survive the end of this
// process. flush() and close() add nothing.
//
// A file keeps its columns: if its first line names others than these, it is
// renamed, NAME.csv to NAME.TIME.csv, and a new one begun. Whoever writes holds
// a lock (flock) on the file, so a line that is not whole was left behind by
// someone who died, and is cut off.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/file.h"
#include "base/quote.h"
#include "encode/csv.h"
#include "sinks/builtin.h"
#include "sinks/columns.h"
#include "sinks/csv_file.h"
#include "sinks/paths.h"

namespace stogger {
