// The servers that a connection string names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stogger/status.h"

namespace stogger {

// Where one server may listen. Empty parts are libpq's to fill in, from its
// environment, its service file or its defaults.
struct PostgresHost {
  std::string name;     // a host name, or the folder of a Unix socket
  std::string address;  // a numeric address, which needs no look-up
  std::string port;
};

// Takes libpq's lists host, hostaddr and port apart at their commas. There are
// as many names as addresses, if there are both, and one port for all or one
// for each. What is wrong is said in words that follow the name of what was
// given, without any of its text. There is at least one host.
Status split_hosts(std::string_view names, std::string_view addresses,
                   std::string_view ports, std::vector<PostgresHost>* hosts);

// True if what is sent to the host does not leave the machine: the folder of a
// Unix socket, which is libpq's default, `localhost`, and addresses of the
// loopback interface.
bool is_local(const PostgresHost& host) noexcept;

// db.example:5432,db2.example:5432/logs, /run/postgresql/logs. Where nothing is
// known, what libpq takes.
std::string describe_target(const std::vector<PostgresHost>& hosts,
                            std::string_view service, std::string_view database,
                            std::string_view user);

}  // namespace stogger
