#include "stogger/testing.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>

#include "base/arena.h"
#include "base/guarded.h"
#include "base/settled.h"
#include "deliver/hub.h"
#include "deliver/system.h"
#include "row/event_columns.h"

namespace stogger::testing {
namespace {

struct Store {
  mutable std::mutex mutex;
  std::vector<CapturedEvent> events;
};

CapturedField captured(std::string_view key, const Value& value) {
  CapturedField field;
  field.key = key;
  field.plain = value;
  if (value.kind() == Kind::text || value.kind() == Kind::json) {
    field.storage = value.text();
    // Only its kind is looked at from now on.
    field.plain = value.kind() == Kind::text ? Value("") : Value(Json{});
  }
  return field;
}

std::string text_of(const Value& value) {
  return value.is_null() ? std::string() : std::string(value.text());
}

// The order of the columns is that of RowForm::event.
CapturedEvent capture_row(const RowBatch& rows, std::size_t row) {
  CapturedEvent event;
  event.time = rows.at(row, EventColumn::timestamp).time();
  parse_level(rows.at(row, EventColumn::level).text(), &event.level);
  event.event = text_of(rows.at(row, EventColumn::event));
  event.func = text_of(rows.at(row, EventColumn::func));
  event.scope = text_of(rows.at(row, EventColumn::scope));
  event.logger = text_of(rows.at(row, EventColumn::logger_name));
  event.message = text_of(rows.at(row, EventColumn::message));
  for (std::size_t i = EventColumn::count; i < rows.column_count; ++i) {
    event.fields.push_back(captured(rows.columns[i].name, rows.at(row, i)));
  }
  return event;
}

// It may live longer than its capture: other threads may be on their way
// through it.
class CaptureSink final : public Sink {
 public:
  explicit CaptureSink(std::shared_ptr<Store> store)
      : store_(std::move(store)) {}

  Status write(const RowBatch& rows, WriteReport&) override {
    const std::lock_guard lock(store_->mutex);
    for (std::size_t row = 0; row < rows.row_count; ++row) {
      store_->events.push_back(capture_row(rows, row));
    }
    return {};
  }
  RowForm form() const noexcept override { return RowForm::event; }

