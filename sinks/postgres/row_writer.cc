#include "sinks/postgres/row_writer.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "sinks/postgres/sqlstate.h"

namespace stogger {
namespace {

using Steady = std::chrono::steady_clock;

// What a row is tried in vain before the sink gives up: a connection may be
// found dead, its replacement be read-only or behind a pooler.
constexpr int kAttempts = 4;
// Of a batch: rows that the server names are taken out one by one; with more
// of them, halving finds them with fewer repetitions.
constexpr int kRemovals = 8;
constexpr std::size_t kKeptMemory = 1024 * 1024;
constexpr std::size_t kNoRow = SIZE_MAX;

// "COPY logs, line 3, column data: ..." in the language of the server: the
// first number after the name of the table, which may have digits, too.
std::size_t row_of(const Answer& answer, const std::string& table,
                   std::size_t count) {
  std::string_view text = answer.context;
  const std::size_t name = text.find(table);
  if (name == std::string_view::npos) return kNoRow;
  text.remove_prefix(name + table.size());
  const std::size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return kNoRow;
  std::size_t line = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), line);
  return line >= 1 && line <= count ? line - 1 : kNoRow;
}

std::string describe(const Answer& answer) {
  return answer.sqlstate.empty()
             ? answer.message
             : answer.message + " (SQLSTATE " + answer.sqlstate + ")";
}

Remedy remedy_of(const Answer& answer) noexcept {
  // The table has no partition for the time of the row; all others would be
  // refused as well, until it is made.
  if (answer.sqlstate == "23514" &&
      answer.message.starts_with("no partition of relation")) {
    return Remedy::give_up;
  }
  return remedy_for(answer.sqlstate);
}

bool is_at_fault(const Answer& answer) noexcept {
  return answer.kind == Answer::Kind::refused &&
         remedy_of(answer) == Remedy::set_aside;
}

}  // namespace

RowWriter::RowWriter(const PostgresSettings& settings, Connector& connector)
    : settings_(settings),
      connector_(connector),
      dead_letters_(settings.dead_letter_path),
      samples_(settings.times_as_text) {}

RowWriter::~RowWriter() { disconnect(); }

void RowWriter::disconnect() {
  if (session_ != nullptr) retire(Connector::Verdict::fine);
}

void RowWriter::abandon() noexcept {
  if (session_ != nullptr) session_->connection->abandon();
}

void RowWriter::retire(Connector::Verdict verdict) {
  connector_.retire(std::move(session_), verdict);
}

RowBatch RowWriter::columns() const noexcept {
  return encoder_ == nullptr ? RowBatch() : encoder_->wanted();
}

Status RowWriter::connect(Deadline deadline) {
  for (;;) {
    if (session_ != nullptr) {
      const bool lasts =
          !session_->connection->is_worn() || !connector_.has_replacement();
      if (lasts && session_->connection->is_alive()) {
        lacks_connection_ = false;
        return {};
      }
      retire(Connector::Verdict::fine);
    }
    Status status;
    session_ = connector_.take(deadline, &status);
    if (session_ == nullptr) {
      lacks_connection_ = true;
      return status;
    }
    make_encoders();
  }
}

void RowWriter::make_encoders() {
  encoder_ =
      std::make_unique<RowEncoder>(session_->columns, settings_.for_samples);
  arrays_ = std::make_unique<ArrayEncoder>(session_->columns);
}

Status RowWriter::write(const RowBatch& rows, Tally* tally) {
  tally_ = tally;
  if (settings_.for_samples) return write_samples(rows);
  if (rows.row_count == 1) {
    return write_one(rows, 0, Steady::now() + settings_.deadline);
  }
  Rows all(rows.row_count);
  std::iota(all.begin(), all.end(), 0);
  refused_ = Status();
  Status status = write_some(rows, std::move(all),
                             Steady::now() + settings_.batch_deadline);
  return status.ok() ? refused_ : status;
}

