// PostgresServer, PgBouncer: servers of a test's own, thrown away at its end.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/postgres/daemon.h"
#include "tests/support/temp_folder.h"

struct pg_conn;

namespace stogger {

using SqlRow = std::vector<std::string>;

// A session. What fails throws, with the server's message.
class PostgresClient {
 public:
  explicit PostgresClient(const std::string& dsn);
  ~PostgresClient();
  PostgresClient(const PostgresClient&) = delete;
  PostgresClient& operator=(const PostgresClient&) = delete;

  // One or more statements.
  void execute(const std::string& sql);
  // Values as text; nulls as (null).
  std::vector<SqlRow> query(const std::string& sql);
  // The first value of the first row.
  std::string one(const std::string& sql);
  long long number(const std::string& sql);

 private:
  pg_conn* connection_;
};

class PostgresServer {
 public:
  struct Plan {
    std::vector<std::string> settings = {};  // lines of postgresql.conf
    std::vector<std::string> access = {};    // lines of pg_hba.conf; no trust
    std::string data = {};     // where its data are; empty: a temporary folder
    bool own_network = false;  // for interfaces that the test makes
    std::string listen = "127.0.0.1";
    // The data are copied from that server, which has to allow replication.
    const PostgresServer* primary = nullptr;
  };

  // Why there can be none here; empty if there can.
  static std::string why_not();

  // Started, with the database `postgres` and the superuser `postgres`.
  PostgresServer() : PostgresServer(Plan()) {}
  explicit PostgresServer(const Plan& plan);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  void start();  // returns when it takes connections
  void start_without_waiting() { daemon_->start(); }
  void stop();          // lets go of clients; orderly
  void stop_at_once();  // as after a crash; no checkpoint
  void kill();          // SIGKILL for the postmaster: its children find out
  void restart() {
    stop();
    start();
  }
  bool is_up() const;
  // SIGSTOP for the postmaster and all sessions. Connections are still taken,
  // by the kernel.
  void pause() const { daemon_->pause(); }
  void resume() const { daemon_->resume(); }

  // Over a connection of its own, by the Unix socket, as superuser.
  void execute(const std::string& sql) const;
  std::vector<SqlRow> query(const std::string& sql) const;
  std::string one(const std::string& sql) const;
  long long number(const std::string& sql) const;
  // Sets it for all new sessions, and in those there are.
  void set(const std::string& name, const std::string& value) const;

  // The processes that serve sessions under that application_name.
  std::vector<pid_t> backends(const std::string& application = "%") const;

  int port() const { return port_.number(); }
  const std::string& socket_folder() const { return folder_.path(); }
  std::string dsn(std::string_view more = "") const;         // by TCP
  std::string socket_dsn(std::string_view more = "") const;  // by Unix socket
  // All that the server has printed. log_statement=ddl is on; messages begin
  // with their SQLSTATE.
  std::string log() const;
  pid_t guard() const { return daemon_->guard(); }

 private:
  void make_data(const Plan& plan);

  ReservedPort port_;
  TempFolder folder_{quick_folder()};
  std::string data_;
  std::unique_ptr<Daemon> daemon_;
};

class PgBouncer {
 public:
  static std::string why_not();

  // In front of the server's database, in transaction mode. The settings are
  // lines of its configuration file.
  explicit PgBouncer(const PostgresServer& server,
                     const std::vector<std::string>& settings = {});

  void start();
  void kill();
  void pause_process() const { daemon_->pause(); }
  void resume_process() const { daemon_->resume(); }

  // A command of its console, such as PAUSE; what it answers.
  std::vector<SqlRow> command(const std::string& command) const;
  std::string dsn(std::string_view more = "") const;
  std::string log() const;

 private:
  ReservedPort port_;
  TempFolder folder_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace stogger
