// A module that answers anything, as far as memory allows to answer: with null
// where there should be data, sizes and counts that cannot be, codes, kinds and
// forms of other versions. The library must take it or refuse it.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "module/fake_module.h"
#include "module/host/module_sink.h"

namespace stogger {
namespace {

volatile unsigned char seen;

void check(bool condition) {
  if (!condition) std::abort();
}

// Reads all of it, for the sanitizer to see.
void look_at(std::string_view text) {
  check(text.size() <= 1024 * 1024);
  for (const char c : text) seen = static_cast<unsigned char>(c);
}

class Answers {
 public:
  explicit Answers(FuzzedDataProvider& data) : data_(data) {}

  stogger_text text() {
    switch (data_.ConsumeIntegralInRange(0, 5)) {
      case 0:
        return {nullptr, data_.ConsumeIntegral<std::size_t>()};
      case 1:
        return {"x", SIZE_MAX - data_.ConsumeIntegral<std::uint8_t>()};
      default:
        kept_.push_back(data_.ConsumeRandomLengthString(40));
        return {kept_.back().data(), kept_.back().size()};
    }
  }
  std::size_t size() {
    return data_.ConsumeBool() ? data_.ConsumeIntegral<std::size_t>()
                               : data_.ConsumeIntegral<std::uint8_t>();
  }

  void ask(const stogger_options& host) {
    const stogger_text key = text();
    switch (data_.ConsumeIntegralInRange(0, 13)) {
      case 0:
        host.has(host.context, key);
        break;
      case 1:
        check(host.text(host.context, key, text()).size <= 1024 * 1024);
        break;
      case 2:
        host.required(host.context, key);
        break;
      case 3:
        host.boolean(host.context, key, data_.ConsumeIntegral<int>());
        break;
      case 4:
        host.integer(host.context, key, 7, data_.ConsumeIntegral<int>(),
                     data_.ConsumeIntegral<int>());
        break;
      case 5:
        host.real(host.context, key, 0.5, data_.ConsumeFloatingPoint<double>(),
                  data_.ConsumeFloatingPoint<double>());
        break;
      case 6: {
        const stogger_text names[] = {text(), text()};
        host.choice(host.context, key, names,
                    data_.ConsumeIntegralInRange<std::size_t>(0, 2), size());
        host.choice(host.context, key, nullptr, size(), size());
        break;
      }
      case 7:
        host.list_size(host.context, key);
        host.list_item(host.context, key, size());
        break;
      case 8:
        host.problem(host.context, key, text());
        break;
      case 9:
        host.warning(host.context, key, text());
        break;
      case 10: {
        std::vector<char> room(data_.ConsumeIntegral<std::uint8_t>());
        stogger_message message{room.data(), room.size(), 0};
        host.finish(host.context, &message);
        check(message.size <= room.size());
        break;
      }
      case 11: {
        stogger_text member{};
        host.table_item(host.context, key, size(), &member, nullptr);
        check(member.size <= 1024 * 1024);
        break;
      }
      default:
        host.has_problem(host.context, key);
    }
  }

 private:
  FuzzedDataProvider& data_;
  std::deque<std::string> kept_;
};

class Findings final : public CheckFindings {
 public:
  void would_change(std::string_view what) override { look_at(what); }
  void warn(std::string_view what) override { look_at(what); }
};

// Any row, as often as it likes, and any text.
void speak(const stogger_write_report& report, Answers& answers,
           FuzzedDataProvider& data) {
  for (int i = data.ConsumeIntegralInRange(0, 4); i > 0; --i) {
    const std::size_t row = answers.size() % 4 == 0 ? 0 : answers.size();
    report.refuse(report.context, row, answers.text());
    report.in_doubt(report.context, row);
    report.notice(report.context, answers.text());
  }
}

class Verdicts final : public WriteReport {
 public:
  explicit Verdicts(std::size_t rows) : rows_(rows) {}
  void refuse(std::size_t row, std::string_view reason) override {
    check(row < rows_);
    look_at(reason);
  }
  void in_doubt(std::size_t row) override { check(row < rows_); }
  void notice(std::string_view what) override {
    check(!what.empty());
    look_at(what);
  }

