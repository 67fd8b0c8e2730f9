#include "render/render.h"

namespace stogger {
namespace {

constexpr Column kLine = {"line", Kind::text};

void finish_line(RowScratch& scratch) {
  scratch.columns.push_back(kLine);
  scratch.values.push_back(Value(scratch.text.view()));
}

}  // namespace

RowBatch render(const Event& event, RowForm form, const RowBatch& wanted,
                RowScratch& scratch) {
  scratch.text.clear();
  scratch.columns.clear();
  scratch.values.clear();
  scratch.sanitized = event.sanitized;
  switch (form) {
    case RowForm::text:
    case RowForm::colored_text:
      render_text(event, form == RowForm::colored_text, scratch);
      finish_line(scratch);
      break;
    case RowForm::json:
      render_json(event, scratch);
      finish_line(scratch);
      break;
    case RowForm::logfmt:
      render_logfmt(event, scratch);
      finish_line(scratch);
      break;
    case RowForm::table:
      render_table(event, wanted, scratch);
      break;
    case RowForm::fields:
      render_fields(event, scratch);
      break;
    case RowForm::journal:
      render_journal(event, scratch);
      break;
  }
  RowBatch row;
  row.columns = scratch.columns.data();
  row.column_count = scratch.columns.size();
  row.values = scratch.values.data();
  row.row_count = 1;
  row.now = event.time;
  return row;
}

}  // namespace stogger
