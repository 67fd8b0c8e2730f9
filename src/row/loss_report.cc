#include "row/loss_report.h"

#include "base/quote.h"

namespace stogger {
namespace {

std::string_view plural_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::boolean:
      return "booleans";
    case Kind::integer:
      return "integers";
    case Kind::unsigned_integer:
      return "integers above 2^63";
    case Kind::real:
      return "reals";
    case Kind::text:
      return "texts";
    case Kind::time:
      return "times";
    case Kind::json:
      return "JSON";
    case Kind::null:
    case Kind::custom:
      break;
  }
  return "others";
}

bool is_integer(Kind kind) noexcept {
  return kind == Kind::integer || kind == Kind::unsigned_integer;
}

}  // namespace

// One entry for the name as a column that is there, and one as one that is not,
// cannot both be needed.
bool LossReport::is_new(std::string_view name) const {
  return reported_.size() < kMostReported &&
         reported_.find(name) == reported_.end();
}

void LossReport::add_unknown(std::string_view name) {
  if (!is_new(name)) return;
  unknown_.emplace_back(name);
  reported_.emplace(name);
}

void LossReport::add_misfit(std::string_view name, Kind column, Kind value) {
  if (!is_new(name)) return;
  std::string loss = "the column " + quoted(name) + " holds ";
  loss += plural_of(column);
  loss += ": values that do not fit are left out from now on, such as ";
  loss += column == Kind::real && is_integer(value)
              ? "integers that no real equals"
              : plural_of(value);
  add(name, loss);
}

void LossReport::add_misfit(std::string_view name) {
  if (!is_new(name)) return;
  add(name, "values that do not fit the column " + quoted(name) +
                " are left out from now on");
}

void LossReport::add(std::string_view name, const std::string& loss) {
  if (!misfits_.empty()) misfits_ += "; ";
  misfits_ += loss;
  reported_.emplace(name);
}

void LossReport::add_excess(std::string_view first, std::size_t columns,
                            std::size_t most) {
  if (has_reported_excess_) return;
  if (!misfits_.empty()) misfits_ += "; ";
  misfits_ += "the first batch has " + std::to_string(columns) +
              " columns, of which a table takes " + std::to_string(most) +
              ": the others, the first of which is " + quoted(first) +
              ", are dropped from now on";
  has_reported_excess_ = true;
}

std::string LossReport::take() {
  if (is_empty()) return {};
  std::string report;
  if (!unknown_.empty()) {
    report = "there is no column " + quoted_list(unknown_) +
             ": what was not in the first batch or is not in the table is "
             "dropped from now on";
    if (!misfits_.empty()) report += "; ";
  }
  report += misfits_;
  if (reported_.size() == kMostReported)
    report += "; no more names will be reported";
  unknown_.clear();
  misfits_.clear();
  return report;
}

}  // namespace stogger
