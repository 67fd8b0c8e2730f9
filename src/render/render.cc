#include "render/render.h"

#include "render/free_keys.h"

namespace stogger {

void render_rarer(const Event& event, RowForm form, const RowBatch& wanted,
                  RowScratch& scratch, RowBatch* row) {
  if (form == RowForm::renamed_json) {
    render_renamed_json(with_free_keys(event, form, wanted, scratch), wanted,
                        scratch);
    return set_line(event, scratch, row);
  }
  scratch.columns.clear();
  scratch.values.clear();
  if (form == RowForm::table) {
    render_table(event, wanted, scratch);
  } else if (form == RowForm::fields) {
    render_fields(event, scratch);
  } else {
    render_event(event, scratch);
  }
  *row = {scratch.columns.data(), scratch.columns.size(), scratch.values.data(),
          1, event.time};
}

void render_with_free_keys(const Event& event, RowForm form,
                           const RowBatch& wanted, RowScratch& scratch,
                           RowBatch* row) {
  render(with_free_keys(event, form, wanted, scratch), form, wanted, scratch,
         row);
}

}  // namespace stogger
