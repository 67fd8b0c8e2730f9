#include "tests/postgres/server.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace stogger {
namespace {

namespace fs = std::filesystem;

// The folder of the newest server's programs; empty if there is none.
std::string find_programs() {
  std::string best;
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry :
       fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    const std::string programs = (entry.path() / "bin").string();
    if (version > newest && fs::exists(programs + "/initdb") &&
        fs::exists(programs + "/postgres")) {
      newest = version;
      best = programs;
    }
  }
  return best;
}

const std::string& programs() {
  static const std::string folder = find_programs();
  return folder;
}

std::string find_pgbouncer() {
  for (const char* path : {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

std::string no_user() {
  const std::string user = unprivileged_user();
  if (user.empty() || ::getpwnam(user.c_str()) != nullptr) return {};
  return "the test is run by root, and there is no user " + user +
         " to run the server";
}

void make_empty_database(const std::string& data, const std::string& output) {
  run_program({programs() + "/initdb", "--pgdata=" + data, "--no-sync",
               "--auth=trust", "--no-locale", "--encoding=UTF8",
               "--wal-segsize=1", "--username=postgres"},
              unprivileged_user(), output);
}

void copy_folder(const std::string& from, const std::string& to) {
  const TempFolder output;
  run_program({"cp", "-a", from, to}, "", output.file("output"));
}

// initdb takes most of the time of a short test, so what it makes is kept in
// the build folder and copied.
std::string database_to_copy(const std::string& output) {
  const fs::path version = fs::path(programs()).parent_path().filename();
  const std::string kept =
      std::string(POSTGRES_TEST_CACHE) + "-" + version.string();
  if (fs::exists(kept)) return kept;
  const TempFolder folder;
  const std::string user = unprivileged_user();
  give_to(user, folder.path());
  make_empty_database(folder.file("data"), output);
  const std::string fresh = kept + "." + std::to_string(::getpid());
  copy_folder(folder.file("data"), fresh);
  std::error_code failed;
  fs::rename(fresh, kept, failed);
  if (failed) fs::remove_all(fresh);  // another test was quicker
  return kept;
}

void append_lines(const std::string& path,
                  const std::vector<std::string>& lines) {
  std::ofstream out(path, std::ios::app);
  for (const std::string& line : lines) out << line << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

std::string with_more(std::string dsn, std::string_view more) {
  if (!more.empty()) (dsn += ' ') += more;
  return dsn;
}

// A postmaster that was killed leaves its piece of shared memory, whose number
// is in the seventh line of its file.
void remove_shared_memory(const std::string& data) {
  std::ifstream file(data + "/postmaster.pid");
  std::string line;
  for (int i = 0; i < 7; ++i) std::getline(file, line);
  std::istringstream words(line);
  long key = 0;
  int number = -1;
  if (words >> key >> number) ::shmctl(number, IPC_RMID, nullptr);
}

}  // namespace

// ---- PostgresClient

PostgresClient::PostgresClient(const std::string& dsn)
    : connection_(PQconnectdb(dsn.c_str())) {
  // Otherwise libpq prints what the server has to say.
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(connection_);
    PQfinish(connection_);
    throw std::runtime_error(message);
  }
}

PostgresClient::~PostgresClient() { PQfinish(connection_); }

std::vector<SqlRow> PostgresClient::query(const std::string& sql) {
  PGresult* result = PQexec(connection_, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  std::vector<SqlRow> rows;
  for (int row = 0; row < PQntuples(result); ++row) {
    SqlRow& values = rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column) {
      values.push_back(PQgetisnull(result, row, column) != 0
                           ? "(null)"
                           : PQgetvalue(result, row, column));
    }
  }
  PQclear(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection_));
  }
  return rows;
}

void PostgresClient::execute(const std::string& sql) {
  static_cast<void>(query(sql));
}

std::string PostgresClient::one(const std::string& sql) {
  const std::vector<SqlRow> rows = query(sql);
  if (rows.empty()) throw std::runtime_error(sql + ": no rows");
  return rows[0].at(0);
}

long long PostgresClient::number(const std::string& sql) {
  return std::atoll(one(sql).c_str());
}

// ---- PostgresServer

std::string PostgresServer::why_not() {
  if (programs().empty()) {
    return "no PostgreSQL server is installed in /usr/lib/postgresql";
  }
  return no_user();
}

PostgresServer::PostgresServer(const Plan& plan) {
  const std::string user = unprivileged_user();
  give_to(user, folder_.path());
  fs::permissions(folder_.path(), fs::perms::others_exec,
                  fs::perm_options::add);
  data_ = plan.data.empty() ? folder_.file("data") : plan.data;
  make_data(plan);
  Daemon::Plan daemon;
  daemon.command = {programs() + "/postgres", "-D", data_};
  daemon.user = user;
  daemon.folder = folder_.path();
  daemon.output = folder_.file("server.log");
  daemon.end_signal = SIGQUIT;
  daemon.own_network = plan.own_network;
  daemon_ = std::make_unique<Daemon>(daemon);
  if (!plan.own_network) start();
}

PostgresServer::~PostgresServer() = default;

