#include "sinks/postgres/row_sender.h"

namespace stogger {
namespace {

constexpr std::size_t kKeptCopy = 1024 * 1024;

}  // namespace

void RowSender::use(const Session& session) {
  encoder_ =
      std::make_unique<RowEncoder>(session.columns, settings_.policy, schema_);
  arrays_ = std::make_unique<ArrayEncoder>(session.columns);
}

Answer RowSender::send_one(Session& session, Deadline deadline) {
  Statements& statements = session.statements.find(encoder_->left_out());
  const Parameters parameters = {
      encoder_->parameter_count(), encoder_->parameter_values(),
      encoder_->parameter_lengths(), statements.binary.data(),
      statements.types.data()};
  if (session.pooled) {
    return session.connection->run_with(session.row_settings, statements.insert,
                                        parameters, deadline);
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
  return session.connection->run_prepared(statements.name, parameters,
                                          deadline);
}

// The statements of the first row, null if there is none.
Statements* RowSender::encode_some(Session& session, const RowBatch& rows,
                                   Rows* chosen, Rows* others, Misfits* misfits,
                                   bool copies) {
  copy_.recycle(kKeptCopy);
  if (copies) RowEncoder::append_copy_header(&copy_);
  Statements* statements = nullptr;
  std::erase_if(*chosen, [&](std::size_t row) {
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
  if (copies && !statements->copy.empty()) {
    RowEncoder::append_copy_trailer(&copy_);
    return session.connection->copy(
        session.batch_settings + ";" + statements->copy, copy_.view(),
        deadline);
  }
  if (statements->unnest.empty()) {
    return session.connection->run_with(
        session.batch_settings, statements->insert, Parameters(), deadline);
  }
  arrays_->finish();
  const Parameters parameters = {
      statements->types.size(), arrays_->parameter_values(),
      arrays_->parameter_lengths(), statements->binary.data(),
      statements->array_types.data()};
  return session.connection->run_with(session.batch_settings,
                                      statements->unnest, parameters, deadline);
}

}  // namespace stogger
