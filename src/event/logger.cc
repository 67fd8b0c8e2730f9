#include "event/logger.h"

#include <exception>
#include <vector>

#include "event/caught_exception.h"
#include "stogger/log.h"

namespace stogger {

namespace detail {
namespace {

EventTarget& target_of(const LoggerRep* rep) noexcept {
  return rep != nullptr ? *rep->target : default_target();
}

}  // namespace

std::int32_t default_threshold = 0;

LoggerRep::LoggerRep(EventTarget& event_target, std::string_view name)
    : target(&event_target),
      bound(name, {}, {}),
      level(name.empty() ? nullptr : event_target.take_level(name)) {
  target->retain();
}

LoggerRep::LoggerRep(EventTarget& event_target, const LoggerRep* parent,
                     Fields fields)
    : target(&event_target),
      bound(parent != nullptr ? parent->bound.name() : std::string_view(),
            parent != nullptr ? parent->bound.fields() : Fields(), fields),
      level(parent != nullptr ? parent->level : nullptr) {
  target->retain();
  if (level == nullptr) return;
  level->references.fetch_add(1, std::memory_order_relaxed);
}

LoggerRep::~LoggerRep() {
  if (level != nullptr) target->release_level(level);
  target->release();
}

LoggerRep* make_logger_rep(EventTarget& target,
                           std::string_view name) noexcept {
  try {
    return new LoggerRep(target, name);
  } catch (...) {
    return nullptr;
  }
}

LoggerRep* make_logger_rep(EventTarget& target, const LoggerRep* parent,
                           Fields fields) noexcept {
  try {
    return new LoggerRep(target, parent, fields);
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

void log_at(Time time, const LoggerRep* rep, const Call& call) noexcept {
  target_of(rep).deliver_at(time, rep, call);
}

void log_exception(const LoggerRep* rep, const Call& call) noexcept {
  if (std::current_exception() == nullptr) {
    log(rep, call);
    return;
  }
  try {
    const CaughtException caught = describe_exception();
    std::vector<Field> fields(call.fields.begin(), call.fields.end());
    fields.emplace_back("exception_class", caught.type);
    fields.emplace_back("exception_msg", caught.message);
    if (!caught.error_code.empty()) {
      fields.emplace_back("error_code", caught.error_code);
    }
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
  const auto* rep = detail::make_logger_rep(target, name);
  return rep != nullptr ? Logger(rep->threshold(), rep) : Logger();
}

Logger Logger::with(Fields fields) const noexcept {
  EventTarget& target = detail::target_of(rep_);
  const auto* rep = detail::make_logger_rep(target, rep_, fields);
  return rep != nullptr ? Logger(threshold_, rep) : *this;
}

}  // namespace stogger
