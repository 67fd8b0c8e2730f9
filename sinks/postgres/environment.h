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

// True in a program that runs with more rights than the user who started it
// (set-user-ID, capabilities of its file): the environment is that user's.
bool has_foreign_environment() noexcept;

// A variable that libpq reads; empty if it is not set, or foreign.
std::string_view libpq_variable(const char* name) noexcept;

// For a program with a foreign environment: adds what keeps libpq from reading
// any of it, and files in the home folder that it names. Host, user and sslmode
// have to be there; ports are filled in. What is wrong is told in words that
// follow the name of an option.
Status shut_out_environment(std::vector<PostgresHost>* hosts,
                            PostgresParameters* parameters);

}  // namespace stogger
