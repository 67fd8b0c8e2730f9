#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "render/render.h"
#include "sinks/builtin.h"
#include "sinks/journald/entry.h"
#include "tests/contract/sink_contract.h"
#include "tests/support/journal.h"

namespace stogger {
namespace {

// One row of the form that the sink asks for.
Rows render_event(const std::vector<Field>& fields, Time now) {
  Event event;
  event.time = now;
  event.level = Level::info;
  event.name = "event";
  event.fields = fields.data();
  event.field_count = fields.size();
  RowScratch scratch;
  RowBatch row;
  render(event, RowForm::event, RowBatch(), scratch, &row);
  Rows rows(std::vector<Column>(row.columns, row.columns + row.column_count));
  rows.add(std::vector<Value>(row.values, row.values + row.column_count));
  rows.at(now);
  return rows;
}

class JournaldDriver final : public SinkDriver {
 public:
  JournaldDriver() {
    static std::atomic<int> count{0};
    identifier_ = "stogger-contract-" + std::to_string(::getpid()) + "-" +
                  std::to_string(++count);
    std::string why_not;
    journal_ = Journal::start(&why_not);
    if (!journal_) skip(why_not);
  }

  SinkPtr make() override {
    const std::string socket =
        journal_ ? journal_->socket() : std::string("/nowhere");
    const Field fields[] = {{"identifier", identifier_}, {"socket", socket}};
    Options options("journald", fields);
    SinkPtr sink;
    const Status status = make_journald_sink(options, &sink);
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    return sink;
  }

  // As the renderer makes them, for several events at once.
  Rows rows(const std::vector<std::vector<Field>>& events, Time now) override {
    Rows rows = render_event(events.at(0), now);
    for (std::size_t i = 1; i < events.size(); ++i) {
      const Rows more = render_event(events[i], now);
      const RowBatch batch = more;
      rows.add(
          std::vector<Value>(batch.values, batch.values + batch.column_count));
    }
    return rows;
  }

  std::vector<OwnedRow> read_back(Sink&) override {
    std::vector<OwnedRow> rows;
    for (const auto& entry : journal_->entries(identifier_)) {
      OwnedRow& row = rows.emplace_back();
      for (const auto& [name, value] : entry.items()) {
        if (name[0] == '_') continue;
        row.emplace_back(as_key(name), Value(value.get<std::string>()));
      }
    }
    return rows;
  }

  // The journal holds text only, and shows keys in upper case.
  OwnedField expected(std::string_view name, const Value& value) override {
    const Rows rows = render_event({{name, value}}, kTestTime);
    const RowBatch batch = rows;
    EntryScratch scratch;
    const RowBatch entry = make_journal_entry(batch, 0, scratch);
    return {name, entry.at(0, entry.column_count - 1)};
  }

  void break_target() override {
    // What is still in the queue of a journald that dies would be lost.
    static_cast<void>(journal_->entries(identifier_));
    journal_->kill();
  }
  void mend_target() override { journal_->restart(); }
  std::string_view unbreakable() const override {
    return journal_ && journal_->is_ours() ? "" : "the machine's own journald";
  }

 private:
  // Skips the test that the driver is made for.
  static void skip(const std::string& why_not) {
    GTEST_SKIP() << "no systemd-journald to test: " << why_not;
  }

  static std::string as_key(std::string name) {
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return name;
  }

  std::string identifier_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Journald, SinkContract,
                         ::testing::Values(make_driver<JournaldDriver>));

}  // namespace stogger
