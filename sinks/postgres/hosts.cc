#include "sinks/postgres/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "base/quote.h"
#include "sinks/postgres/environment.h"

namespace stogger {
namespace {

// One empty item if the text is empty.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  for (;;) {
    const std::size_t comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

bool is_port(std::string_view text) noexcept {
  constexpr unsigned kHighest = 65535;
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && after == end && port >= 1 && port <= kHighest;
}

bool is_folder(std::string_view host) noexcept {
  return host.starts_with('/') || host.starts_with('@');
}

// Part of a password, rather: of a URL in which it was not encoded.
bool is_suspect(std::string_view host) noexcept {
  return !is_folder(host) && host.find('@') != std::string_view::npos;
}

bool is_loopback(const std::string& address) noexcept {
  in_addr four = {};
  if (::inet_pton(AF_INET, address.c_str(), &four) == 1) {
    return ::ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  in6_addr six = {};
  return ::inet_pton(AF_INET6, address.c_str(), &six) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&six);
}

std::string describe_host(const PostgresHost& host) {
  constexpr std::string_view kPort = "5432";
  std::string name = host.name.empty() ? host.address : host.name;
  if (name.empty()) name = libpq_variable("PGHOST");
  if (name.empty()) name = "local";
  std::string port = host.port;
  if (port.empty()) port = libpq_variable("PGPORT");
  if (port.empty()) port = kPort;
  if (name == "local" || is_folder(name)) {
    return port == kPort ? name : name + ":" + port;
  }
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  return name + ":" + port;
}

}  // namespace

Status split_hosts(std::string_view names, std::string_view addresses,
                   std::string_view ports, std::vector<PostgresHost>* hosts) {
  const std::vector<std::string> name = split(names);
  const std::vector<std::string> address = split(addresses);
  const std::vector<std::string> port = split(ports);
  const auto unequal = [](std::size_t one, const std::string& of_one,
                          std::size_t other, const std::string& of_other) {
    return Status(Code::invalid, "has " + std::to_string(one) + " values for " +
                                     of_one + ", but " + std::to_string(other) +
                                     " for " + of_other);
  };
  if (!names.empty() && !addresses.empty() && name.size() != address.size()) {
    return unequal(name.size(), "host", address.size(), "hostaddr");
  }
  const std::size_t count = std::max(name.size(), address.size());
  if (port.size() != 1 && port.size() != count) {
    return unequal(port.size(), "port", count, "host");
  }
  hosts->clear();
  for (std::size_t i = 0; i < count; ++i) {
    hosts->push_back({names.empty() ? "" : name[i],
                      addresses.empty() ? "" : address[i],
                      port.size() == 1 ? port[0] : port[i]});
    const PostgresHost& host = hosts->back();
    if (!host.port.empty() && !is_port(host.port)) {
      return Status(Code::invalid,
                    "has a port that is no number from 1 to 65535; in a URL, "
                    "special characters within the password have to be "
                    "percent-encoded (its text is not shown)");
    }
    if (is_suspect(host.name) || is_suspect(host.address)) {
      return Status(Code::invalid,
                    "has an @ in the name of a host; within the password of a "
                    "URL, it has to be written as %40 (its text is not "
                    "shown)");
    }
  }
  return {};
}

bool is_local(const PostgresHost& host) noexcept {
  std::string_view name = host.address;
  if (name.empty()) name = libpq_variable("PGHOSTADDR");
  if (name.empty()) name = host.name;
  if (name.empty()) name = libpq_variable("PGHOST");
  return name.empty() || is_folder(name) || name == "localhost" ||
         is_loopback(std::string(name));
}

std::string describe_target(const std::vector<PostgresHost>& hosts,
                            std::string_view service, std::string_view database,
                            std::string_view user) {
  const bool is_known =
      std::any_of(hosts.begin(), hosts.end(), [](const PostgresHost& host) {
        return !host.name.empty() || !host.address.empty();
      });
  std::string target;
  if (service.empty()) service = libpq_variable("PGSERVICE");
  if (!is_known && !service.empty()) {
    target = "service " + std::string(service);
  } else {
    for (const PostgresHost& host : hosts) {
      if (!target.empty()) target += ',';
      target += describe_host(host);
    }
    if (database.empty()) database = libpq_variable("PGDATABASE");
    if (database.empty()) database = user;
    if (database.empty()) database = libpq_variable("PGUSER");
  }
  if (!database.empty()) target += "/" + std::string(database);
  return printable(target);
}

}  // namespace stogger