 private:
  const std::size_t rows_;
};

void set(FakeModule* fake, Answers& answers, FuzzedDataProvider& data) {
  fake->code = data.ConsumeBool() ? 0 : data.ConsumeIntegral<std::uint32_t>();
  fake->message = data.ConsumeRandomLengthString(100);
  fake->message_size = data.ConsumeBool() ? 0 : answers.size();
  fake->columns.clear();
  const int count = data.ConsumeIntegralInRange(0, 5);
  for (int i = 0; i < count; ++i) {
    fake->columns.push_back(
        {answers.text(), data.ConsumeIntegral<std::uint32_t>()});
  }
  fake->null_columns = data.ConsumeBool();
  // It may claim what it has, less, or what nothing can have.
  fake->column_count = 0;
  if (fake->null_columns) fake->column_count = answers.size();
  if (data.ConsumeIntegralInRange(0, 9) == 0) {
    fake->column_count = SIZE_MAX - answers.size() % 1000;
  }
  fake->findings = {answers.text(), answers.text()};
  fake->form = data.ConsumeIntegral<std::uint32_t>();
  fake->counts = data.ConsumeIntegral<int>();
  fake->tally = {answers.size(), answers.size()};
  fake->target = answers.text();
}

void look_at(Sink& sink) {
  const RowBatch wanted = sink.columns();
  check(wanted.column_count <= 1600);
  for (std::size_t i = 0; i < wanted.column_count; ++i) {
    check(!wanted.columns[i].name.empty());
    check(wanted.columns[i].kind < Kind::custom);
    look_at(wanted.columns[i].name);
  }
  check(sink.form() <= RowForm::colored_local_text);
  look_at(sink.target());
  Tally tally;
  sink.tally(&tally);
  sink.recovered();
}

void use(Sink& sink, FuzzedDataProvider& data) {
  Status status;
  switch (data.ConsumeIntegralInRange(0, 5)) {
    case 0:
      status = sink.open();
      break;
    case 1: {
      const std::string text = data.ConsumeRandomLengthString(20);
      const Column columns[] = {{"a", Kind::text}, {"b", Kind::null}};
      const Value values[] = {text, data.ConsumeIntegral<std::int64_t>()};
      RowBatch rows;
      rows.columns = columns;
      rows.column_count = 2;
      rows.values = values;
      rows.row_count = data.ConsumeBool() ? 1 : 0;
      const auto position = data.ConsumeIntegral<std::uint64_t>();
      RowOrigin origin;
      origin.positions = &position;
      if (data.ConsumeBool()) rows.origin = &origin;
      Verdicts verdicts(rows.row_count);
      status = sink.write(rows, verdicts);
      break;
    }
    case 2:
      status = sink.flush();
      break;
    case 3: {
      Findings findings;
      status = sink.check(findings);
      break;
    }
    case 4: {
      Verdicts verdicts(SIZE_MAX);
      status = sink.tick(Time{data.ConsumeIntegral<std::int64_t>()}, verdicts);
      break;
    }
    default:
      status = sink.close();
  }
  check(status.ok() || status.code() <= Code::missing);
  look_at(status.message());
  look_at(sink);
}

void run(FuzzedDataProvider data) {
  Answers answers(data);
  FakeModule fake;
  const int questions = data.ConsumeIntegralInRange(0, 10);
  fake.at_make = [&](const stogger_options& host) {
    for (int i = 0; i < questions; ++i) answers.ask(host);
  };
  fake.at_write = [&](const stogger_write_report& report) {
    speak(report, answers, data);
  };
  set(&fake, answers, data);
  fake.makes_nothing = data.ConsumeIntegralInRange(0, 19) == 0;
  const std::string value = data.ConsumeRandomLengthString(10);
  const Field given[] = {{"a", value}, {"list", Json{R"(["x","y"])"}}};
  Options options("fake", given);
  SinkPtr sink;
  const Status made = make_module_sink("fake", fake.module(), options, &sink);
  check(made.ok() == static_cast<bool>(sink));
  look_at(made.message());
  if (!sink) return;
  look_at(*sink);
  for (int i = 0; i < 8 && data.remaining_bytes() > 0; ++i) {
    set(&fake, answers, data);
    use(*sink, data);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(FuzzedDataProvider(data, size));
  return 0;
}
