// RowWriter: rows through a session, and what is done when the server does not
// take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/array_encoder.h"
#include "sinks/postgres/connector.h"
#include "sinks/postgres/dead_letters.h"
#include "sinks/postgres/row_encoder.h"
#include "sinks/postgres/sample_rows.h"
#include "sinks/postgres/session.h"
#include "stogger/sink.h"

namespace stogger {

class RowWriter {
 public:
  RowWriter(const PostgresSettings& settings, Connector& connector);
  ~RowWriter();

  // Gets a session from the connector, if there is none that works.
  Status connect(Deadline deadline);
  bool is_connected() const noexcept { return session_ != nullptr; }
  // Valid until the next connect() or write().
  RowBatch columns() const noexcept;

  // As Sink::write(). One row is one INSERT, several are one transaction, less
  // the rows that the server refuses.
  Status write(const RowBatch& rows, Tally* tally);

  // True if what is missing is a connection, so that it makes sense to try
  // again as soon as the connector has one; after all other failures, only
  // time may help.
  bool lacks_connection() const noexcept { return lacks_connection_; }

  // Gives the session back to be closed.
  void disconnect();
  // After fork(), in the child. The object must be leaked.
  void abandon() noexcept;

 private:
  using Rows = std::vector<std::size_t>;  // of the batch, by position

  Status write_samples(const RowBatch& rows);
  Status begin_table(const RowBatch& rows);
  void make_encoders();
  Status write_one(const RowBatch& rows, std::size_t row, Deadline deadline);
  Status write_some(const RowBatch& rows, Rows chosen, Deadline deadline);
  Answer send_one(Deadline deadline);
  Answer send_some(const RowBatch& rows, Rows* chosen, Deadline deadline);
  bool encode(const RowBatch& rows, std::size_t row);
  bool encode_some(const RowBatch& rows, Rows* chosen, bool copies);
  bool mend(const Answer& answer);
  void retire(Connector::Verdict verdict);
  Status set_aside(const RowBatch& rows, std::size_t row,
                   std::string_view sqlstate, std::string_view reason);
  Status give_up(const Answer& answer, std::size_t rows);
  Status tell_unplaced();

  const PostgresSettings& settings_;
  Connector& connector_;
  DeadLetters dead_letters_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<ArrayEncoder> arrays_;
  SampleRows samples_;
  Buffer copy_;
  bool lacks_connection_ = false;
  bool told_unplaced_ = false;
  Tally* tally_ = nullptr;  // of the write() under way
  Status refused_;          // why the last row was set aside
};

}  // namespace stogger