Status RowWriter::write_samples(const RowBatch& rows) {
  const Deadline deadline = Steady::now() + settings_.batch_deadline;
  if (Status status = connect(deadline); !status.ok()) return status;
  if (session_->columns.empty()) {
    if (Status status = begin_table(rows); !status.ok()) return status;
  }
  Status status = samples_.follow(session_->columns);
  RowBatch projected;
  if (status.ok()) status = samples_.project(rows, &projected);
  if (!status.ok()) return status;
  Rows all(rows.row_count);
  std::iota(all.begin(), all.end(), 0);
  refused_ = Status();
  status = write_some(projected, std::move(all), deadline);
  if (!status.ok()) return status;
  return refused_.ok() ? samples_.take_report() : refused_;
}

// Creates the table for these rows, unless somebody has done so by now.
Status RowWriter::begin_table(const RowBatch& rows) {
  Status status = samples_.begin(rows);
  if (status.ok()) {
    status = prepare_session(settings_, samples_.columns(), session_.get());
  }
  if (!status.ok()) {
    samples_.forget();
    return Status(status.code(), hide_secrets(settings_, status.message()));
  }
  make_encoders();
  return {};
}

// Once: it goes on, and does not get better by itself. Of samples, each name is
// told: see encode().
Status RowWriter::tell_unplaced() {
  if (settings_.for_samples) return {};
  if (told_unplaced_ || encoder_->unplaced() == 0) return {};
  told_unplaced_ = true;
  return Status(Code::rejected,
                "the row is stored without fields that fit no column, for the "
                "table has no column `data` to take them; all others like it "
                "will be, too");
}

// False if the row is not one that this table can take; it is set aside.
bool RowWriter::encode(const RowBatch& rows, std::size_t row) {
  const Status status = encoder_->encode(rows, row);
  if (settings_.for_samples) {
    for (std::size_t i = 0; i < encoder_->unplaced_count(); ++i) {
      samples_.note_misfit(encoder_->unplaced_name(i));
    }
  }
  if (status.ok()) return true;
  refused_ = set_aside(rows, row, "", status.message());
  return false;
}

Status RowWriter::write_one(const RowBatch& rows, std::size_t row,
                            Deadline deadline) {
  Answer answer;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (Status status = connect(deadline); !status.ok()) return status;
    encoder_->match(rows);
    if (!encode(rows, row)) return refused_;
    answer = send_one(deadline);
    if (answer.ok()) {
      session_->proven = true;
      ++tally_->written;
      return tell_unplaced();
    }
    if (!mend(answer)) break;
  }
  if (is_at_fault(answer)) {
    return set_aside(rows, row, answer.sqlstate, answer.message);
  }
  return give_up(answer, 1);
}

Answer RowWriter::send_one(Deadline deadline) {
  const Session& session = *session_;
  const Parameters parameters = {session.columns.size(),
                                 encoder_->parameter_values(),
                                 encoder_->parameter_lengths(),
                                 session.binary.data(), session.types.data()};
  if (session.pooled) {
    return session.connection->run_with(session.row_settings, session.insert,
                                        parameters, deadline);
  }
  return session.connection->run_prepared(session.statement, parameters,
                                          deadline);
}

Status RowWriter::write_some(const RowBatch& rows, Rows chosen,
                             Deadline deadline) {
  int removals = 0;
  int attempts = 0;
  while (!chosen.empty()) {
    if (Status status = connect(deadline); !status.ok()) return status;
    if (session_->columns.empty()) {
      return Status(Code::unavailable, "the table is gone: it was deleted");
    }
    encoder_->match(rows);
    const Answer answer = send_some(rows, &chosen, deadline);
    if (answer.ok()) {
      session_->proven = true;
      tally_->written += chosen.size();
      return tell_unplaced();
    }
    if (mend(answer) && ++attempts < kAttempts) continue;
    if (!is_at_fault(answer)) return give_up(answer, chosen.size());
    const std::size_t bad =
        chosen.size() == 1 ? 0 : row_of(answer, settings_.table, chosen.size());
    if (bad != kNoRow && (removals < kRemovals || chosen.size() == 1)) {
      ++removals;
      refused_ = set_aside(rows, chosen[bad], answer.sqlstate, answer.message);
      chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(bad));
      continue;
    }
    const auto middle =
        chosen.begin() + static_cast<std::ptrdiff_t>(chosen.size() / 2);
    Status status = write_some(rows, Rows(chosen.begin(), middle), deadline);
    if (!status.ok()) return status;
    chosen.erase(chosen.begin(), middle);
  }
  return {};
}

