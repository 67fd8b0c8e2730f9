// Taking a connection string apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stogger/status.h"

namespace stogger {

// What libpq calls keywords, and their values.
using PostgresParameters = std::vector<std::pair<std::string, std::string>>;

// The value of a keyword; empty if it has none.
std::string_view find_parameter(const PostgresParameters& parameters,
                                std::string_view keyword) noexcept;
// The same, and takes it out.
std::string take_parameter(PostgresParameters* parameters,
                           std::string_view keyword);

// Overwrites what may be a password, and makes it empty.
void wipe(std::string* text) noexcept;

// Replaces %PASSWORD% by the value of $STOGGER_POSTGRES_PASSWORD: in a URL it
// is percent-encoded, in a list of keyword=value its special characters are
// escaped; in a plain password it stands as it is. Fails if the variable is not
// set; a word then stands in for it, so that the text can be read all the same.
enum class PasswordForm { plain, dsn };
Status put_password_in(PasswordForm form, std::string* text);

// Takes a URL or a list of keyword=value apart, in the order of libpq's own
// list of keywords; `load_balance_hosts`, which only newer ones know, is put at
// the end. What is wrong is said in words that follow `dsn`, without any of its
// text: it may be part of a password.
Status parse_dsn(const std::string& dsn, PostgresParameters* parameters);

}  // namespace stogger
