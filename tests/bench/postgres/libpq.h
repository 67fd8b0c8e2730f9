// Libpq: a bare session with a server, to compare with. What fails ends the
// program.
#pragma once

#include <libpq-fe.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

class Libpq {
 public:
  explicit Libpq(const std::string& dsn)
      : connection_(PQconnectdb(dsn.c_str())) {
    require(PQstatus(connection_) == CONNECTION_OK);
  }
  ~Libpq() { PQfinish(connection_); }
  Libpq(const Libpq&) = delete;
  Libpq& operator=(const Libpq&) = delete;

  void execute(const std::string& sql) {
    finish(PQexec(connection_, sql.c_str()), PGRES_COMMAND_OK);
  }
  // Bytes of a binary COPY that are ready.
  void copy(const char* sql, std::string_view bytes) {
    finish(PQexec(connection_, sql), PGRES_COPY_IN);
    require(PQputCopyData(connection_, bytes.data(),
                          static_cast<int>(bytes.size())) == 1 &&
            PQputCopyEnd(connection_, nullptr) == 1);
    finish(PQgetResult(connection_), PGRES_COMMAND_OK);
    require(PQgetResult(connection_) == nullptr);
  }

  PGconn* connection() const noexcept { return connection_; }
  void finish(PGresult* result, ExecStatusType wanted) {
    require(PQresultStatus(result) == wanted);
    PQclear(result);
  }

 private:
  void require(bool fine) {
    if (fine) return;
    std::fprintf(stderr, "libpq: %s\n", PQerrorMessage(connection_));
    std::exit(1);
  }

  PGconn* connection_;
};

}  // namespace bench
