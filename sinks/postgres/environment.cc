#include "sinks/postgres/environment.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace stogger {
namespace {

// No file, and none can be made there.
constexpr std::string_view kNoFile = "/dev/null/none";
constexpr std::string_view kFiles[] = {"passfile",    "sslcert", "sslkey",
                                       "sslrootcert", "sslcrl",  "sslcrldir"};

bool is_set(const char* variable) noexcept {
  return std::getenv(variable) != nullptr;
}

Status problem(std::string_view what) {
  return Status(Code::invalid,
                std::string(what) +
                    ", for this program runs with more rights than the user "
                    "who started it, and takes nothing from the environment");
}

bool has(const PostgresParameters& parameters, std::string_view keyword) {
  return !find_parameter(parameters, keyword).empty();
}

void add_default(PostgresParameters* parameters, std::string_view keyword,
                 std::string_view value) {
  if (has(*parameters, keyword) || value.empty()) return;
  take_parameter(parameters, keyword);
  parameters->emplace_back(keyword, value);
}

// What is given for each host, or with each session.
bool is_given_elsewhere(std::string_view keyword) noexcept {
  return keyword == "host" || keyword == "port" || keyword == "service";
}

Status find_missing(const std::vector<PostgresHost>& hosts,
                    const PostgresParameters& parameters) {
  const bool has_hosts =
      std::all_of(hosts.begin(), hosts.end(), [](const PostgresHost& host) {
        return !host.name.empty() || !host.address.empty();
      });
  if (!has_hosts || !has(parameters, "user") || !has(parameters, "sslmode")) {
    return problem("has to give host, user and sslmode");
  }
  if (has(parameters, "service")) {
    return problem("must not name a service, whose file would be the user's");
  }
  if (find_parameter(parameters, "sslmode").starts_with("verify-") &&
      !has(parameters, "sslrootcert")) {
    return problem("has to give sslrootcert");
  }
  return {};
}

// What libpq reads besides its options: PGLOCALEDIR, PGSYSCONFDIR, PGTZ.
Status find_stranger(const PQconninfoOption* options) {
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string name(text.substr(0, text.find('=')));
    if (!name.starts_with("PG")) continue;
    const PQconninfoOption* option = options;
    while (option->keyword != nullptr &&
           (option->envvar == nullptr || name != option->envvar)) {
      ++option;
    }
    if (option->keyword == nullptr || name == "PGSERVICE") {
      return problem("cannot be used while " + name + " is set");
    }
  }
  return {};
}

}  // namespace

std::string_view libpq_variable(const char* name) noexcept {
  const char* const value = ::secure_getenv(name);
  return value == nullptr ? "" : value;
}

Status shut_out_environment(std::vector<PostgresHost>* hosts,
                            PostgresParameters* parameters) {
  if (Status status = find_missing(*hosts, *parameters); !status.ok()) {
    return status;
  }
  for (PostgresHost& host : *hosts) {
    if (host.port.empty()) host.port = "5432";
  }
  for (const std::string_view keyword : kFiles) {
    add_default(parameters, keyword, kNoFile);
  }
  add_default(parameters, "dbname",
              std::string(find_parameter(*parameters, "user")));
  add_default(
      parameters, "application_name",
      std::string(find_parameter(*parameters, "fallback_application_name")));
  // An explicit value, be it the default, keeps libpq from looking.
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse("", nullptr), &PQconninfoFree);
  if (options == nullptr) return Status(Code::unavailable, "has no memory");
  for (const PQconninfoOption* option = options.get();
       option->keyword != nullptr; ++option) {
    if (option->envvar == nullptr || is_given_elsewhere(option->keyword)) {
      continue;
    }
    if (option->compiled != nullptr) {
      add_default(parameters, option->keyword, option->compiled);
    }
    // Of some there is no default to be given.
    if (!has(*parameters, option->keyword) && is_set(option->envvar)) {
      return problem(std::string("cannot be used while ") + option->envvar +
                     " is set");
    }
  }
  return find_stranger(options.get());
}

}  // namespace stogger
