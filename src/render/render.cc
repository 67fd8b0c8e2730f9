#include "render/render.h"

namespace stogger {
namespace {

constexpr Column kLine = {"line", Kind::text};

void fill_line(const Event& event, RowScratch& scratch, RowBatch* row) {
  scratch.line = Value(scratch.text.view());
  row->columns = &kLine;
  row->column_count = 1;
  row->values = &scratch.line;
  row->row_count = 1;
  row->now = event.time;
}

void fill_columns(const Event& event, const RowScratch& scratch,
                  RowBatch* row) {
  row->columns = scratch.columns.data();
  row->column_count = scratch.columns.size();
  row->values = scratch.values.data();
  row->row_count = 1;
  row->now = event.time;
}

}  // namespace

void render(const Event& event, RowForm form, const RowBatch& wanted,
            RowScratch& scratch, RowBatch* row) {
  scratch.text.clear();
  scratch.columns.clear();
  scratch.values.clear();
  scratch.sanitized = event.sanitized;
  switch (form) {
    case RowForm::text:
    case RowForm::colored_text:
      render_text(event, form == RowForm::colored_text, scratch);
      return fill_line(event, scratch, row);
    case RowForm::json:
      render_json(event, scratch);
      return fill_line(event, scratch, row);
    case RowForm::logfmt:
      render_logfmt(event, scratch);
      return fill_line(event, scratch, row);
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
  fill_columns(event, scratch, row);
}

}  // namespace stogger