void PostgresServer::make_data(const Plan& plan) {
  const std::string output = folder_.file("initdb.log");
  if (plan.primary != nullptr) {
    run_program(
        {programs() + "/pg_basebackup", "--pgdata=" + data_,
         "--dbname=" + plan.primary->socket_dsn(), "--write-recovery-conf",
         "--checkpoint=fast", "--no-sync", "--wal-method=stream"},
        unprivileged_user(), output);
  } else if (plan.data.empty()) {
    copy_folder(database_to_copy(output), data_);
  } else {
    make_empty_database(data_, output);
  }
  append_lines(
      data_ + "/postgresql.conf",
      {"port = " + std::to_string(port()),
       "listen_addresses = '" + plan.listen + "'",
       "unix_socket_directories = '" + folder_.path() + "'", "fsync = off",
       "full_page_writes = off", "shared_buffers = 16MB",
       "dynamic_shared_memory_type = mmap", "max_connections = 60",
       "min_wal_size = 4MB", "max_wal_size = 64MB", "log_statement = ddl",
       "log_line_prefix = '%e [%p] %a: '", "logging_collector = off"});
  append_lines(data_ + "/postgresql.conf", plan.settings);
  if (plan.access.empty()) return;
  fs::remove(data_ + "/pg_hba.conf");
  append_lines(data_ + "/pg_hba.conf", {"local all postgres trust"});
  append_lines(data_ + "/pg_hba.conf", plan.access);
  give_to(unprivileged_user(), data_ + "/pg_hba.conf");
}

void PostgresServer::start() {
  daemon_->start();
  const bool up = wait_until([this] {
    if (!daemon_->is_running()) {
      throw std::runtime_error("the server does not start: " + log());
    }
    return is_up();
  });
  if (!up) throw std::runtime_error("the server does not answer: " + log());
}

void PostgresServer::stop() {
  daemon_->signal(SIGINT);
  daemon_->wait_for_end();
}

void PostgresServer::stop_at_once() {
  daemon_->signal(SIGQUIT);
  daemon_->wait_for_end();
}

void PostgresServer::kill() {
  daemon_->signal(SIGKILL);
  daemon_->wait_for_end();
  remove_shared_memory(data_);
}

bool PostgresServer::is_up() const {
  return PQping(socket_dsn("connect_timeout=5").c_str()) == PQPING_OK;
}

void PostgresServer::execute(const std::string& sql) const {
  PostgresClient(socket_dsn()).execute(sql);
}

std::vector<SqlRow> PostgresServer::query(const std::string& sql) const {
  return PostgresClient(socket_dsn()).query(sql);
}

std::string PostgresServer::one(const std::string& sql) const {
  return PostgresClient(socket_dsn()).one(sql);
}

long long PostgresServer::number(const std::string& sql) const {
  return PostgresClient(socket_dsn()).number(sql);
}

void PostgresServer::set(const std::string& name,
                         const std::string& value) const {
  PostgresClient client(socket_dsn());
  client.execute("ALTER SYSTEM SET " + name + " = " + value);
  client.execute("SELECT pg_reload_conf()");
}

std::vector<pid_t> PostgresServer::backends(
    const std::string& application) const {
  std::vector<pid_t> processes;
  for (const SqlRow& row :
       query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client "
             "backend' AND pid <> pg_backend_pid() AND application_name LIKE "
             "'" +
             application + "'")) {
    processes.push_back(std::atoi(row[0].c_str()));
  }
  return processes;
}

std::string PostgresServer::dsn(std::string_view more) const {
  return with_more("host=127.0.0.1 port=" + std::to_string(port()) +
                       " user=postgres dbname=postgres",
                   more);
}

std::string PostgresServer::socket_dsn(std::string_view more) const {
  return with_more("host=" + folder_.path() +
                       " port=" + std::to_string(port()) +
                       " user=postgres dbname=postgres",
                   more);
}

std::string PostgresServer::log() const {
  return read_file(folder_.file("server.log"));
}

// ---- PgBouncer

std::string PgBouncer::why_not() {
  if (find_pgbouncer().empty()) return "pgbouncer is not installed";
  return no_user();
}

PgBouncer::PgBouncer(const PostgresServer& server,
                     const std::vector<std::string>& settings) {
  const std::string user = unprivileged_user();
  give_to(user, folder_.path());
  fs::permissions(folder_.path(), fs::perms::others_exec,
                  fs::perm_options::add);
  const std::string configuration = folder_.file("pgbouncer.ini");
  // The name that clients give is ignored.
  append_lines(configuration,
               {"[databases]",
                "* = host=" + server.socket_folder() +
                    " port=" + std::to_string(server.port()) + " user=postgres",
                "[pgbouncer]", "listen_addr = 127.0.0.1",
                "listen_port = " + std::to_string(port_.number()),
                "unix_socket_dir = " + folder_.path(), "auth_type = any",
                "admin_users = postgres", "pool_mode = transaction",
                "default_pool_size = 2", "server_login_retry = 1"});
  append_lines(configuration, settings);
  Daemon::Plan daemon;
  daemon.command = {find_pgbouncer(), configuration};
  daemon.user = user;
  daemon.folder = folder_.path();
  daemon.output = folder_.file("pgbouncer.log");
  daemon_ = std::make_unique<Daemon>(daemon);
  start();
}

void PgBouncer::start() {
  daemon_->start();
  const bool up = wait_until([this] {
    if (!daemon_->is_running()) {
      throw std::runtime_error("pgbouncer does not start: " + log());
    }
    return PQping(dsn("connect_timeout=5").c_str()) == PQPING_OK;
  });
  if (!up) throw std::runtime_error("pgbouncer does not answer: " + log());
}

void PgBouncer::kill() {
  daemon_->signal(SIGKILL);
  daemon_->wait_for_end();
}

std::vector<SqlRow> PgBouncer::command(const std::string& command) const {
  return PostgresClient("host=" + folder_.path() +
                        " port=" + std::to_string(port_.number()) +
                        " user=postgres dbname=pgbouncer")
      .query(command);
}

std::string PgBouncer::dsn(std::string_view more) const {
  return with_more("host=127.0.0.1 port=" + std::to_string(port_.number()) +
                       " user=anyone dbname=postgres",
                   more);
}

std::string PgBouncer::log() const {
  return read_file(folder_.file("pgbouncer.log"));
}

}  // namespace stogger
