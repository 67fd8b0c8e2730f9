// Rotation: how a log file gets out of the way of the next one, in its folder.
// PATH becomes PATH.1, PATH.1 becomes PATH.2 and so on (size); or PATH becomes
// PATH.YYYY-MM-DD (daily) or PATH.YYYY-MM-DD_HH (hourly). Old files that were
// compressed take part. Call all of it with PATH.lock held: see log_file.h.
#pragma once

#include <string>

#include "os/folder.h"
#include "sinks/file/old_files.h"
#include "stogger/sink.h"
#include "stogger/status.h"

namespace stogger {

// Moves the log. Only old files up to the first gap move, so that a process
// that died half way through has done no harm.
Status rotate_by_number(const Folder& folder, const OldFiles& old);

// Moves it to PATH.DATE, a name of LogPeriods. If that is taken, ".1" and so on
// is added.
Status rotate_by_date(const Folder& folder, const OldFiles& old,
                      const std::string& date);

// Keeps the newest ones of the dated files.
void remove_old_dated(const Folder& folder, const OldFiles& old);

// Warns of what will keep the file from being rotated.
void check_rotation(const Folder& folder, const OldFiles& old,
                    CheckFindings& findings);

}  // namespace stogger
