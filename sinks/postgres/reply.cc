#include "sinks/postgres/reply.h"

#include <cstring>

namespace stogger {

Status unknown_answer() {
  return Status(Code::unavailable,
                "the server answered in a way that is not known");
}

Status nullable_cell(const PGresult* result, int row, int column,
                     const char** text) {
  constexpr int kText = 0;
  *text = nullptr;
  if (PQresultStatus(result) != PGRES_TUPLES_OK || row < 0 ||
      row >= PQntuples(result) || column < 0 || column >= PQnfields(result) ||
      PQfformat(result, column) != kText) {
    return unknown_answer();
  }
  if (PQgetisnull(result, row, column) == 1) return {};
  const char* const value = PQgetvalue(result, row, column);
  if (value == nullptr ||
      std::strlen(value) !=
          static_cast<std::size_t>(PQgetlength(result, row, column))) {
    return unknown_answer();
  }
  *text = value;
  return {};
}

Status cell(const PGresult* result, int row, int column,
            std::string_view* text) {
  *text = {};
  const char* value = nullptr;
  Status status = nullable_cell(result, row, column, &value);
  if (!status.ok()) return status;
  if (value == nullptr) return unknown_answer();
  *text = value;
  return {};
}

}  // namespace stogger
