// RowWriter: rows to the server, and what is done when it does not take them:
// which of them is refused, what is tried again, and when to give up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "row/schema.h"
#include "sinks/postgres/blame.h"
#include "sinks/postgres/connector.h"
#include "sinks/postgres/ledger.h"
#include "sinks/postgres/row_sender.h"
#include "sinks/postgres/session.h"
#include "stogger/sink.h"

namespace stogger {

class RowWriter {
 public:
  RowWriter(const PostgresSettings& settings, Connector& connector);
  ~RowWriter();

  // Gets a session from the connector, if there is none that works.
  Status connect(Deadline deadline, Connector::Wait wait);
  bool is_connected() const noexcept { return session_ != nullptr; }
  // Valid until the next connect() or write().
  RowBatch columns() const noexcept { return schema_.wanted(); }

  // As Sink::write(). One row is one INSERT, several are one transaction, less
  // the rows that the server refuses. Rows that are stored are added to
  // *written. Rows that have an origin are stored in order, so that each
  // transaction can move the ledger; those that it covers are left out, and
  // none is in doubt.
  Status write(const RowBatch& rows, WriteReport& report,
               std::uint64_t* written);

  // True if what is missing is a connection, so that it makes sense to try
  // again as soon as the connector has one; after all other failures, only
  // time may help.
  bool lacks_connection() const noexcept { return lacks_connection_; }

  // Gives the session back to be closed.
  void disconnect();
  // After fork(), in the child. The object must be leaked.
  void abandon() noexcept;

 private:
  using Rows = RowSender::Rows;

  Status write_all(const RowBatch& rows);
  Status begin(const RowBatch& rows, Deadline deadline);
  Status make_table(const RowBatch& rows);
  Status read_ledger(const RowOrigin& origin, Deadline deadline);
  Status write_one(const RowBatch& rows, std::size_t row, Deadline deadline);
  Status write_some(const RowBatch& rows, Rows chosen, Deadline deadline);
  void leave_out_stored(const RowBatch& rows, Rows* chosen);
  // Whether it is the row that the server does not take.
  bool is_of_row(const Answer& answer) const;
  Status isolate(const RowBatch& rows, Rows chosen, const Answer& answer,
                 Deadline deadline);
  Status write_around(const RowBatch& rows, Rows chosen, std::size_t suspect,
                      Deadline deadline);
  bool prepare_retry(const Answer& answer, int* tries, Deadline deadline,
                     Deadline patience);
  bool pause(Deadline deadline) const;
  void report_encoding();
  void retire(Connector::Verdict verdict);
  void count_stored(std::size_t sent, const Answer& answer);
  Status refuse(const RowBatch& rows, std::size_t row, const Answer& answer,
                Deadline deadline);
  Status suspect(std::size_t row, const Answer& answer);
  Status no_row_taken();
  void refuse_row(std::size_t row, std::string_view sqlstate,
                  std::string_view reason);
  Status give_up(const Answer& answer, const RowBatch& rows,
                 const Rows& chosen);
  Status hidden(Code code, const std::string& text) const {
    return Status(code, hide_secrets(settings_, text));
  }

  const PostgresSettings& settings_;
  Connector& connector_;
  std::unique_ptr<Session> session_;
  Schema schema_;
  RowSender sender_;
  Ledger ledger_;
  bool lacks_connection_ = false;
  bool said_encoding_ = false;
  bool diverts_ = false;  // the last rows were taken and not stored
  AlikeRefusals alike_;
  // Of the write() under way.
  std::uint64_t* written_ = nullptr;  // counted up
  WriteReport* report_ = nullptr;
  int looks_ = 0;           // at the table, because of an answer
  int removals_ = 0;        // rows taken out because the server named them
  bool names_rows_ = true;  // and named the right ones
  // Refused alone, for what may be the fault of the target: see suspect().
  struct Suspect {
    std::size_t row;
    std::string sqlstate;
    std::string message;
  };
  std::vector<Suspect> suspects_;
  bool has_stored_ = false;  // any row
  int ledger_faults_ = 0;    // how often the ledger could not be moved
};

}  // namespace stogger