// Encodes for COPY, or else for unnest(); takes out of *chosen what cannot be
// encoded. False if COPY will not do: it would store nulls in place of
// defaults.
bool RowWriter::encode_some(const RowBatch& rows, Rows* chosen, bool copies) {
  copy_.recycle(kKeptMemory);
  arrays_->clear();
  if (copies) RowEncoder::append_copy_header(&copy_);
  bool fits = true;
  std::erase_if(*chosen, [&](std::size_t row) {
    if (!fits) return false;
    if (!encode(rows, row)) return true;
    if (!copies) {
      arrays_->add(*encoder_);
    } else if (encoder_->needs_fallback()) {
      fits = false;
    } else {
      encoder_->append_tuple(&copy_);
    }
    return false;
  });
  return fits;
}

Answer RowWriter::send_some(const RowBatch& rows, Rows* chosen,
                            Deadline deadline) {
  const Session& session = *session_;
  bool copies = settings_.use_copy && !session.pooled && !session.copy.empty();
  if (!encode_some(rows, chosen, copies)) {
    copies = false;
    encode_some(rows, chosen, copies);
  }
  if (chosen->empty()) return {};
  if (copies) {
    RowEncoder::append_copy_trailer(&copy_);
    return session.connection->copy(session.copy, copy_.view(), deadline);
  }
  arrays_->finish();
  const Parameters parameters = {
      session.columns.size(), arrays_->parameter_values(),
      arrays_->parameter_lengths(), session.binary.data(),
      session.array_types.data()};
  return session.connection->run_with(session.batch_settings, session.unnest,
                                      parameters, deadline);
}

// Does what the answer asks for. True if it is worth another attempt: nothing
// has been stored.
bool RowWriter::mend(const Answer& answer) {
  switch (answer.kind) {
    case Answer::Kind::done:
      return false;
    case Answer::Kind::in_doubt:
      retire(Connector::Verdict::fine);
      return false;
    case Answer::Kind::lost:
      retire(Connector::Verdict::fine);
      return !answer.late;
    case Answer::Kind::refused:
      break;
  }
  // COPY is not for tables with row-level security.
  if (answer.sqlstate == "0A000" && !session_->copy.empty()) {
    session_->copy.clear();
    return true;
  }
  switch (remedy_of(answer)) {
    case Remedy::retry:
      return true;
    case Remedy::reconnect:
      retire(Connector::Verdict::avoid);
      return true;
    case Remedy::look_again:
      retire(Connector::Verdict::fine);
      return true;
    case Remedy::be_pooled:
      retire(Connector::Verdict::is_pooler);
      return true;
    case Remedy::give_up:
    case Remedy::set_aside:
      return false;
  }
  return false;
}

Status RowWriter::set_aside(const RowBatch& rows, std::size_t row,
                            std::string_view sqlstate,
                            std::string_view reason) {
  std::string text = "the server refused a row: " + std::string(reason);
  if (!sqlstate.empty()) text += " (SQLSTATE " + std::string(sqlstate) + ")";
  const Status kept = dead_letters_.add(rows, row, sqlstate, reason);
  if (!kept.ok()) {
    text += "; it is lost, for the dead letter file " + dead_letters_.path() +
            ": " + std::string(kept.message());
  } else {
    ++tally_->dead_lettered;
    text += dead_letters_.has_file()
                ? "; it is in " + dead_letters_.path()
                : "; dead_letter names no file to keep it in: " +
                      dead_letters_.beginning();
  }
  return Status(Code::rejected, hide_secrets(settings_, text));
}

Status RowWriter::give_up(const Answer& answer, std::size_t rows) {
  std::string text;
  if (answer.kind == Answer::Kind::in_doubt) {
    tally_->in_doubt += rows;
    lacks_connection_ = !answer.late;
    text = describe(answer) +
           " after the rows were sent: whether they are stored is not known, "
           "and they are counted as in doubt";
  } else {
    lacks_connection_ = answer.kind == Answer::Kind::lost && !answer.late;
    text = "the server refused to store rows: " + describe(answer);
  }
  return Status(Code::unavailable, hide_secrets(settings_, text));
}

}  // namespace stogger
