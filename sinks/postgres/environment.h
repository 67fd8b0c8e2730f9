// What libpq takes from the environment and from files of the user, and what it
// may not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sinks/postgres/dsn.h"
#include "sinks/postgres/hosts.h"
#include "stogger/status.h"

namespace stogger {

// A variable that libpq reads; empty if it is not set, or is the
// choice of a user with fewer rights.
std::string_view libpq_variable(const char* name) noexcept;

// For a program that has_more_rights_than_caller(), whose environment is that
// user's choice: adds what keeps libpq from reading any of it, and files in the
// home folder that it names. Host, user and sslmode have to be there; ports are
// filled in. What is wrong is said in words that follow the name of an option.
Status shut_out_environment(std::vector<PostgresHost>* hosts,
                            PostgresParameters* parameters);

}  // namespace stogger
