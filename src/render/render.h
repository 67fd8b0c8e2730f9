// Rendering: an event becomes one row, in the form a sink asks for.
//
// Renderers are pure: they read an event and write into memory they are given.
// They know no sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/recycle.h"
#include "event/event.h"
#include "stogger/row.h"
#include "stogger/sink.h"

namespace stogger {

// Memory for one row, reused from event to event.
struct RowScratch {
  Buffer text;
  std::vector<Column> columns;
  std::vector<Value> values;
  std::vector<Field> fields;    // of an event with other keys, see free_keys.h
  Buffer keys;                  // their texts
  Arena texts;                  // of values that columns hold as text
  Value line;                   // of the forms that are one finished line
  RowBatch row;                 // for render() to fill in; views of the others
  std::uint32_t sanitized = 0;  // values of this row with bad bytes replaced

  // Gives back memory beyond `most` bytes, of each kind.
  void recycle(std::size_t most) noexcept {
    text.recycle(most);
    recycle_vector(columns, most);
    recycle_vector(values, most);
    recycle_vector(fields, most);
    keys.recycle(most);
    texts.recycle(most);
  }
};

// One renderer each, for render() and for tests.
void render_text(const Event& event, RowForm form, RowScratch& scratch);
void render_json(const Event& event, RowScratch& scratch);
void render_renamed_json(const Event& event, const RowBatch& names,
                         RowScratch& scratch);
void render_logfmt(const Event& event, RowScratch& scratch);
void render_table(const Event& event, const RowBatch& wanted,
                  RowScratch& scratch);
void render_fields(const Event& event, RowScratch& scratch);
void render_event(const Event& event, RowScratch& scratch);

// Makes the finished line in `scratch` the one column of the row.
inline void set_line(const Event& event, RowScratch& scratch, RowBatch* row) {
  static constexpr Column kLine = {"line", Kind::text};
  scratch.line = Value(scratch.text.view());
  *row = {&kLine, 1, &scratch.line, 1, event.time};
}

// For the other forms.
void render_rarer(const Event& event, RowForm form, const RowBatch& wanted,
                  RowScratch& scratch, RowBatch* row);

// For an event with reserved keys; the same as render().
void render_with_free_keys(const Event& event, RowForm form,
                           const RowBatch& wanted, RowScratch& scratch,
                           RowBatch* row);

// The row, in *row, lives as long as the event and the scratch are left alone.
// `wanted` are the sink's own columns for RowForm::table; none means the
// standard six.
inline void render(const Event& event, RowForm form, const RowBatch& wanted,
                   RowScratch& scratch, RowBatch* row) {
  // RowForm::event reserves none, and RowForm::renamed_json others.
  if (event.has_reserved_keys && form != RowForm::event &&
      form != RowForm::renamed_json) [[unlikely]] {
    return render_with_free_keys(event, form, wanted, scratch, row);
  }
  scratch.text.clear();
  scratch.sanitized = event.sanitized;
  switch (form) {
    case RowForm::text:
    case RowForm::colored_text:
    case RowForm::local_text:
    case RowForm::colored_local_text:
      render_text(event, form, scratch);
      break;
    case RowForm::json:
      render_json(event, scratch);
      break;
    case RowForm::logfmt:
      render_logfmt(event, scratch);
      break;
    default:
      return render_rarer(event, form, wanted, scratch, row);
  }
  set_line(event, scratch, row);
}

}  // namespace stogger
