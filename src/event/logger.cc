#include "event/logger.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

#include "stogger/log.h"

namespace stogger {

namespace detail {
namespace {

EventTarget& target_of(const LoggerRep* rep) noexcept {
  return rep != nullptr ? *rep->target : default_target();
}

std::string readable_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 && name != nullptr ? name.get() : type.name();
}

// What the exception being handled says of itself; empty if it says nothing.
std::string current_exception_text() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text != nullptr ? text : "";
  } catch (...) {
    return {};
  }
}

}  // namespace

std::int32_t default_threshold = 0;

LoggerRep* make_logger_rep(EventTarget& target, std::string_view name,
                           Fields inherited, Fields fields) noexcept {
  try {
    return new LoggerRep(target, name, inherited, fields);
  } catch (...) {
    return nullptr;
  }
}

void retain(const LoggerRep* rep) noexcept {
  rep->references.fetch_add(1, std::memory_order_relaxed);
}

void release(const LoggerRep* rep) noexcept {
  if (rep->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete rep;
}

void log(const LoggerRep* rep, const Call& call) noexcept {
  target_of(rep).deliver(rep, call);
}

void log_exception(const LoggerRep* rep, const Call& call) noexcept {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    log(rep, call);
    return;
  }
  try {
    const std::string name = readable_name(*type);
    const std::string text = current_exception_text();
    std::vector<Field> fields(call.fields.begin(), call.fields.end());
    fields.emplace_back("exception_class", Value(name));
    fields.emplace_back("exception_msg", Value(text));
    Call extended = call;
    extended.fields = Fields(fields);
    log(rep, extended);
  } catch (...) {
    log(rep, call);
  }
}

}  // namespace detail

Logger logger(std::string_view name) noexcept {
  EventTarget& target = default_target();
  const auto* rep = detail::make_logger_rep(target, name, {}, {});
  return rep != nullptr ? Logger(target.threshold(), rep) : Logger();
}

Logger Logger::with(Fields fields) const noexcept {
  EventTarget& target = detail::target_of(rep_);
  const std::string_view name =
      rep_ != nullptr ? rep_->bound.name() : std::string_view();
  const Fields inherited = rep_ != nullptr ? rep_->bound.fields() : Fields();
  const auto* rep = detail::make_logger_rep(target, name, inherited, fields);
  return rep != nullptr ? Logger(threshold_, rep) : *this;
}

}  // namespace stogger
