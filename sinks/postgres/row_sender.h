// RowSender: rows through a session, once: one row by its prepared INSERT,
// several by COPY, or else by an INSERT from arrays.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "sinks/postgres/array_encoder.h"
#include "sinks/postgres/connection.h"
#include "sinks/postgres/row_encoder.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"

namespace stogger {

class RowSender {
 public:
  using Rows = std::vector<std::size_t>;  // of a batch, by position
  // Rows that cannot be encoded, and why.
  using Misfits = std::vector<std::pair<std::size_t, Status>>;

  // Both outlive it. The columns of the schema become those of the sessions.
  RowSender(const PostgresSettings& settings, Schema& schema)
      : settings_(settings), schema_(schema) {}

  // From now on, rows are for this session, which has columns.
  void use(const Session& session);

  bool has_replaced() const noexcept {
    return encoder_ != nullptr && encoder_->has_replaced();
  }

  // See RowEncoder.
  void match(const RowBatch& rows) { encoder_->match(rows); }
  Status encode(const RowBatch& rows, std::size_t row) {
    return encoder_->encode(rows, row);
  }
  // The row encoded last.
  Answer send_one(Session& session, Deadline deadline);

  // Those chosen of the batch matched last. Takes out of *chosen what cannot be
  // encoded, and moves to *others what needs other statements than the first
  // row, and what follows such a row if the batch has an origin. The same
  // transaction then moves the ledger, if there is one, to the last row of
  // *chosen.
  Answer send_some(Session& session, const RowBatch& rows, Rows* chosen,
                   Rows* others, Misfits* misfits, Deadline deadline);

 private:
  Answer send_arrays(Session& session, std::span<const char* const> first,
                     const Statements& statements, Deadline deadline);
  Statements* encode_some(Session& session, const RowBatch& rows, Rows* chosen,
                          Rows* others, Misfits* misfits, bool copies);

  const PostgresSettings& settings_;
  Schema& schema_;
  std::unique_ptr<RowEncoder> encoder_;
  std::unique_ptr<ArrayEncoder> arrays_;
  Buffer copy_;
};

}  // namespace stogger
