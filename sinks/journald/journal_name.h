// Names of the fields of a systemd journal.
#pragma once

#include <cstddef>
#include <string_view>

namespace stogger {

inline constexpr std::size_t kJournalNameSize = 64;

// True for ^[A-Z][A-Z0-9_]{0,63}$: what journald takes from its clients. It
// leaves out fields of other names without a word.
bool is_journal_name(std::string_view name) noexcept;

// Writes the name that stands for `key` in the journal, at most
// kJournalNameSize characters, and returns its end. Letters become upper case,
// every other character but digits an underscore; underscores in front are left
// out; FIELD_ comes before a digit, and stands alone for a key of which nothing
// is left; what is too long is cut. Valid names stay as they are.
char* write_journal_name(char* out, std::string_view key) noexcept;

}  // namespace stogger
