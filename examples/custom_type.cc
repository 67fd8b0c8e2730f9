// Types of one's own as values, and the adapters for chrono and {fmt}.
#include <stogger/chrono.h>
#include <stogger/log.h>

#include <chrono>
#include <optional>
#include <string>

namespace shop {

struct OrderId {
  int number;
};

// A number stays a number in every target.
void write_value(stogger::ValueWriter& out, const OrderId& id) {
  out.set(id.number);
}

struct Money {
  int cents;
};

// Text can be put together piece by piece.
void write_value(stogger::ValueWriter& out, const Money& money) {
  const int rest = money.cents % 100;
  out.append(std::to_string(money.cents / 100));
  out.append(rest < 10 ? ".0" : ".");
  out.append(std::to_string(rest));
  out.append(" EUR");
}

}  // namespace shop

int main() {
  using std::chrono::milliseconds;
  const std::optional<shop::OrderId> refund_of;

  stogger::info("order-paid", {{"order", shop::OrderId{7}},
                               {"total", shop::Money{1999}},
                               {"refund_of", refund_of},
                               {"took", milliseconds(250)},
                               {"raw", stogger::Json{R"({"tax":[7,19]})"}}});
}
