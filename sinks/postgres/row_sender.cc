#include "sinks/postgres/row_sender.h"

#include "row/origin.h"
#include "sinks/postgres/blame.h"
#include "sinks/postgres/ledger_sql.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptCopy = 1024 * 1024;

}  // namespace

void RowSender::use(const Session& session) {
  encoder_ =
      std::make_unique<RowEncoder>(session.columns, settings_.policy, schema_);
  encoder_->set_encoding(session.encoding);
  arrays_ = std::make_unique<ArrayEncoder>(session.columns);
}

Answer RowSender::send_one(Session& session, Deadline deadline) {
  Statements& statements = session.statements.find(encoder_->left_out());
  const Parameters parameters = {
      encoder_->parameter_count(), encoder_->parameter_values(),
      encoder_->parameter_lengths(), statements.binary.data(),
      statements.types.data()};
  if (session.pooled) {
    const char* const first[] = {session.row_settings.c_str()};
    return session.connection->run_with(first, statements.insert, parameters,
                                        deadline);
  }
  if (statements.name.empty()) {
    return session.connection->run(statements.insert, parameters, deadline);
  }
  if (!statements.is_prepared) {
    Answer answer = session.connection->prepare(
        statements.name, statements.insert, statements.types, deadline);
    if (!answer.ok()) return answer;
    statements.is_prepared = true;
  }
  Answer answer =
      session.connection->run_prepared(statements.name, parameters, deadline);
  // It tells whether it was the name.
  if (answer.works_on && is_of_pooler(answer)) {
    answer = session.connection->run(statements.insert, parameters, deadline);
    session.lost_names = answer.ok();
  }
  return answer;
}

// The statements of the first row, null if there is none.
Statements* RowSender::encode_some(Session& session, const RowBatch& rows,
                                   Rows* chosen, Rows* others, Misfits* misfits,
                                   bool copies) {
  copy_.recycle(kKeptCopy);
  if (copies) RowEncoder::append_copy_header(&copy_);
  Statements* statements = nullptr;
  const bool in_order = rows.origin != nullptr;
  std::erase_if(*chosen, [&](std::size_t row) {
    if (in_order && !others->empty()) {
      others->push_back(row);
      return true;
    }
    if (Status status = encode(rows, row); !status.ok()) {
      misfits->emplace_back(row, std::move(status));
      return true;
    }
    if (statements == nullptr) {
      statements = &session.statements.find(encoder_->left_out());
      if (!copies) arrays_->begin(statements->types);
    } else if (statements->left_out != encoder_->left_out() ||
               statements->types.empty()) {
      others->push_back(row);
      return true;
    }
    if (!copies) {
      arrays_->add(*encoder_);
    } else {
      encoder_->append_tuple(&copy_);
    }
    return false;
  });
  return statements;
}

Answer RowSender::send_some(Session& session, const RowBatch& rows,
                            Rows* chosen, Rows* others, Misfits* misfits,
                            Deadline deadline) {
  const bool copies = settings_.use_copy && !session.pooled && session.can_copy;
  const Statements* const statements =
      encode_some(session, rows, chosen, others, misfits, copies);
  if (statements == nullptr) return {};
  const LedgerView& ledger = session.ledger;
  const bool moves = ledger.moves_with(rows);
  const std::string& settings =
      moves ? session.safe_settings : session.batch_settings;
  std::string move;
  if (moves) {
    move = move_position_sql(ledger.table, ledger.queue, ledger.position,
                             position_of(*rows.origin, chosen->back()));
  }
  if (copies && !statements->copy.empty()) {
    RowEncoder::append_copy_trailer(&copy_);
    if (moves) move += ';';
    return session.connection->copy(settings + ";" + move + statements->copy,
                                    copy_.view(), deadline);
  }
  const char* const first[] = {settings.c_str(), move.c_str()};
  return send_arrays(session, std::span(first, moves ? 2 : 1), *statements,
                     deadline);
}

Answer RowSender::send_arrays(Session& session,
                              std::span<const char* const> first,
                              const Statements& statements, Deadline deadline) {
  if (statements.unnest.empty()) {
    return session.connection->run_with(first, statements.insert, Parameters(),
                                        deadline);
  }
  arrays_->finish();
  const Parameters parameters = {
      statements.types.size(), arrays_->parameter_values(),
      arrays_->parameter_lengths(), statements.binary.data(),
      statements.array_types.data()};
  return session.connection->run_with(first, statements.unnest, parameters,
                                      deadline);
}

}  // namespace stogger
