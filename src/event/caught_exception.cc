#include "event/caught_exception.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <typeinfo>

namespace stogger {
namespace {

constexpr int kMostCauses = 64;

// std::throw_with_nested() throws a class of the standard library's own, which
// is derived from the one it was given.
std::string_view without_nesting(std::string_view name) noexcept {
  for (const std::string_view wrapper :
       {"std::_Nested_exception<", "std::__1::__nested<"}) {
    if (!name.starts_with(wrapper) || !name.ends_with('>')) continue;
    name.remove_prefix(wrapper.size());
    name.remove_suffix(1);
    // Of a template, whose own > is set apart.
    if (name.ends_with(' ')) name.remove_suffix(1);
  }
  return name;
}

std::string readable_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  const bool done = status == 0 && name != nullptr;
  return std::string(without_nesting(done ? name.get() : type.name()));
}

class Describer {
 public:
  explicit Describer(CaughtException* to) noexcept : to_(*to) {}

  // Adds the exception being handled, then what caused it.
  void describe() {
    try {
      throw;
    } catch (const std::exception& e) {
      add(e.what());
      if (const auto* error = dynamic_cast<const std::system_error*>(&e)) {
        add_code(error->code());
      }
      follow(dynamic_cast<const std::nested_exception*>(&e));
    } catch (const std::string& text) {
      add(text.c_str());
    } catch (const char* text) {
      add(text);
    } catch (std::string_view text) {
      add(std::string(text).c_str());
    } catch (const std::error_code& code) {
      add(code.message().c_str());
      add_code(code);
    } catch (std::errc code) {
      add(std::make_error_code(code).message().c_str());
      add_code(std::make_error_code(code));
    } catch (const std::nested_exception& nested) {
      follow(&nested);
    } catch (...) {
      add_number<int, long, long long, unsigned, unsigned long,
                 unsigned long long, double, float>();
    }
  }

 private:
  void add(const char* message) {
    if (message == nullptr || *message == '\0') return;
    if (!to_.message.empty()) to_.message += ": ";
    to_.message += message;
  }

  void add_code(const std::error_code& code) {
    if (!to_.error_code.empty()) return;
    to_.error_code = std::string(code.category().name()) + ':' +
                     std::to_string(code.value());
  }

  // The exception being handled, if it is of one of these types.
  template <class First, class... Others>
  void add_number() {
    try {
      throw;
    } catch (First number) {
      add(fmt::to_string(number).c_str());
    } catch (...) {
      if constexpr (sizeof...(Others) != 0) add_number<Others...>();
    }
  }

  void follow(const std::nested_exception* nested) {
    if (nested == nullptr || nested->nested_ptr() == nullptr) return;
    if (++causes_ > kMostCauses) return;
    try {
      nested->rethrow_nested();
    } catch (...) {
      describe();
    }
  }

  CaughtException& to_;
  int causes_ = 0;
};

}  // namespace

CaughtException describe_exception() {
  CaughtException caught;
  if (const std::type_info* type = abi::__cxa_current_exception_type()) {
    caught.type = readable_name(*type);
  }
  Describer(&caught).describe();
  return caught;
}

}  // namespace stogger