 private:
  const std::shared_ptr<Store> store_;
};

bool is_number(Kind kind) noexcept {
  return kind == Kind::integer || kind == Kind::unsigned_integer ||
         kind == Kind::real;
}

// Exact, for all pairs of kinds of numbers.
bool equal_numbers(const Value& a, const Value& b) noexcept {
  if (a.kind() == b.kind()) {
    if (a.kind() != Kind::real) return a.integer() == b.integer();
    return a.real() == b.real() ||
           (std::isnan(a.real()) && std::isnan(b.real()));
  }
  if (a.kind() == Kind::real || b.kind() == Kind::real) {
    const double real = a.kind() == Kind::real ? a.real() : b.real();
    const Value& other = a.kind() == Kind::real ? b : a;
    constexpr double kTwoTo63 = 9223372036854775808.0;
    if (other.kind() == Kind::unsigned_integer) {
      return real >= kTwoTo63 && real < 2 * kTwoTo63 &&
             static_cast<std::uint64_t>(real) == other.unsigned_integer() &&
             real == static_cast<double>(static_cast<std::uint64_t>(real));
    }
    return real >= -kTwoTo63 && real < kTwoTo63 &&
           static_cast<std::int64_t>(real) == other.integer() &&
           real == static_cast<double>(static_cast<std::int64_t>(real));
  }
  return false;  // one fits an int64, the other does not
}

bool equal(const Value& a, const Value& b) noexcept {
  if (is_number(a.kind()) && is_number(b.kind())) return equal_numbers(a, b);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::time:
      return a.time() == b.time();
    case Kind::text:
    case Kind::json:
      return a.text() == b.text();
    default:
      return true;
  }
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

// Finds what a field of that key became; false if there was none.
bool find(const CapturedEvent& event, std::string_view key, Value* value) {
  const CapturedField* field = event.find(key);
  if (field != nullptr) {
    *value = field->value();
  } else if (key == "func") {
    *value = text_or_null(event.func);
  } else if (key == "scope") {
    *value = text_or_null(event.scope);
  } else if (key == "logger") {
    *value = text_or_null(event.logger);
  } else if (key == "message") {
    *value = text_or_null(event.message);
  } else {
    return false;
  }
  return true;
}

bool matches(const CapturedEvent& event, Fields fields) {
  Arena arena;
  Buffer scratch;
  for (const Field& wanted : fields) {
    Value found;
    if (!find(event, wanted.key, &found) ||
        !equal(found, settled(wanted.value, arena, scratch))) {
      return false;
    }
  }
  return true;
}

std::string next_capture_name() {
  static std::atomic<int> number{0};
  return "capture-" + std::to_string(number.fetch_add(1));
}

}  // namespace

void ManualClock::advance(double seconds) noexcept {
  const auto ns = static_cast<std::int64_t>(seconds * 1e9);
  __atomic_fetch_add(&now_ns_, ns, __ATOMIC_RELAXED);
  __atomic_fetch_add(&monotonic_ns_, ns, __ATOMIC_RELAXED);
}

void ManualClock::set(Time now) noexcept {
  __atomic_store_n(&now_ns_, now.ns, __ATOMIC_RELAXED);
}

Time ManualClock::now() noexcept {
  return Time{__atomic_load_n(&now_ns_, __ATOMIC_RELAXED)};
}

std::int64_t ManualClock::monotonic_ns() noexcept {
  return __atomic_load_n(&monotonic_ns_, __ATOMIC_RELAXED);
}

Value CapturedField::value() const noexcept {
  switch (plain.kind()) {
    case Kind::text:
      return Value(std::string_view(storage));
    case Kind::json:
      return Value(Json{storage});
    default:
      return plain;
  }
}

const CapturedField* CapturedEvent::find(std::string_view key) const noexcept {
  for (const CapturedField& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

struct Capture::Rep {
  std::shared_ptr<Store> store = std::make_shared<Store>();
  Hub* hub;
  int number = 0;    // of one of the default system
  std::string name;  // of the sink in a system that was given

  SinkPtr make_sink() const { return SinkPtr(new CaptureSink(store)); }
};

Capture::Capture() {
  auto rep = std::make_unique<Rep>();
  rep->hub = &default_hub();
  rep->number = rep->hub->begin_capture(rep->make_sink());
  rep_ = rep.release();
}

Capture::Capture(System& system) {
  auto rep = std::make_unique<Rep>();
  rep->hub = &hub_of(system);
  rep->name = next_capture_name();
  Status opened;
  static_cast<void>(rep->hub->add(
      {{rep->name, "capture"}, Level::trace, rep->make_sink()}, &opened));
  rep->hub->retain();
  rep_ = rep.release();
}

Capture::~Capture() {
  if (rep_->name.empty()) {
    rep_->hub->end_capture(rep_->number);
  } else {
    Status closed;
    static_cast<void>(
        guarded([&] { return rep_->hub->remove(rep_->name, &closed); }));
    rep_->hub->release();
  }
  delete rep_;
}

bool Capture::has(Level level, std::string_view event, Fields fields) const {
  return count(level, event, fields) != 0;
}

std::size_t Capture::count(Level level, std::string_view event,
                           Fields fields) const {
  const std::lock_guard lock(rep_->store->mutex);
  std::size_t count = 0;
  for (const CapturedEvent& captured : rep_->store->events) {
    if (captured.level == level && captured.event == event &&
        matches(captured, fields)) {
      ++count;
    }
  }
  return count;
}

std::size_t Capture::count(std::string_view event) const {
  const std::lock_guard lock(rep_->store->mutex);
  std::size_t count = 0;
  for (const CapturedEvent& captured : rep_->store->events) {
    if (captured.event == event) ++count;
  }
  return count;
}

std::vector<CapturedEvent> Capture::events() const {
  const std::lock_guard lock(rep_->store->mutex);
  return rep_->store->events;
}

void Capture::clear() {
  const std::lock_guard lock(rep_->store->mutex);
  rep_->store->events.clear();
}

}  // namespace stogger::testing
