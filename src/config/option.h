// From the keys of a TOML table to Options, and back to the places where the
// problems are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/tree.h"
#include "stogger/sink.h"

namespace stogger {

// False, and why, if its value is not known; the option then keeps what the
// file says.
bool read_option(const Member& member, OwnedOption* option, std::string* why);

// Views into the options.
std::vector<Field> as_fields(const std::vector<OwnedOption>& options);

const OwnedOption* find_option(const std::vector<OwnedOption>& options,
                               std::string_view key) noexcept;

// What the table of a sink may have whatever its type. The name of a level, and
// the file for refused rows, with the modes that the sink has for its own. A
// problem of the option if it is none.
Level read_level(Options& options, Level fallback);
DeadLetterFile read_dead_letter(Options& options);

// What must not get into messages about these options.
std::vector<HiddenValue> hidden_in(const std::vector<OwnedOption>& options);

// An option as TOML, for people. `text` has its variables as they were written.
std::string show_text(std::string_view key, std::string_view text);

// Adds the problems found by finish(), each where its key is, or at `fallback`
// if its key is missing. Values that problems quote may have secrets in them:
// those are hidden. Whether there were any problems.
bool add_problems(const Options& options, const std::vector<OwnedOption>& given,
                  Position fallback, const std::string& file,
                  std::vector<Problem>* problems);

}  // namespace stogger
