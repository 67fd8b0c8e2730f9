// Whose words a program obeys: its environment, and the files that say what it
// does.
#pragma once

#include <string>

namespace stogger {

// Why the file must not decide what this program does: others than root and the
// user of the program could have written it, or put it in its place. Empty if
// nobody could. `descriptor` is the file that was opened at `path`; what is
// found is about that one.
//
// For root, and for a program with more rights than its caller, the file and
// every folder and link on the way to it must belong to root or to the user of
// this process, and nobody else may write to the file or the folders. On the
// way there may be a folder such as /tmp, where everybody can put files but not
// touch those of others (the sticky bit); the file must not lie in it. For any
// other program, only what is writable for everybody is refused. On a file
// system that is mounted read-only nobody can write.
//
// Since nobody else can change the way, the path leads to the same file until
// it is used.
std::string why_untrusted(const std::string& path, int descriptor);

}  // namespace stogger
